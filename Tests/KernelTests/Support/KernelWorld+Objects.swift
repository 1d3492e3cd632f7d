import Determinism
import FiascoABI
import FiascoMachine

@testable import FiascoKernel

/// A thread of a test: its number in the kernel and the root task's capability to it.
struct Actor: Sendable {
  let id: ThreadID
  let slot: CapabilitySlot
  let task: CapabilitySlot
  let utcb: UInt64
}

/// A task of a test.
struct Place: Sendable {
  let slot: CapabilitySlot
  let utcb: UInt64
}

extension KernelWorld {
  mutating func newSlot() -> CapabilitySlot {
    defer { nextSlot += 1 }
    return CapabilitySlot(nextSlot)
  }

  /// A call to an object of the kernel; the answer is its label, or the IPC error below -2000.
  @discardableResult
  mutating func invoke(
    _ slot: CapabilitySlot, _ label: Int64, _ words: [UInt64], items: [FlexPage] = [], buffer: CapabilitySlot? = nil,
    operation: IPCOperation = .call, timeouts: IPCTimeouts = .never
  ) -> Int64 {
    let typed = items.flatMap { [SendItem.map().raw, $0.raw] }
    let answer = call(
      SystemCall(
        tag: MessageTag(label: label, words: words.count, items: items.count),
        target: ObjectReference(slot: slot, operation: operation), timeouts: timeouts, words: words + typed,
        buffers: buffer.map { [.small($0)] }))
    return answer.ipcError.map { -2000 - Int64($0.rawValue) } ?? answer.tag.label
  }

  @discardableResult
  mutating func create(
    _ protocolLabel: Int64, into slot: CapabilitySlot, _ arguments: [UInt64] = [], items: [FlexPage] = [],
    factory: CapabilitySlot = .factory
  ) -> Int64 {
    invoke(
      factory, KernelProtocol.factory, [UInt64(bitPattern: protocolLabel)] + arguments, items: items, buffer: slot)
  }

  // MARK: Threads

  /// A bound thread that has not begun. Its pager and handler are named by slot.
  mutating func makeThread(
    in place: Place? = nil, pager: CapabilitySlot = .pager, handler: CapabilitySlot = .pager,
    factory: CapabilitySlot = .factory
  ) -> Actor {
    let slot = newSlot()
    create(KernelProtocol.thread, into: slot, factory: factory)
    let found = kernel.capability(of: TaskID(0), at: UInt64(slot.index))
    let id = ThreadID(found.map { Int(kernel.objects[$0.object.slot].index) } ?? -1)
    clearScript(id)
    var utcb = place?.utcb ?? nextUTCB
    if place == nil { nextUTCB += UTCB.size } else { utcb = place?.utcb ?? 0 }
    let actor = Actor(id: id, slot: slot, task: place?.slot ?? .task, utcb: utcb)
    control(
      actor, ThreadControl.setPager | ThreadControl.setHandler | ThreadControl.bind, pager: pager, handler: handler)
    return actor
  }

  @discardableResult
  mutating func control(
    _ actor: Actor, _ flags: UInt64, pager: CapabilitySlot = .pager, handler: CapabilitySlot = .pager
  ) -> Int64 {
    invoke(
      actor.slot, KernelProtocol.thread, [flags, pager.selector, handler.selector, 0, flags, actor.utcb],
      items: [.objects(actor.task)])
  }

  /// Starts a thread at the native window and gives it a priority: it begins to run when the root sleeps.
  mutating func start(_ actor: Actor, priority: UInt64, quantum: UInt64 = 0, core: Int = 0) {
    exchangeRegisters(actor, ip: NativeWindow.range.lowerBound + 0x1000)
    runThread(actor, priority: priority, quantum: quantum, core: core)
  }

  /// Makes a thread with a script and starts it.
  mutating func thread(
    priority: UInt64, quantum: UInt64 = 0, in place: Place? = nil, pager: CapabilitySlot = .pager,
    handler: CapabilitySlot = .pager, core: Int = 0, _ steps: [Step] = []
  ) -> Actor {
    let actor = makeThread(in: place, pager: pager, handler: handler)
    append(steps, to: actor.id)
    start(actor, priority: priority, quantum: quantum, core: core)
    return actor
  }

  @discardableResult
  mutating func exchangeRegisters(
    _ actor: Actor, flags: UInt64 = 0, ip: UInt64 = ExchangeRegisters.keep, sp: UInt64 = ExchangeRegisters.keep
  ) -> Int64 {
    invoke(actor.slot, KernelProtocol.thread, [Opcode.Thread.exchangeRegisters | flags, ip, sp])
  }

  mutating func cancel(_ actor: Actor) { exchangeRegisters(actor, flags: ExchangeRegisters.cancel) }
  mutating func trigger(_ actor: Actor) { exchangeRegisters(actor, flags: ExchangeRegisters.triggerException) }

  @discardableResult
  mutating func runThread(_ actor: Actor, priority: UInt64, quantum: UInt64 = 0, core: Int = 0) -> Int64 {
    invoke(
      .scheduler, KernelProtocol.scheduler, [Opcode.Scheduler.runThread, 0, 1 << UInt64(core), priority, quantum],
      items: [.objects(actor.slot)])
  }

  /// Makes and deletes threads until the places of dead ones in the kernel's table are used again.
  mutating func recycleThreads() {
    repeat {
      let slot = newSlot()
      create(KernelProtocol.thread, into: slot)
      drop(slot)
    } while kernel.threads.retiredCount > 0
  }

  // MARK: Other objects

  /// A gate; without a thread it is unbound.
  mutating func gate(_ actor: Actor?, label: UInt64 = 0) -> CapabilitySlot {
    let slot = newSlot()
    if let actor {
      create(0, into: slot, [0, label], items: [.objects(actor.slot)])
    } else {
      create(0, into: slot)
    }
    return slot
  }

  @discardableResult
  mutating func bind(_ slot: CapabilitySlot, to actor: Actor, label: UInt64) -> Int64 {
    invoke(slot, KernelProtocol.kernelObject, [Opcode.Gate.bind, label], items: [.objects(actor.slot)])
  }

  /// An IRQ object, bound to a thread in the way of the profile.
  mutating func irq(_ actor: Actor?, label: UInt64 = 0) -> CapabilitySlot {
    let slot = newSlot()
    create(kernel.profile.name == .modern ? KernelProtocol.irqSender : KernelProtocol.irq, into: slot, [0, 0])
    if let actor { attach(slot, to: actor, label: label) }
    return slot
  }

  @discardableResult
  mutating func attach(_ slot: CapabilitySlot, to actor: Actor, label: UInt64) -> Int64 {
    if kernel.profile.name == .modern { return bind(slot, to: actor, label: label) }
    return invoke(slot, KernelProtocol.irq, [Opcode.IRQ.detach, label], items: [.objects(actor.slot)])
  }

  @discardableResult
  mutating func detach(_ slot: CapabilitySlot) -> Int64 {
    let label = kernel.profile.name == .modern ? KernelProtocol.irqSender : KernelProtocol.irq
    return invoke(slot, label, [Opcode.IRQ.detach])
  }

  mutating func raise(_ slot: CapabilitySlot) {
    invoke(slot, KernelProtocol.irq, [Opcode.IRQ.trigger], operation: .send)
  }

  /// A task with one page for UTCBs.
  mutating func task() -> Place {
    let slot = newSlot()
    let utcb: UInt64 = 0x20_0000
    create(KernelProtocol.task, into: slot, [0, FlexPage.memory(utcb, order: 12, rights: .rw).raw])
    return Place(slot: slot, utcb: utcb)
  }

  /// A copy of a root capability in a task, at the same slot unless another is named.
  @discardableResult
  mutating func give(
    _ slot: CapabilitySlot, to task: CapabilitySlot, at target: CapabilitySlot? = nil, rights: ObjectRights = .rws,
    attributes: UInt64 = 0
  ) -> Int64 {
    let item = SendItem.map(hotSpot: (target ?? slot).selector, attributes: attributes)
    return invoke(
      task, KernelProtocol.task, [Opcode.Task.map, item.raw, FlexPage.objects(slot, rights: rights).raw],
      items: [.objects(.task)])
  }

  /// A weaker copy in the root task itself.
  mutating func copy(_ slot: CapabilitySlot, rights: ObjectRights) -> CapabilitySlot {
    let target = newSlot()
    give(slot, to: .task, at: target, rights: rights)
    return target
  }

  /// Removes a capability, and with `deletes` the object.
  @discardableResult
  mutating func drop(_ slot: CapabilitySlot, deletes: Bool = true) -> Int64 {
    let mask = UnmapMask.own | (deletes ? UnmapMask.deleteObjects : 0)
    return invoke(.task, KernelProtocol.task, [Opcode.Task.unmap, mask, FlexPage.objects(slot).raw])
  }
}
