import Determinism
import FiascoABI
import FiascoKernel
import FiascoMachine
import Genode

/// Everything that is simulated, as one value: the machine, the native programs, the records not yet taken.
///
/// `fork()` is the snapshot: two systems never influence each other.
public struct System: ~Copyable {
  public var node: Node
  /// Programs written in Swift, one for each task that runs one.
  public internal(set) var programs: [HostedProgram] = []
  /// Native threads by thread slot.
  var natives: [NativeThread?] = []
  /// Happenings of the upper layers since they were last drained.
  public var records: [SystemRecord] = []

  public init(node: consuming Node) { self.node = node }

  public mutating func fork() -> System { System(forkOf: &self) }

  private init(forkOf original: inout System) {
    node = original.node.fork()
    programs = original.programs
    natives = original.natives
  }

  public var now: Instant { node.now }

  /// Digest of the machine's whole state, stable across processes and builds.
  public var digest: StateDigest {
    var digest = StateDigest()
    node.digest(into: &digest)
    return digest
  }
}

/// A native program and the task that runs it.
public struct HostedProgram: Sendable {
  public let task: TaskID
  public var program: Program
}

/// A happening of any layer.
public struct SystemRecord: Sendable {
  public let at: Instant
  public let event: SystemEvent
  /// The core on which the kernel or a program did it.
  public var core: UInt8 = 0
}

/// Why a run ended.
public enum SystemExit: Hashable, Sendable {
  case reached
  /// No event is pending and nobody is ready.
  case quiet
  case stopped(reason: String)
  /// A limit named here was hit.
  case limit(String)
}

extension System {
  /// Runs until `limit` or until nothing can happen any more.
  public mutating func run(until limit: Instant, instructions: UInt64 = .max) -> SystemExit {
    var budget = instructions
    while true {
      let before = node.retired
      let exit = node.run(until: limit, instructions: budget)
      budget -= min(budget, node.retired - before)
      switch exit {
      case .reached: return .reached
      case .quiet: return .quiet
      case .stopped(let stop): return .stopped(reason: stop.reason)
      case .limit: return .limit("instructions")
      case .native(let thread): advanceNative(thread, until: limit)
      }
    }
  }

  /// All records since the last call, oldest first.
  public mutating func drainRecords() -> [SystemRecord] {
    var merged: [SystemRecord] = []
    merged.reserveCapacity(records.count + node.records.count)
    var own = records[...]
    for record in node.records {
      while let first = own.first, first.at < record.at { merged.append(own.removeFirst()) }
      merged.append(SystemRecord(at: record.at, event: SystemEvent(record.event), core: record.core))
    }
    merged.append(contentsOf: own)
    records.removeAll(keepingCapacity: true)
    node.records.removeAll(keepingCapacity: true)
    return merged
  }
}
