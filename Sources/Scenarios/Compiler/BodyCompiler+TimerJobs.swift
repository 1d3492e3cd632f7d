/// Periodic jobs that know the time from their Timer session only.
extension BodyCompiler {
  private static let picosecondsPerMillisecond: Int64 = 1_000_000_000

  /// As `every`, but releases are ages of the session. Whoever interposes it can move them: a restored job goes on where
  /// it was, on whatever machine.
  func everyByTimer(_ job: PeriodicJob) throws(Diagnostic) {
    let stream = program.addStream(job, component: names.prefix)
    let period = try milliseconds(job.period)
    let offset = try job.offset.map { value throws(Diagnostic) in try milliseconds(value) } ?? 0
    let release = f.variable(f.call("timer_elapsed") + .constant(offset))
    let instant = f.variable(.time + .constant(job.offset.map(program.ticks) ?? 0))
    let rounds = f.variable(0)
    let limit = f.keep(try value(job.times, else: 1))
    hint(.jobsBegin, stream, instant)
    f.openBlock()
    f.set(instant, f.call("release_by_timer", .local(release)))
    hint(.jobRelease, stream, instant)
    let before = f.takeBlock()
    var body = before
    body += try block(job.body)
    f.openBlock()
    hint(.jobCompletion, stream, instant)
    f.set(release, .local(release) + .constant(period))
    if job.times != nil { f.set(rounds, .local(rounds) + 1) }
    body += f.takeBlock()
    f.emit(.loop(while: IR.Value.local(rounds).isLess(limit), body: body))
    hint(.jobsEnd, stream, instant)
  }

  private func milliseconds(_ duration: DurationValue) throws(Diagnostic) -> UInt64 {
    guard duration.picoseconds % Self.picosecondsPerMillisecond == 0 else {
      throw Diagnostic(
        .outOfRange(describe(duration), allowed: "whole milliseconds with the timer as clock"), at: duration.position)
    }
    return UInt64(duration.picoseconds / Self.picosecondsPerMillisecond)
  }

  private func describe(_ duration: DurationValue) -> String { "\(duration.picoseconds) ps" }
}
