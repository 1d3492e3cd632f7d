import Determinism
import FiascoKernel

/// One record of a kernel trace: what happened, when exactly, and what surrounded it.
public struct TraceRecord: Sendable {
  /// The instant inside the kernel's work; records of a run have the instant at which the kernel was left.
  public let at: Instant
  public let event: KernelEvent
  public let context: TraceContext
}

extension Node {
  /// From now on `trace` fills. The run itself stays the same: its instants, its records and its digest.
  ///
  /// What the kernel did while it booted is still in its outbox and belongs to this instant.
  public mutating func beginTrace() {
    kernel.beginTrace()
    for index in 0..<kernel.outbox.count {
      trace.append(TraceRecord(at: now, event: kernel.outbox[index], context: kernel.traceContexts[index]))
    }
    tracedAtBoot = kernel.outbox.count
  }

  /// Takes the kernel's records for a run that is being traced: those only a trace needs go nowhere else.
  @inline(never)
  mutating func takeTrace() {
    var isTimed = false
    for index in 0..<kernel.outbox.count {
      let event = kernel.outbox[index]
      if index >= tracedAtBoot {
        let context = kernel.traceContexts[index]
        let work = TimeSpan.picoseconds(Int64(context.cycles &* platform.picosecondsPerCycle))
        trace.append(TraceRecord(at: kernel.now + work, event: event, context: context))
      }
      guard !event.isTraceOnly else { continue }
      if !isTimed {
        traceDigest.combine(now.picoseconds)
        if kernel.isMulticore { traceDigest.combine(UInt64(activeCore)) }
        isTimed = true
      }
      event.digest(into: &traceDigest)
      if keepsRecords { records.append(NodeRecord(at: now, event: .kernel(event), core: activeCore)) }
    }
    kernel.discardRecords()
    tracedAtBoot = 0
  }
}
