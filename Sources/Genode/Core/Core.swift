import FiascoABI

/// Genode's root component: owns all memory and all kernel objects, and serves everybody else by RPC.
///
/// Two threads. The *entrypoint* serves all sessions, dataspaces, region maps and threads, one request at a time; the
/// *pager* answers all page faults and exceptions. So every attach, alloc or pause queues with the requests of all
/// other components, in kernel IPC order: a real-time model must treat core as one non-preemptive server.
///
/// Both threads work in two beats: a request is decoded and applied to the tables in a step without kernel calls (or
/// with calls whose results only this thread depends on), and what has to be done to other objects is queued as
/// `CoreWork` and carried out step by step before the answer. Models repos/base/src/core and repos/base-foc/src/core.
public struct Core: NativeProgram {
  var entrypoint = CoreEntrypoint()
  var pager = CorePager()
  /// One element: an array is a cheap copy, and a step copies the whole program several times.
  var box: [CoreState]
  var outbox: [GenodeEvent] = []

  public init(_ configuration: CoreConfiguration) {
    box = [CoreState(configuration: configuration)]
  }

  public mutating func step(thread entry: Int, script: inout Script) throws(Suspension) {
    switch entry {
    case 0: try stepEntrypoint(&script)
    case 1: try stepPager(&script)
    default: preconditionFailure("core has two threads")
    }
  }

  public mutating func drainEvents() -> [GenodeEvent] {
    defer { outbox.removeAll() }
    return outbox
  }
}

/// Where core's own threads are.
enum CorePlaces {
  static let name = "core"
  static let account = 0
  /// Kernel-user memory for the UTCBs of core's threads beside the first.
  static let utcbArea: UInt64 = 0x30_0000_0000
}

/// The environment of the first child, which core serves as its parent.
struct InitialChild: Hashable, Sendable {
  var ram = 0
  var cpu = 0
  var pd = 0
  var thread = 0
  var parentBadge: UInt64 = 0
}

/// A session that somebody pays for: what `upgrade` and `close` need.
struct CoreSession: Hashable, Sendable {
  var badge: UInt64
  var service: String
  var label: String
  var quota: UInt64
  /// Account the quota returns to.
  var donor: Int
}

/// Something one of core's threads still has to do before it answers.
enum CoreWork: Hashable, Sendable {
  case invoke(SystemCall)
  case compute(picoseconds: UInt64)
  case fill(address: UInt64, bytes: UInt64)
  /// Take pages away from everybody but core, one kernel call per page.
  case revoke(address: UInt64, pages: Int)
  /// Take pages away from one task, by its own addresses.
  case unmapDirectly(task: CapabilitySlot, address: UInt64, pages: Int)
  /// A loop without an end.
  case spinForever
}

extension CoreWork {
  /// Does the first part of the work; returns what is left of it.
  func carryOut(_ script: inout Script) throws(Suspension) -> CoreWork? {
    switch self {
    case .invoke(let call): _ = try script.invoke(call)
    case .compute(let picoseconds): try script.compute(picoseconds: picoseconds)
    case .fill(let address, let bytes): try script.fill(address, bytes: bytes)
    case .spinForever:
      try script.compute(picoseconds: 1 << 40)
      return self
    case .unmapDirectly(let task, let address, let pages):
      try script.invokeForPages(KernelCall.unmapPage(address, from: task), pages)
    case .revoke(let address, let pages): try script.invokeForPages(KernelCall.revokePage(address), pages)
    }
    return nil
  }
}

/// What a thread of core has queued, first in, first out.
///
/// Taking the first piece changes no array: a step of a native program would copy it.
struct CoreWorkQueue: Hashable, Sendable {
  private var pieces: [CoreWork] = []
  private var done = 0

  var first: CoreWork? { done < pieces.count ? pieces[done] : nil }

  /// CPU time that follows CPU time is one piece.
  mutating func append(_ piece: CoreWork) {
    if case .compute(let more) = piece, done < pieces.count, case .compute(let time)? = pieces.last {
      pieces[pieces.count - 1] = .compute(picoseconds: time + more)
    } else {
      pieces.append(piece)
    }
  }

  static func += (queue: inout CoreWorkQueue, pieces: [CoreWork]) {
    for piece in pieces { queue.append(piece) }
  }

  mutating func removeFirst() {
    done += 1
    if done == pieces.count { self = CoreWorkQueue() }
  }

  /// The first piece is done only in part.
  mutating func replaceFirst(by rest: CoreWork) { pieces[done] = rest }
}

/// Why a request handler stops early.
enum Interruption: Error {
  /// The next kernel call has no result yet.
  case suspended
  /// The request is refused; every change it made is undone.
  case refused(RPCException)
}

extension Script {
  mutating func kernel(_ call: SystemCall) throws(Interruption) -> SystemCallResult {
    do { return try invoke(call) } catch { throw .suspended }
  }
}
