import Determinism
import FiascoABI
import RISCV
import Testing

@testable import FiascoKernel

/// A few threads in two tasks that make whatever system call the dice give: random registers, message registers,
/// slots, and now and then something that makes sense.
struct RandomCalls: ~Copyable {
  var kernel: Kernel
  var random: SeededGenerator
  /// The calls made, for a report: the last ones only, and only if they are wanted.
  private(set) var history: [String] = []
  var keepsHistory = false
  static let slots: UInt64 = 30
  static let kernelFrames = 256
  /// Enough user memory for the tables and programs of `RandomPrograms`.
  private static let frames = kernelFrames + 32

  init(_ profile: KernelProfile, seed: UInt64, costs: CostModel = .free) {
    random = SeededGenerator(seed: seed)
    kernel = Kernel(
      profile: profile, costs: costs, memory: PagedMemory(frames: Self.frames), kernelFrames: 1..<Self.kernelFrames)
    kernel.recordsEvents = false
    var boot = RootTask(
      entry: 0x7000_0000,
      window: Kernel.physicalBase + UInt64(Self.kernelFrames) * 4096..<Kernel.physicalBase + UInt64(Self.frames) * 4096)
    boot.utcbArea = FlexPage.memory(0x10_0000, order: 13, rights: .rw)
    boot.priority = 100
    kernel.start(boot)
    populate()
  }

  /// Slots 11... of the root task hold a bit of everything.
  private mutating func populate() {
    let payer = ObjectID(0)
    let second = kernel.makeTask(payer: payer)
    var objects: [ObjectID?] = [second.map { kernel.tasks[$0.slot].object }]
    if let second { try? kernel.addKernelUserMemory(second, .memory(0x10_0000, order: 12, rights: .rw)) }
    for number in 0..<5 {
      let thread = kernel.makeThread(payer: payer)
      let task = number < 3 ? TaskID(0) : second ?? TaskID(0)
      kernel.bindThread(thread, to: task, utcb: 0x10_0000 + UInt64(number % 3 + 1) * 1024)
      kernel.threads[thread.slot].pager = CapabilitySlot(UInt32(11 + random.next(below: 8))).selector
      kernel.threads[thread.slot].exceptionHandler = CapabilitySlot(UInt32(11 + random.next(below: 8))).selector
      kernel.registers[thread.slot].pc = 0x7000_0000
      kernel.threads[thread.slot].flags = number == 4 ? [.dead, .placed] : [.ready, .placed]
      kernel.setSchedule(thread, priority: UInt8(98 + random.next(below: 5)), quantum: .milliseconds(3))
      moveBelowPriorities(thread)
      let object = kernel.threads[thread.slot].object
      objects += [object, kernel.makeGate(payer: payer, thread: thread, label: UInt64(number) << 4)]
    }
    objects += [kernel.makeGate(payer: payer, thread: .none, label: 0)]
    for number in 1...2 {
      objects.append(kernel.makeIRQ(payer: payer))
      kernel.bindIRQ(number - 1, to: ThreadID(number), label: UInt64(number) << 8)
    }
    if kernel.profile.name == .modern { objects.append(kernel.makeSemaphore(payer: payer)) }
    objects.append(kernel.makeFactory(limit: 200_000, payer: payer))
    for (index, object) in objects.enumerated() {
      guard let object else { continue }
      try? kernel.insertCapability(.full(object), task: TaskID(0), slot: 11 + UInt64(index))
      if let second { try? kernel.insertCapability(.full(object), task: second, slot: UInt64(index)) }
    }
  }

  /// In a kernel with a second class of scheduling, now and then.
  private mutating func moveBelowPriorities(_ thread: ThreadID) {
    guard kernel.profile.scheduler != .fixedPriority, random.next(below: 4) > 0 else { return }
    let number = UInt64(random.next(below: 5) + 1)
    if kernel.profile.scheduler == .fixedPriorityAndFairQueueing {
      kernel.setSchedule(thread, .fair(quantum: .milliseconds(Int64(number)), weight: number))
    } else {
      kernel.setSchedule(thread, .deadline(number * 5000))
    }
  }

  // MARK: Steps

  /// One entry into the kernel; false if nothing can ever happen any more.
  mutating func step() -> Bool {
    kernel.pendingCycles = 0
    // Somebody computes, at most up to the next tick that matters.
    if random.next(below: 6) == 0 {
      kernel.now = min(kernel.now + .microseconds(Int64(random.next(below: 6000))), kernel.nextTick)
    }
    if kernel.nextTick <= kernel.now {
      note("tick")
      kernel.timerTick()
      return true
    }
    guard !kernel.current.isNone else {
      guard kernel.nextTick != .never else { return disturb() }
      kernel.now = kernel.nextTick
      note("idle, tick")
      kernel.timerTick()
      return true
    }
    act()
    return true
  }

  /// Everybody sleeps for ever: somebody outside cancels one of them. False if nobody is alive.
  private mutating func disturb() -> Bool {
    let sleepers = kernel.threads.indices.filter {
      !kernel.threads[$0].isDead && kernel.threads[$0].flags.contains(.placed)
    }
    guard !sleepers.isEmpty else { return false }
    let t = ThreadID(sleepers[random.next(below: sleepers.count)])
    note("\(t) is cancelled from outside")
    kernel.threads[t.slot].flags.insert(.cancel)
    kernel.makeReady(t)
    kernel.schedule()
    kernel.leave()
    return true
  }

  private mutating func act() {
    let t = kernel.current
    switch random.next(below: 20) {
    case 0:
      let access: FaultAccess = [.load, .store, .fetch][random.next(below: 3)]
      let address = random.next(below: 4) == 0 ? random.next() : 0x4000_0000 + random.next(below: 1 << 16)
      note("\(t) faults at \(String(address, radix: 16))")
      kernel.pageFault(address: address, access: access)
    case 1:
      note("\(t) traps")
      kernel.exception(cause: random.next(below: 32), value: random.next())
    default:
      fillRegisters(t)
      let r = kernel.registers[t.slot]
      let words = keepsHistory ? (0..<7).map { kernel.messageWord(t, $0) } : []
      note("\(t) calls " + ([r.a0, r.a1, r.a2] + words).map { String($0, radix: 16) }.joined(separator: ":"))
      kernel.systemCall()
    }
  }

  private mutating func note(_ text: @autoclosure () -> String) {
    guard keepsHistory else { return }
    if history.count > 40 { history.removeFirst(20) }
    history.append(text())
  }
}
