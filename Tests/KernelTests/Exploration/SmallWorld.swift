import Determinism
import FiascoABI
import RISCV

@testable import FiascoKernel

/// Two to four threads of one task, two gates, an IRQ and a little factory: small enough to try everything.
///
/// The threads have no programs. Whoever is current makes the operation the explorer wants, so every order of
/// operations that the kernel's own decisions leave open is a path.
struct SmallWorld: ~Copyable {
  var kernel: Kernel
  /// What the explorer remembers beside the kernel's state: messages that demand a reply and had none.
  var debts: [Debt] = []

  /// A call that reached its receiver and was not answered by it.
  struct Debt: Hashable { let caller: ThreadID, server: ThreadID, count: Int }

  static let factoryLimit: UInt64 = 20_000
  static let factorySlot = CapabilitySlot(11)
  static let irqSlot = CapabilitySlot(12)
  /// The first of the two gates; the first is bound to thread 0, the second to nobody.
  static let gateSlot: UInt32 = 13
  static let threadSlot: UInt32 = 20
  static let freeSlot = CapabilitySlot(30)
  static let semaphoreSlot = CapabilitySlot(16)

  /// Thread n lives on core `cores[n]`; without `cores` there is one core.
  init(_ profile: KernelProfile, priorities: [UInt8], cores: [Int] = []) {
    kernel = Kernel(
      profile: profile, costs: .free, memory: PagedMemory(frames: 96), kernelFrames: 1..<80,
      cores: (cores.max() ?? 0) + 1)
    var boot = RootTask(entry: 0x7000_0000, window: Kernel.physicalBase + 80 * 4096..<Kernel.physicalBase + 96 * 4096)
    boot.utcbArea = FlexPage.memory(0x10_0000, order: 12, rights: .rw)
    boot.priority = priorities[0]
    kernel.start(boot)
    // A quantum beyond every path: slices are another test's matter.
    kernel.setSchedule(ThreadID(0), priority: priorities[0], quantum: .milliseconds(1_000_000))
    let payer = ObjectID(0)
    for (number, priority) in priorities.enumerated() {
      let thread = number == 0 ? ThreadID(0) : kernel.makeThread(payer: payer)
      if number > 0 {
        kernel.bindThread(thread, to: TaskID(0), utcb: 0x10_0000 + UInt64(number) * 1024)
        kernel.registers[thread.slot].pc = 0x7000_0000
        kernel.threads[thread.slot].flags = [.ready]
        let core = cores.isEmpty ? 0 : cores[number]
        kernel.setSchedule(thread, priority: priority, quantum: .milliseconds(1_000_000), core: core)
      }
      give(kernel.threads[thread.slot].object, at: Self.threadSlot + UInt32(number))
      // The last thread hears of the others' exceptions.
      kernel.threads[thread.slot].exceptionHandler =
        CapabilitySlot(Self.threadSlot + UInt32(priorities.count - 1)).selector
    }
    give(kernel.makeFactory(limit: Self.factoryLimit, payer: payer), at: Self.factorySlot.index)
    give(kernel.makeIRQ(payer: payer), at: Self.irqSlot.index)
    kernel.bindIRQ(0, to: ThreadID(0), label: 0x80)
    give(kernel.makeGate(payer: payer, thread: ThreadID(0), label: 0x40), at: Self.gateSlot)
    give(kernel.makeGate(payer: payer, thread: .none, label: 0), at: Self.gateSlot + 1)
    if profile.hasSemaphores { give(kernel.makeSemaphore(payer: payer), at: Self.semaphoreSlot.index) }
    kernel.schedule()
    kernel.leave()
    for core in 0..<kernel.coreCount where !kernel.processor(core).requests.isEmpty {
      perform(.requests(core: core))
    }
    kernel.outbox.removeAll()
  }

  private init(kernel: consuming Kernel, debts: [Debt]) {
    self.kernel = kernel
    self.debts = debts
  }

  mutating func fork() -> SmallWorld { SmallWorld(kernel: kernel.fork(), debts: debts) }

  private mutating func give(_ object: ObjectID?, at slot: UInt32) {
    guard let object else { return }
    try? kernel.insertCapability(.full(object), task: TaskID(0), slot: UInt64(slot))
  }

  // MARK: Steps

  /// Makes the operation happen; what the kernel tells about it settles the debts.
  mutating func perform(_ operation: Operation) {
    if kernel.isMulticore { enter(operation.core) }
    let actor = kernel.current
    let creditor = operation.replies && !actor.isNone ? kernel.threads[actor.slot].caller : .none
    var calls = kernel.threads.indices.filter { kernel.threads[$0].isCalling }.map { ThreadID($0) }
    switch operation {
    case .tick:
      kernel.now = kernel.nextTick
      kernel.timerTick()
    case .requests:
      kernel.handleRequests()
    case .call(let call, _):
      if call.target.operation == .call { calls.append(actor) }
      issue(call, by: actor)
    }
    settle(replyOf: actor, to: creditor, calls: calls)
    kernel.pendingCycles = 0
    kernel.console = []
  }

  /// The cores have one clock here: the one that acts sees what time it is.
  private mutating func enter(_ core: Int) {
    let now = kernel.now
    kernel.activate(core: core)
    kernel.now = max(now, kernel.now)
  }

  private mutating func issue(_ call: SystemCall, by t: ThreadID) {
    for (index, word) in call.words.enumerated() { kernel.setUTCBWord(t, index, word) }
    kernel.setUTCBWord(t, UTCB.bufferDescriptor, 0)
    kernel.setUTCBWord(t, UTCB.bufferRegisters, call.buffers?.first?.raw ?? 0)
    kernel.registers[t.slot].a0 = call.tag.raw
    kernel.registers[t.slot].a1 = call.target.raw
    kernel.registers[t.slot].a2 = call.timeouts.raw
    kernel.registers[t.slot].a3 = 0
    kernel.systemCall()
  }

  /// Every call that is delivered is a debt of its receiver; a reply through the reply capability pays it.
  ///
  /// Whether a message was a call is known from what its sender was doing before: when the kernel comes back, the
  /// operation may be over already.
  private mutating func settle(replyOf actor: ThreadID, to creditor: ThreadID, calls: [ThreadID]) {
    for index in 0..<kernel.outbox.count {
      guard case .messageTransferred(let from, let to, _) = kernel.outbox[index] else { continue }
      let asksForHelp = kernel.threads.contains(from.slot) && kernel.threads[from.slot].entry == .exception
      if from == actor, to == creditor, !creditor.isNone {
        change(caller: to, server: from, by: -1)
      } else if calls.contains(from) || asksForHelp {
        change(caller: from, server: to, by: 1)
      }
    }
    kernel.outbox.removeAll()
  }

  private mutating func change(caller: ThreadID, server: ThreadID, by amount: Int) {
    let index = debts.firstIndex { $0.caller == caller && $0.server == server }
    let count = (index.map { debts[$0].count } ?? 0) + amount
    if let index { debts.remove(at: index) }
    if count != 0 { debts.append(Debt(caller: caller, server: server, count: count)) }
    debts.sort { ($0.caller, $0.server) < ($1.caller, $1.server) }
  }
}

extension Thread {
  /// Has a message under way and wants to hear its receiver alone.
  var isCalling: Bool {
    entry != .user && (phase == .sendWait || continuation == .requestWait) && hasReceivePhase && partner.thread != nil
  }
}
