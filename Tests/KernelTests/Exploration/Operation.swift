import FiascoABI

@testable import FiascoKernel

/// What may happen next in a small world: the current thread makes a system call, or time passes.
enum Operation: CustomStringConvertible {
  case call(SystemCall, core: Int)
  /// The clock goes on to the next tick at which the core has something to do.
  case tick(core: Int)
  /// The core does what others have asked it to do.
  case requests(core: Int)

  var core: Int {
    switch self {
    case .call(_, let core), .tick(let core), .requests(let core): core
    }
  }

  var replies: Bool {
    if case .call(let call, _) = self { return call.target.isSpecial && call.target.operation.contains(.reply) }
    return false
  }

  var description: String {
    switch self {
    case .tick: "core \(core): tick"
    case .requests: "core \(core): requests"
    case .call(let call, _):
      "core \(core): call(tag \(String(call.tag.raw, radix: 16)), target \(String(call.target.raw, radix: 16)), "
        + "timeouts \(String(call.timeouts.raw, radix: 16)), words \(call.words.map { String($0, radix: 16) }))"
    }
  }
}

/// The operations of one exploration.
struct Menu {
  var calls: [SystemCall] = []

  private mutating func add(
    _ target: ObjectReference, label: Int64 = 7, words: [UInt64] = [], items: [FlexPage] = [],
    timeouts: IPCTimeouts = .never, buffer: CapabilitySlot? = nil
  ) {
    let typed = items.flatMap { [SendItem.map().raw, $0.raw] }
    calls.append(
      SystemCall(
        tag: MessageTag(label: label, words: words.count, items: items.count), target: target, timeouts: timeouts,
        words: words + typed, buffers: buffer.map { [.small($0)] }))
  }

  private mutating func invoke(
    _ slot: CapabilitySlot, _ label: Int64, _ words: [UInt64], items: [FlexPage] = [], buffer: CapabilitySlot? = nil,
    operation: IPCOperation = .call
  ) {
    add(
      ObjectReference(slot: slot, operation: operation), label: label, words: words, items: items, buffer: buffer)
  }

  static func threads(_ count: Int) -> [CapabilitySlot] {
    (0..<count).map { CapabilitySlot(SmallWorld.threadSlot + UInt32($0)) }
  }

  static let allTimeouts: [IPCTimeouts] = [.never, brief, .zero]
  private static let brief = IPCTimeouts(
    send: .relative(microseconds: 1000), receive: .relative(microseconds: 1000))

  /// Every form of IPC with the targets, and with the caller; without limit, with a short one, and not waiting at all.
  mutating func addIPC(with targets: [CapabilitySlot], timeouts: [IPCTimeouts] = allTimeouts) {
    for timeout in timeouts {
      for target in targets {
        for operation in [IPCOperation.send, .receive, .call, .sendAndWait] {
          add(ObjectReference(slot: target, operation: operation), timeouts: timeout)
        }
      }
      for operation in [IPCOperation.wait, .replyAndWait, .replyOnly] { add(.special(operation), timeouts: timeout) }
    }
  }

  /// What one thread can do to another from outside.
  mutating func addInterference(with targets: [CapabilitySlot]) {
    for target in targets {
      for flags in [0, ExchangeRegisters.cancel, ExchangeRegisters.triggerException] {
        invoke(
          target, KernelProtocol.thread,
          [Opcode.Thread.exchangeRegisters | flags, ExchangeRegisters.keep, ExchangeRegisters.keep])
      }
      invoke(target, KernelProtocol.thread, [Opcode.Thread.switchTo])
      invoke(.task, KernelProtocol.task, [Opcode.Task.unmap, deletes, FlexPage.objects(target).raw])
    }
  }

  mutating func addPriorities(_ priorities: [UInt64], for targets: [CapabilitySlot]) {
    for target in targets {
      for priority in priorities {
        invoke(
          .scheduler, KernelProtocol.scheduler, [Opcode.Scheduler.runThread, 0, 1, priority, 1_000_000_000],
          items: [.objects(target)])
      }
    }
  }

  /// Gates that are bound, bound to somebody else, and deleted.
  mutating func addGates(_ gates: [CapabilitySlot], threads: [CapabilitySlot]) {
    for gate in gates {
      for thread in threads {
        invoke(gate, KernelProtocol.kernelObject, [Opcode.Gate.bind, 0x60], items: [.objects(thread)])
      }
      invoke(.task, KernelProtocol.task, [Opcode.Task.unmap, deletes, FlexPage.objects(gate).raw])
    }
  }

  mutating func addInterrupts(threads: [CapabilitySlot], profile: KernelProfile) {
    let irq = SmallWorld.irqSlot
    invoke(irq, KernelProtocol.irq, [Opcode.IRQ.trigger], operation: .send)
    add(ObjectReference(slot: irq, operation: .receive))
    let modern = profile.irqsCoalesce
    for thread in threads {
      let label = modern ? KernelProtocol.kernelObject : KernelProtocol.irq
      invoke(irq, label, [modern ? Opcode.IRQ.bind : Opcode.IRQ.detach, 0x90], items: [.objects(thread)])
    }
    invoke(irq, modern ? KernelProtocol.irqSender : KernelProtocol.irq, [Opcode.IRQ.detach])
    invoke(.task, KernelProtocol.task, [Opcode.Task.unmap, deletes, FlexPage.objects(irq).raw])
    guard profile.hasSemaphores else { return }
    invoke(SmallWorld.semaphoreSlot, KernelProtocol.irq, [Opcode.IRQ.trigger], operation: .send)
    invoke(SmallWorld.semaphoreSlot, KernelProtocol.semaphore, [0])
    invoke(.task, KernelProtocol.task, [Opcode.Task.unmap, deletes, FlexPage.objects(SmallWorld.semaphoreSlot).raw])
  }

  /// Objects made and deleted against a small quota, in one slot.
  mutating func addObjects(profile: KernelProfile) {
    let irq = profile.irqsCoalesce ? KernelProtocol.irqSender : KernelProtocol.irq
    for kind in [0, KernelProtocol.thread, irq, KernelProtocol.task] {
      invoke(
        SmallWorld.factorySlot, KernelProtocol.factory, [UInt64(bitPattern: kind), 0, 0],
        buffer: SmallWorld.freeSlot)
    }
    invoke(
      SmallWorld.factorySlot, KernelProtocol.factory, [UInt64(bitPattern: KernelProtocol.factory), 0, 9000],
      buffer: CapabilitySlot(SmallWorld.freeSlot.index + 1))
    for slot in [SmallWorld.freeSlot, CapabilitySlot(SmallWorld.freeSlot.index + 1)] {
      invoke(.task, KernelProtocol.task, [Opcode.Task.unmap, deletes, FlexPage.objects(slot).raw])
      invoke(.task, KernelProtocol.task, [Opcode.Task.unmap, UnmapMask.own, FlexPage.objects(slot).raw])
    }
    // From one slot to another: counted, weak.
    for attributes in [0, 0x10] as [UInt64] {
      let item = SendItem.map(
        hotSpot: CapabilitySlot(SmallWorld.freeSlot.index + 1).selector, attributes: attributes)
      invoke(
        .task, KernelProtocol.task,
        [Opcode.Task.map, item.raw, FlexPage.objects(SmallWorld.freeSlot, rights: .rws).raw],
        items: [.objects(.task)])
    }
  }

  private var deletes: UInt64 { UnmapMask.own | UnmapMask.deleteObjects }
}
