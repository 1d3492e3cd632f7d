import CheckpointRestore
import FiascoKernel
import FiascoMachine
import Genode

/// The figures of a platform as rows for a reader: what costs how much, from where, how it is known.
public struct CostTable: Hashable, Sendable {
  public enum Unit: String, Hashable, Sendable { case cycles, picosecondsPerByte }

  public struct Row: Hashable, Sendable {
    public var work: String
    public var base: UInt64
    public var perUnit: UInt64
    public var unit: Unit
    public var status: CostStatus
    public var source: String
  }

  public var platform: String
  public var about: String
  public var picosecondsPerCycle: UInt64
  public var rows: [Row]

  init(_ profile: PlatformProfile, genode: GenodeCosts, checkpointer: CheckpointerCosts, cores: Int) {
    self.init(profile, cores: cores)
    rows += GenodeWork.allCases.map { work in
      Row(
        work: "core \(work)", base: genode.cycles[Int(work.rawValue)], perUnit: 0, unit: .cycles, status: .assumed,
        source: "user-level work of core, init and timer, scaled from the length of the code path")
    }
    if genode.picosecondsPerConsoleByte > 0 {
      rows.append(
        Row(
          work: "core consoleByte", base: 0, perUnit: genode.picosecondsPerConsoleByte, unit: .picosecondsPerByte,
          status: .assumed, source: "ten bits on a serial line of the speed the scenario names, waited for"))
    }
    let own: [(String, UInt64)] = [
      ("checkpoint capability", checkpointer.picosecondsPerCapabilityEntry),
      ("checkpoint object", checkpointer.picosecondsPerObject),
      ("checkpoint list node", checkpointer.picosecondsPerNode),
      ("checkpoint emulated access", checkpointer.picosecondsPerEmulatedAccess),
    ]
    rows += own.map { name, cost in
      Row(
        work: name, base: cost / profile.picosecondsPerCycle, perUnit: 0, unit: .cycles, status: .assumed,
        source: "the checkpointer's own list work, beside the calls and copies it makes")
    }
  }

  /// What is done between cores counts only where there are several.
  public init(_ profile: PlatformProfile, cores: Int = 1) {
    platform = profile.name
    about = profile.about
    picosecondsPerCycle = profile.picosecondsPerCycle
    rows = KernelWork.allCases.filter { cores > 1 || !$0.isBetweenCores }.map { work in
      let entry = profile.kernel[work]
      return Row(
        work: "\(work)", base: entry.base, perUnit: entry.perUnit, unit: .cycles, status: entry.status,
        source: entry.source)
    }
    let memory: [(String, MemoryCosts.Entry)] = [
      ("copyMemory", profile.memory.copy), ("fillMemory", profile.memory.fill), ("touchMemory", profile.memory.touch),
      ("writeStorage", profile.memory.storage),
    ]
    rows += memory.map { name, entry in
      Row(
        work: name, base: 0, perUnit: entry.picosecondsPerByte, unit: .picosecondsPerByte, status: entry.status,
        source: entry.source)
    }
  }

  /// How the figures are known, with how many of them, from the best to the least known.
  public var statuses: [(status: CostStatus, count: Int)] {
    [CostStatus.measured, .counted, .published, .assumed].compactMap { status in
      let count = rows.filter { $0.status == status }.count
      return count > 0 ? (status, count) : nil
    }
  }
}
