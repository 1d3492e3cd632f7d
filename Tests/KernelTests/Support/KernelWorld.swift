import Determinism
import FiascoABI
import FiascoMachine
import RISCV
import Testing

@testable import FiascoKernel

/// A machine whose threads are scripts instead of machine code: every system call is a real one, kernel work takes no
/// time, and all tables are checked after every entry into the kernel.
///
/// The root thread has the highest priority and belongs to the test: it makes system calls whenever the test says so,
/// and `sleep` lets the others run, as the harness of the conformance programs does.
struct KernelWorld: ~Copyable {
  var node: Node
  let root = ThreadID(0)
  /// Scripts by thread slot.
  private var scripts: [Script] = []
  /// What `mark` steps have said, in order.
  private(set) var log: [String] = []
  /// What was found wrong; empty in a correct kernel.
  private(set) var defects: [String] = []
  /// Walking all spaces after every entry takes most of a test's time: a matrix of thousands of worlds does without.
  var checksSpaces = true
  /// CPU time passed in the step before: cores that compute side by side take turns thousands of times for nothing.
  private var onlyComputed = false
  var nextSlot: UInt32 = 0x100
  var nextUTCB = KernelWorld.utcbArea.address + UTCB.size

  static let utcbArea = FlexPage.memory(0x10_0000, order: 16, rights: .rw)
  /// Frames of user memory, which the root task sees at equal addresses, lie behind those of the kernel.
  static let kernelFrames = 640
  static let frames = 704
  static var window: UInt64 { Kernel.physicalBase + UInt64(kernelFrames) * 4096 }
  static let rootPriority: UInt8 = 250

  /// With several cores the root thread is on core 0, and an interrupt between cores travels for ten microseconds.
  init(_ profile: KernelProfile = .modern, cores: Int = 1) {
    var kernel = Kernel(
      profile: profile, costs: .free, memory: PagedMemory(frames: Self.frames), kernelFrames: 1..<Self.kernelFrames,
      cores: cores)
    kernel.recordsEvents = false
    var boot = RootTask(
      entry: NativeWindow.range.lowerBound, window: Self.window..<Kernel.physicalBase + UInt64(Self.frames) * 4096)
    boot.utcbArea = Self.utcbArea
    boot.priority = Self.rootPriority
    kernel.start(boot)
    node = Node(kernel: kernel, platform: .silent)
  }

  var kernel: Kernel {
    _read { yield node.kernel }
    _modify { yield &node.kernel }
  }

  // MARK: Scripts

  private struct Script {
    var steps: [Step] = []
    var position = 0
    /// The step at `position` is a system call that has not returned yet.
    var isWaiting = false
    /// Where the call in progress was issued: a thread that comes back there has to issue it again.
    var issuedAt: UInt64 = 0
    var rest = TimeSpan.zero
    var results: [SystemCallResult] = []
  }

  mutating func append(_ steps: [Step], to t: ThreadID) {
    while scripts.count <= t.slot { scripts.append(Script()) }
    scripts[t.slot].steps += steps
  }

  /// A new thread in an old one's slot begins without that one's script.
  mutating func clearScript(_ t: ThreadID) {
    while scripts.count <= t.slot { scripts.append(Script()) }
    scripts[t.slot] = Script()
  }

  /// Results of a thread's system calls so far.
  func results(_ t: ThreadID) -> [SystemCallResult] { t.slot < scripts.count ? scripts[t.slot].results : [] }

  // MARK: Running

  /// The root thread makes a system call that lets no other thread return to the root's script: the others run
  /// until it is back.
  mutating func call(_ call: SystemCall) -> SystemCallResult {
    precondition(node.kernel.current == root, "the root thread must be running")
    issue(call, by: root)
    runOthers()
    return result(of: root, call)
  }

  /// The root thread sleeps, everybody else runs.
  mutating func sleep(milliseconds: UInt64) {
    let timeouts = IPCTimeouts(send: .never, receive: .relative(microseconds: milliseconds * 1000))
    _ = call(SystemCall(tag: MessageTag(), target: .special(.receive), timeouts: timeouts))
  }

  private mutating func runOthers() {
    while node.kernel.current != root || node.kernel.isMulticore {
      let exit = node.run(until: node.now + .milliseconds(10_000))
      check()
      onlyComputed = false
      switch exit {
      case .native(let t) where t == root: return
      case .native(let t): step(t)
      case .reached, .quiet, .stopped, .limit:
        Issue.record("the root thread never comes back: \(exit)")
        preconditionFailure("the root thread never comes back")
      }
    }
  }

  private mutating func step(_ t: ThreadID) {
    while scripts.count <= t.slot { scripts.append(Script()) }
    finishCall(t)
    guard scripts[t.slot].position < scripts[t.slot].steps.count else {
      return issue(SystemCall(tag: MessageTag(), target: .special(.receive)), by: t)
    }
    switch scripts[t.slot].steps[scripts[t.slot].position] {
    case .call(let call):
      scripts[t.slot].isWaiting = true
      scripts[t.slot].issuedAt = kernel.registers[t.slot].pc
      issue(call, by: t)
    case .mark(let name):
      log.append(name)
      scripts[t.slot].position += 1
    case .compute(let span):
      compute(t, span)
      onlyComputed = node.kernel.isMulticore
    case .touch(let address, let access): touch(t, address, access)
    case .trap(let cause, let value):
      scripts[t.slot].position += 1
      node.enterKernel { $0.exception(cause: cause, value: value) }
    case .setFloat(let value):
      if canUseFPU(t) { self[fpu: t][10] = value }
    case .markFloat(let name):
      if canUseFPU(t) { log.append("\(name) \(self[fpu: t][10])") }
    case .spin:
      onlyComputed = node.kernel.isMulticore
      _ = node.spend(.milliseconds(1), until: min(node.horizon, node.now + .milliseconds(1)))
    }
    check()
  }

  private mutating func finishCall(_ t: ThreadID) {
    guard scripts[t.slot].isWaiting, case .call(let call) = scripts[t.slot].steps[scripts[t.slot].position] else {
      return
    }
    scripts[t.slot].isWaiting = false
    if kernel.registers[t.slot].pc == scripts[t.slot].issuedAt { return }
    scripts[t.slot].position += 1
    scripts[t.slot].results.append(result(of: t, call))
  }

  private mutating func compute(_ t: ThreadID, _ span: TimeSpan) {
    if scripts[t.slot].rest == .zero { scripts[t.slot].rest = span }
    scripts[t.slot].rest -= node.spend(scripts[t.slot].rest, until: node.horizon)
    if scripts[t.slot].rest == .zero { scripts[t.slot].position += 1 }
  }

  /// A fault is taken again and again until the page is there, as an instruction would do it.
  private mutating func touch(_ t: ThreadID, _ address: UInt64, _ access: FaultAccess) {
    let entry = node.kernel.translate(node.kernel.threads[t.slot].task, address)
    let wanted: MemoryRights = access == .store ? .write : access == .fetch ? .execute : .read
    if let entry, entry.rights.contains(wanted) {
      scripts[t.slot].position += 1
    } else {
      node.enterKernel { $0.pageFault(address: address, access: access) }
    }
  }

  /// A floating-point instruction, as machine code would execute it; false if it is not carried out.
  private mutating func canUseFPU(_ t: ThreadID) -> Bool {
    if kernel.fpuOwner != t { node.enterKernel { $0.illegalInstruction(bits: 0x53) } }
    guard kernel.fpuOwner == t else { return false }
    scripts[t.slot].position += 1
    return true
  }

  /// The floating-point registers of a thread that has used them.
  subscript(fpu t: ThreadID) -> FloatRegisters {
    get { node.kernel.fpuStates[Int(node.kernel.threads[t.slot].fpuState)].registers }
    set { kernel.fpuStates[Int(node.kernel.threads[t.slot].fpuState)].registers = newValue }
  }

  // MARK: System calls

  private mutating func issue(_ call: SystemCall, by t: ThreadID) {
    for (index, word) in call.words.enumerated() { kernel.setMessageWord(t, index, word) }
    if let buffers = call.buffers { kernel.setReceiveBuffers(t, buffers) }
    kernel.registers[t.slot].a0 = call.tag.raw
    kernel.registers[t.slot].a1 = call.target.raw
    kernel.registers[t.slot].a2 = call.timeouts.raw
    kernel.registers[t.slot].a3 = call.label
    node.enterKernel { $0.systemCall() }
    check()
  }

  private func result(of t: ThreadID, _ call: SystemCall) -> SystemCallResult {
    let tag = MessageTag(raw: node.kernel.registers[t.slot].a0)
    return SystemCallResult(
      tag: tag, label: node.kernel.registers[t.slot].a3, error: node.kernel.messageWord(t, UTCB.error),
      words: (0..<8).map { node.kernel.messageWord(t, $0) })
  }

  private mutating func check() {
    guard !onlyComputed else { return }
    let found = checksSpaces ? node.kernel.checkInvariants() : node.kernel.checkThreadInvariants()
    for sentence in found where !defects.contains(sentence) {
      defects.append(sentence)
      Issue.record("\(sentence)")
    }
  }
}

/// What a scripted thread does next.
enum Step {
  case call(SystemCall)
  case mark(String)
  case compute(TimeSpan)
  case touch(UInt64, FaultAccess)
  case trap(cause: UInt64, value: UInt64)
  /// Writes fa0, or says what is in it.
  case setFloat(UInt64)
  case markFloat(String)
  /// Uses the processor for ever.
  case spin
}

extension PlatformProfile {
  /// Kernel work takes no time, an instruction 100 ns: tests with machine code pass through milliseconds quickly.
  static let silent = PlatformProfile(
    name: "silent", about: "kernel work takes no time", picosecondsPerCycle: 100_000,
    kernel: CostModel { work in
      CostModel.Entry(base: work == .interruptFlight ? 100 : 0, status: .assumed, source: "test of behaviour")
    },
    memory: MemoryCosts(copy: free, fill: free, touch: free, storage: free))
  private static var free: MemoryCosts.Entry {
    MemoryCosts.Entry(picosecondsPerByte: 0, status: .assumed, source: "test of behaviour")
  }
}
