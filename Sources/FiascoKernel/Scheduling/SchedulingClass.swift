import Determinism

/// Which classes of scheduling the kernel was built with: its configuration options.
public enum SchedulerConfiguration: String, Hashable, Sendable, CaseIterable {
  /// `CONFIG_SCHED_FIXED_PRIO`, what Genode's boards use.
  case fixedPriority = "fixed-priority"
  /// `CONFIG_SCHED_FP_WFQ`: weighted fair queueing below all fixed priorities.
  case fixedPriorityAndFairQueueing = "fp-wfq"
  /// `CONFIG_SCHED_FP_EDF` of the argos kernel: earliest deadline first below all fixed priorities.
  case fixedPriorityAndDeadlines = "fp-edf"

  /// As the scheduler object names the classes: bit -n for class n.
  var classes: UInt64 {
    switch self {
    case .fixedPriority: 1 << 1
    case .fixedPriorityAndFairQueueing: 1 << 1 | 1 << 2
    case .fixedPriorityAndDeadlines: 1 << 1 | 1 << 3
    }
  }
}

/// How a thread competes for the processor.
public enum SchedulingClass: UInt8, Hashable, BitwiseCopyable, Sendable {
  /// Class -1, and the legacy form: 256 levels, round robin in each.
  case fixedPriority
  /// Class -2: the time that fixed priorities leave is shared by weight.
  case fair
  /// Class -3: of the time that fixed priorities leave, the earliest deadline gets as much as it wants.
  case deadline
}

/// What run_thread sets.
public struct SchedulingParameters: Hashable, BitwiseCopyable, Sendable {
  public var schedulingClass = SchedulingClass.fixedPriority
  /// 0 in the other classes: every fixed priority but 0 precedes them, also in sender queues.
  public var priority: UInt8 = 0
  public var quantum = TimeSpan.milliseconds(10)
  /// Of a fair thread: its share of the time, relative to the others'.
  public var weight: UInt64 = 1
  /// Of a deadline thread: on the kernel's clock, in microseconds.
  public var deadline: UInt64 = 0

  public static func fixed(priority: UInt8, quantum: TimeSpan) -> SchedulingParameters {
    SchedulingParameters(priority: priority, quantum: quantum)
  }
  public static func fair(quantum: TimeSpan, weight: UInt64) -> SchedulingParameters {
    SchedulingParameters(schedulingClass: .fair, quantum: quantum, weight: weight)
  }
  public static func deadline(_ microseconds: UInt64) -> SchedulingParameters {
    SchedulingParameters(schedulingClass: .deadline, deadline: microseconds)
  }
}
