/// Named pieces of user-level work of the system components.
public enum GenodeWork: UInt8, BitwiseCopyable, Sendable, CaseIterable {
  /// Decode a request, look its object up, encode the answer; without kernel entries.
  case rpcDispatch
  case createSession
  case createThread
  case allocateDataspace
  case attachRegion
  case detachRegion
  case resolveFault
  case handleException
  case deliverSignal
  case formatLine
  case loadSegment
  case timerPoll
}

/// What the code of core, init and timer costs on a platform, in cycles.
///
/// No measurement of core's RPC functions is published. The defaults are assumed: the literature suggests about
/// 4,000 cycles for an RPC on base-foc including two kernel IPC paths of 1,300, which leaves about 1,400 for both
/// sides' marshalling and dispatch; the others are scaled from that by the length of the code path.
public struct GenodeCosts: Hashable, Sendable {
  public var picosecondsPerCycle: UInt64
  public var cycles: [UInt64]
  /// Time for which core is busy with each byte it puts on the kernel's log. 0 stands for a console that is not waited
  /// for; a serial line of 115,200 baud takes 86,800,000 ps, and then the warnings about faults are what faults cost.
  public var picosecondsPerConsoleByte: UInt64 = 0
  /// Said in every report that used these figures.
  public var status = "assumed"

  public init(picosecondsPerCycle: UInt64, cycles: (GenodeWork) -> UInt64) {
    self.picosecondsPerCycle = picosecondsPerCycle
    self.cycles = GenodeWork.allCases.map(cycles)
  }

  public func picoseconds(_ work: GenodeWork, count: UInt64 = 1) -> UInt64 {
    cycles[Int(work.rawValue)] &* count &* picosecondsPerCycle
  }

  public static func assumed(picosecondsPerCycle: UInt64) -> GenodeCosts {
    GenodeCosts(picosecondsPerCycle: picosecondsPerCycle) {
      switch $0 {
      case .rpcDispatch: 700
      case .createSession: 6_000
      case .createThread: 3_000
      case .allocateDataspace: 2_500
      case .attachRegion: 1_500
      case .detachRegion: 1_500
      case .resolveFault: 900
      case .handleException: 500
      case .deliverSignal: 400
      case .formatLine: 800
      case .loadSegment: 2_000
      case .timerPoll: 300
      }
    }
  }

  /// User-level work takes no time: for tests of behaviour alone.
  public static let free = GenodeCosts(picosecondsPerCycle: 0) { _ in 0 }
}
