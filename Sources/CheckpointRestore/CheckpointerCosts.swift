/// What the checkpointer's own code costs, beside the kernel calls, RPCs and copies it makes.
///
/// Each figure is the price of one thing that is really done and counted: an entry read, a record made or looked at, a
/// list node passed, a line printed, a byte written. So a checkpoint's phases follow from the component, never from
/// totals.
public struct CheckpointerCosts: Hashable, Sendable {
  public var picosecondsPerCapabilityEntry: UInt64
  /// For each stored record that is made or brought up to date.
  public var picosecondsPerObject: UInt64
  /// For each node of a list that a search passes, the one it finds included.
  public var picosecondsPerNode: UInt64
  /// For each line of the verbose log; 0 means that the log is off.
  public var picosecondsPerLogLine: UInt64 = 0
  /// For each byte of a dataspace that is copied, beside the machine's own copy: an uncached dataspace, page faults of
  /// an emulated machine.
  public var picosecondsPerCopiedByte: UInt64 = 0
  public var picosecondsPerWrittenByte: UInt64
  /// For taking apart and carrying out one instruction of a target, beside the calls and accesses this takes.
  public var picosecondsPerEmulatedAccess: UInt64 = 0
  public var status = "assumed"

  public init(
    picosecondsPerCapabilityEntry: UInt64, picosecondsPerObject: UInt64, picosecondsPerNode: UInt64,
    picosecondsPerWrittenByte: UInt64
  ) {
    self.picosecondsPerCapabilityEntry = picosecondsPerCapabilityEntry
    self.picosecondsPerObject = picosecondsPerObject
    self.picosecondsPerNode = picosecondsPerNode
    self.picosecondsPerWrittenByte = picosecondsPerWrittenByte
  }

  /// No source separates the checkpointer's own code from the RPCs around it: tens of instructions for an entry of the
  /// capability map or a list node, a few thousand cycles for a record, and 100 MB/s for the store.
  public static func assumed(picosecondsPerCycle: UInt64) -> CheckpointerCosts {
    var costs = CheckpointerCosts(
      picosecondsPerCapabilityEntry: 20 * picosecondsPerCycle, picosecondsPerObject: 3_000 * picosecondsPerCycle,
      picosecondsPerNode: 20 * picosecondsPerCycle, picosecondsPerWrittenByte: 10_000)
    costs.picosecondsPerEmulatedAccess = 300 * picosecondsPerCycle
    return costs
  }

  /// The published profile of 2018 (profiler of the Rtcr rewrite, emulated ARM board, timer of 1 ms, verbose log on the
  /// serial line): fit for proportions, not for absolute times.
  ///
  /// Three figures are fitted to three published ones: the line to the whole (1,240 ms), the entry to the scan of the
  /// capability map (24 ms), the copied byte to the copy of the dataspaces (144 ms). The article "Calibrating the cost of
  /// a checkpoint" tells how, and what is left over to be checked.
  public static let profile2018: CheckpointerCosts = {
    var costs = CheckpointerCosts(
      picosecondsPerCapabilityEntry: 4_500_000, picosecondsPerObject: 300_000_000, picosecondsPerNode: 1_000_000,
      picosecondsPerWrittenByte: 10_000)
    costs.picosecondsPerLogLine = 5_500_000_000
    costs.picosecondsPerCopiedByte = 220_000
    costs.status = "published, relative"
    return costs
  }()

  public static let free = CheckpointerCosts(
    picosecondsPerCapabilityEntry: 0, picosecondsPerObject: 0, picosecondsPerNode: 0, picosecondsPerWrittenByte: 0)
}
