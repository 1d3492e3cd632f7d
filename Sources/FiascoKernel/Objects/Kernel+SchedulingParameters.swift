// Reads message registers; writes nothing.
import Determinism
import FiascoABI

extension Kernel {
  /// The parameters of a run_thread message: MR3 priority or class, then what the class wants. Nil leaves the thread as
  /// it is: profile r67 does not look at what its scheduler refuses.
  ///
  /// Models `Sched_context::check_param` and `set`.
  func schedulingParameters(by t: ThreadID, tag: MessageTag) throws(InvocationError) -> SchedulingParameters? {
    let requested = Int64(bitPattern: utcbWord(t, 3))
    do throws(InvocationError) {
      return requested < 0 ? try classParameters(requested, by: t, tag: tag) : try legacyParameters(by: t, tag: tag)
    } catch {
      // A message that ends before its parameters is refused by both.
      if profile.checksSchedulerParameters { throw error }
      if requested < 0, !hasParameters(by: t, tag: tag) { throw .invalidArgument }
      return nil
    }
  }

  /// MR3 priority, MR4 quantum in microseconds; in a kernel with deadlines MR5 is one, relative to now, if it is not 0.
  ///
  /// The argos kernel looks at MR5 whatever the length of the message; here it counts only if the message has it.
  private func legacyParameters(by t: ThreadID, tag: MessageTag) throws(InvocationError) -> SchedulingParameters {
    if profile.scheduler == .fixedPriorityAndDeadlines, tag.words >= 6, utcbWord(t, 5) != 0 {
      return deadlineParameters(utcbWord(t, 5))
    }
    return try fixedParameters(priority: utcbWord(t, 3), quantum: utcbWord(t, 4))
  }

  /// MR4 length of the parameters with the processors in bytes, MR5... what the class wants.
  private func classParameters(
    _ number: Int64, by t: ThreadID, tag: MessageTag
  ) throws(InvocationError) -> SchedulingParameters {
    switch (number, profile.scheduler) {
    case (-1, _):
      guard hasParameters(by: t, tag: tag) else { throw .invalidArgument }
      return try fixedParameters(priority: utcbWord(t, 6), quantum: utcbWord(t, 5))
    case (-2, .fixedPriorityAndFairQueueing):
      let (quantum, weight) = (utcbWord(t, 5), utcbWord(t, 6))
      guard hasParameters(by: t, tag: tag), quantum != 0, weight != 0 else { throw .invalidArgument }
      return .fair(quantum: Self.span(quantum), weight: weight)
    case (-3, .fixedPriorityAndDeadlines):
      guard hasParameters(by: t, tag: tag), utcbWord(t, 5) != 0 else { throw .invalidArgument }
      return deadlineParameters(utcbWord(t, 5))
    default: throw .outOfRange
    }
  }

  private func fixedParameters(priority: UInt64, quantum: UInt64) throws(InvocationError) -> SchedulingParameters {
    guard priority != 0 || !profile.checksSchedulerParameters else { throw .invalidArgument }
    return .fixed(
      priority: UInt8(clamping: priority), quantum: quantum == 0 ? .milliseconds(10) : Self.span(quantum))
  }

  /// From now on the clock decides: the deadline is as far away as the message says.
  private func deadlineParameters(_ relative: UInt64) -> SchedulingParameters {
    let (deadline, overflow) = clockMicroseconds.addingReportingOverflow(relative)
    return .deadline(overflow ? .max : deadline)
  }

  private func hasParameters(by t: ThreadID, tag: MessageTag) -> Bool { utcbWord(t, 4) >= 48 && tag.words >= 7 }

  private static func span(_ microseconds: UInt64) -> TimeSpan { .microseconds(Int64(min(microseconds, 1 << 40))) }
}
