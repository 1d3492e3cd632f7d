import FiascoABI

@testable import Genode

/// Runs core without a kernel: every kernel call is accepted and noted, messages come from the test.
struct CoreHost {
  var core: Core
  /// Kernel calls since the test last looked.
  var calls: [SystemCall] = []
  /// What the fake kernel answers to a call; nil accepts it.
  var answer: (SystemCall) -> SystemCallResult? = { _ in nil }
  private var script = Script()
  private var isWaiting = false

  /// Time core has computed for, in picoseconds.
  var computed: UInt64 = 0

  init(ram: UInt64 = 16 << 20, modules: [BootModule] = [], costs: GenodeCosts = .free) {
    core = Core(
      CoreConfiguration(ramBase: 0x8100_0000, ramSize: ram, modules: modules, costs: costs, kernel: .modern))
    _ = runUntilWait()
  }

  /// Lets the entrypoint work until it waits for a message; returns the answer it sends.
  mutating func runUntilWait() -> RPCReply? {
    while true {
      switch core.resume(thread: 0, script: &script) {
      case .invoke(let call):
        if call.target.operation.contains(.openWait) {
          isWaiting = true
          return call.target.operation.contains(.reply) ? reply(in: call) : nil
        }
        calls.append(call)
        if Self.name(call) == "switch" { stopPausedThreads() }
        script.complete(.returned(answer(call) ?? .accepted))
      case .invokeSeries(var call, let count, let word, let step):
        for _ in 0..<count {
          calls.append(call)
          call.words[word] &+= step
        }
        script.complete(.done)
      case .read(_, let count): script.complete(.words(Array(repeating: 0, count: count)))
      case .readClock: script.complete(.words([0]))
      case .compute(let picoseconds):
        computed += picoseconds
        script.complete(.done)
      case .copy, .fill, .write: script.complete(.done)
      }
    }
  }

  /// The pager's part: the exceptions of paused threads arrive when core lends them its time.
  private mutating func stopPausedThreads() {
    for row in core.threads.live where core.threads[row].flags.contains(.paused) {
      core.threads[row].flags.insert(.inException)
    }
  }

  private func reply(in call: SystemCall) -> RPCReply {
    let result = SystemCallResult(tag: call.tag, label: 0, error: 0, words: call.words)
    return RPCReply(result, window: (0..<4).map { CapabilitySlot(UInt32(0x900 + $0)) })
  }

  /// A request as a client sends it; nil if core does not answer.
  mutating func request<Operation: RawRepresentable<UInt64>>(
    _ badge: UInt64, _ operation: Operation, _ words: [UInt64] = [], _ badges: [UInt64?] = []
  ) -> RPCReply? {
    request(badge, opcode: operation.rawValue, words, badges)
  }

  mutating func request(
    _ badge: UInt64, opcode: UInt64, _ words: [UInt64] = [], _ badges: [UInt64?] = [], claimed: UInt64? = nil
  ) -> RPCReply? {
    precondition(isWaiting, "core must wait before it gets a request")
    let capabilities = badges.map { badge in badge.map { RPCCapability(slot: CapabilitySlot(0x900), badge: $0) } }
    let message = EncodedMessage(first: claimed ?? badge, capabilities: capabilities, payload: [opcode] + words)
    isWaiting = false
    script.complete(
      .returned(SystemCallResult(tag: message.tag, label: badge | 3, error: 0, words: message.words)))
    return runUntilWait()
  }

  var parent: UInt64 { core.initial.parentBadge }
  var pd: UInt64 { core.pds[core.initial.pd].badge }
  var ram: UInt64 { core.ramSessions[core.initial.ram].badge }
  var cpu: UInt64 { core.cpuSessions[core.initial.cpu].badge }
  var space: UInt64 { core.regionMaps[core.pds[core.initial.pd].addressSpace].badge }

  mutating func session(_ service: String, quota: UInt64, label: String = "x", extra: String = "") -> RPCReply? {
    let text = "ram_quota=\(quota), label=\"\(label)\"" + extra
    return request(parent, ParentOpcode.session, RPCString.encode(service) + RPCString.encode(text))
  }

  /// Short names of the kernel calls since the last look.
  mutating func takeCalls() -> [String] {
    defer { calls.removeAll() }
    return calls.map(Self.name)
  }

  private static func name(_ call: SystemCall) -> String {
    let first = call.words.first ?? 0
    switch call.tag.label {
    case KernelProtocol.factory:
      switch Int64(bitPattern: first) {
      case 0: return "gate \(call.words[2])"
      case KernelProtocol.task: return "task"
      case KernelProtocol.thread: return "thread"
      default: return "irq"
      }
    case KernelProtocol.task:
      switch first {
      case Opcode.Task.map: return "map to 0x\(String(call.words[1] >> 12, radix: 16))"
      case Opcode.Task.unmap: return call.words[1] & UnmapMask.deleteObjects != 0 ? "destroy" : "unmap page"
      case Opcode.Task.addKernelUserMemory: return "ku_mem"
      default: return "cap_info"
      }
    case KernelProtocol.thread:
      switch first & 0xffff {
      case Opcode.Thread.control: return first & ThreadControl.bind != 0 ? "bind" : "set pager"
      case Opcode.Thread.exchangeRegisters: return "ex_regs"
      default: return "switch"
      }
    case KernelProtocol.scheduler: return "run_thread"
    case KernelProtocol.kernelObject: return "bind irq"
    case KernelProtocol.irq: return "trigger"
    case KernelProtocol.log: return "log"
    default: return "call"
    }
  }
}

extension SystemCallResult {
  static let accepted = SystemCallResult(tag: MessageTag(), label: 0, error: 0, words: Array(repeating: 0, count: 8))
  static func refused(_ error: InvocationError) -> SystemCallResult {
    SystemCallResult(
      tag: MessageTag(label: error.rawValue), label: 0, error: 0, words: Array(repeating: 0, count: 8))
  }
}
