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
  var scripts: [Script] = []
  /// What `mark` steps have said, in order.
  var log: [String] = []
  /// What was found wrong; empty in a correct kernel.
  private(set) var defects: [String] = []
  /// Walking all spaces after every entry takes most of a test's time: a matrix of thousands of worlds does without.
  var checksSpaces = true
  /// CPU time passed in the step before: cores that compute side by side take turns thousands of times for nothing.
  var onlyComputed = false
  var nextSlot: UInt32 = 0x100
  /// The kernel may stop, as the real one would.
  var expectsStop = false
  var nextUTCB = KernelWorld.utcbArea.address + UTCB.size

  static let utcbArea = FlexPage.memory(0x10_0000, order: 16, rights: .rw)
  /// Frames of user memory, which the root task sees at equal addresses, lie behind those of the kernel.
  static let kernelFrames = 640
  static let frames = 704
  static var window: UInt64 { Kernel.physicalBase + UInt64(kernelFrames) * 4096 }
  static let rootPriority: UInt8 = 250

  /// With several cores the root thread is on core 0, and an interrupt between cores travels for ten microseconds.
  init(
    _ profile: KernelProfile = .modern, cores: Int = 1, rootPriority: UInt8 = KernelWorld.rootPriority,
    costs: CostModel = .free
  ) {
    var kernel = Kernel(
      profile: profile, costs: costs, memory: PagedMemory(frames: Self.frames), kernelFrames: 1..<Self.kernelFrames,
      cores: cores)
    kernel.recordsEvents = false
    var boot = RootTask(
      entry: NativeWindow.range.lowerBound, window: Self.window..<Kernel.physicalBase + UInt64(Self.frames) * 4096)
    boot.utcbArea = Self.utcbArea
    boot.priority = rootPriority
    kernel.start(boot)
    node = Node(kernel: kernel, platform: .silent)
  }

  var kernel: Kernel {
    _read { yield node.kernel }
    _modify { yield &node.kernel }
  }

  // MARK: Scripts

  struct Script {
    var steps: [Step] = []
    var position = 0
    /// The step at `position` is a system call that has not returned yet.
    var isWaiting = false
    /// Where the call in progress was issued: a thread that comes back there has to issue it again.
    var issuedAt: UInt64 = 0
    /// Where the instruction stands that traps again and again.
    var trapsAt: UInt64 = 0
    var rest = TimeSpan.zero
    var results: [SystemCallResult] = []
    var calls: [SystemCall] = []
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

  /// The calls that belong to the results, and whether one more is in progress.
  func calls(_ t: ThreadID) -> (done: [SystemCall], pending: SystemCall?) {
    guard t.slot < scripts.count else { return ([], nil) }
    let script = scripts[t.slot]
    guard script.isWaiting else { return (script.calls, nil) }
    switch script.steps[script.position] {
    case .call(let call), .execute(let call): return (script.calls, call)
    default: return (script.calls, nil)
    }
  }

  // MARK: Running

  /// The root thread makes a system call that lets no other thread return to the root's script: the others run
  /// until it is back.
  mutating func call(_ call: SystemCall) -> SystemCallResult {
    // After a stop of the kernel nothing happens any more.
    if kernel.stopped != nil { return result(of: root, call) }
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
      case .stopped where expectsStop: return
      case .reached, .quiet, .stopped, .limit:
        Issue.record("the root thread never comes back: \(exit)")
        preconditionFailure("the root thread never comes back")
      }
    }
  }

  // MARK: System calls

  mutating func issue(_ call: SystemCall, by t: ThreadID) {
    for (index, word) in call.words.enumerated() { kernel.setMessageWord(t, index, word) }
    if let buffers = call.buffers { kernel.setReceiveBuffers(t, buffers) }
    kernel.registers[t.slot].a0 = call.tag.raw
    kernel.registers[t.slot].a1 = call.target.raw
    kernel.registers[t.slot].a2 = call.timeouts.raw
    kernel.registers[t.slot].a3 = call.label
    node.enterKernel { $0.systemCall() }
    check()
  }

  func result(of t: ThreadID, _ call: SystemCall) -> SystemCallResult {
    let tag = MessageTag(raw: node.kernel.registers[t.slot].a0)
    return SystemCallResult(
      tag: tag, label: node.kernel.registers[t.slot].a3, error: node.kernel.messageWord(t, UTCB.error),
      words: (0..<40).map { node.kernel.messageWord(t, $0) })
  }

  mutating func check() {
    if kernel.stopped != nil || onlyComputed { return }
    let found = checksSpaces ? node.kernel.checkInvariants() : node.kernel.checkThreadInvariants()
    for sentence in found where !defects.contains(sentence) {
      defects.append(sentence)
      Issue.record("\(sentence)")
    }
  }
}
