import CheckpointRestore
import Determinism
import Scenarios

// The sentences of reports about single facts. Facts come in, nothing is decided here.

func hexadecimal(_ value: UInt64) -> String { "0x" + String(value, radix: 16) }

/// "1 job", "2 jobs", "12,345 jobs".
func counted(_ count: UInt64, _ noun: String, plural: String? = nil) -> String {
  "\(grouped(count)) \(count == 1 ? noun : plural ?? noun + "s")"
}

func counted(_ count: Int, _ noun: String, plural: String? = nil) -> String {
  counted(UInt64(count), noun, plural: plural)
}

/// Thousands are set apart by commas.
func grouped(_ number: UInt64) -> String {
  let digits = Array(String(number))
  var result = ""
  for (index, digit) in digits.enumerated() {
    if index > 0, (digits.count - index) % 3 == 0 { result.append(",") }
    result.append(digit)
  }
  return result
}

/// "132 KiB", "4.5 MiB": at most one decimal, rounded down.
func size(_ bytes: UInt64) -> String {
  for (name, shift) in [("GiB", 30), ("MiB", 20), ("KiB", 10)] where bytes >= 1 << UInt64(shift) {
    let tenths = (bytes * 10) >> UInt64(shift)
    return tenths % 10 == 0 || tenths >= 1000 ? "\(tenths / 10) \(name)" : "\(tenths / 10).\(tenths % 10) \(name)"
  }
  return counted(bytes, "byte")
}

extension TimeSpan {
  /// Three significant digits, rounded half up: "412 us", "1.9 ms"; enough for a reader, the JSON has all digits.
  public var short: String {
    let magnitude = picoseconds.magnitude
    let sign = picoseconds < 0 ? "-" : ""
    let units: [(name: String, size: UInt64)] = [
      ("s", 1_000_000_000_000), ("ms", 1_000_000_000), ("us", 1_000_000), ("ns", 1_000), ("ps", 1),
    ]
    for (index, unit) in units.enumerated() where magnitude >= unit.size {
      let step: UInt64 = magnitude >= 100 * unit.size ? 1 : magnitude >= 10 * unit.size ? 10 : 100
      let parts = unit.size == 1 ? magnitude : (magnitude * step + unit.size / 2) / unit.size
      let divisor = unit.size == 1 ? 1 : step
      if parts / divisor >= 1000, index > 0 { return "\(sign)1 \(units[index - 1].name)" }
      return sign + decimal(parts, divisor) + " " + unit.name
    }
    return "0 s"
  }

  private func decimal(_ parts: UInt64, _ divisor: UInt64) -> String {
    var fraction = String(parts % divisor)
    fraction =
      String(repeating: "0", count: String(divisor).count - 1 - min(fraction.count, String(divisor).count - 1))
      + fraction
    while fraction.hasSuffix("0") { fraction.removeLast() }
    return divisor == 1 || fraction.isEmpty ? "\(parts / divisor)" : "\(parts / divisor).\(fraction)"
  }
}

extension Instant {
  /// As precise as three decimals of its unit, without needless digits.
  public var short: String { "\(self)" }
}

/// What an error word of the UTCB means.
func meaning(ofError code: Int) -> String {
  switch code & 0x1f {
  case 2: "send timeout"
  case 3: "receive timeout"
  case 4: "no partner"
  case 5: "partner gone"
  case 6: "send cancelled"
  case 7: "receive cancelled"
  case 8, 9: "message overflow"
  case 16, 17: "mapping failed"
  case 19: "no reply capability"
  default: "unknown error"
  }
}

extension ThreadImage.Situation {
  var sentence: String {
    switch self {
    case .runnable: "was running"
    case .sendPhase: "was sending (its message had not been taken)"
    case .callReceivePhase: "was waiting for the answer to a call (the request had been taken)"
    case .openWait: "was waiting for any sender"
    case .replyAndWait: "was in the wait phase of reply_and_wait (its reply had been sent)"
    case .closedReceive: "was waiting for one partner, or sleeping"
    case .pageFault: "was waiting for its pager"
    case .unknown: "was in a state the checkpointer could not tell"
    }
  }
}

extension ThreadFate {
  var sentence: String {
    switch sight {
    case .error(let code):
      let again = repetitions > 1 ? " \(grouped(repetitions)) times in a row" : ""
      return "saw error \(code) (\(meaning(ofError: code))) at \(at.short)\(again)"
        + then + (hasWaited ? ", then waited" : " and never waited")
    case .message: return "got its next message at \(at.short)"
    case .waits: return "waits since \(at.short)"
    case .stillSends: return "sends since \(at.short)"
    case .runs: return "runs since \(at.short)"
    case .nothing: return "never ran"
    }
  }
}

extension ThreadFate {
  private var then: String {
    guard let following else { return "" }
    let again = following.repetitions > 1 ? " \(grouped(following.repetitions)) times in a row" : ""
    return ", then error \(following.code) (\(meaning(ofError: following.code)))\(again)"
  }
}

extension ThreadStanding {
  public var sentence: String {
    switch self {
    case .running: "is running"
    case .waitsForAnybody(afterReply: true): "blocked in reply_and_wait, open to any sender"
    case .waitsForAnybody(afterReply: false): "blocked in wait, open to any sender"
    case .waitsFor(let partner, afterCall: true): "blocked in call, waits for the answer of \(partner)"
    case .waitsFor(let partner, afterCall: false): "blocked in receive, waits for \(partner)"
    case .sendsTo(let partner): "sends to \(partner), which does not receive"
    case .sleepsUntil(let instant): "sleeps until \(instant.short)"
    case .waitsForPager(let address): "waits for its pager to resolve \(hexadecimal(address))"
    case .waitsForExceptionHandler: "waits for its exception handler"
    case .waitsForSemaphore: "waits at a semaphore"
    case .atUnboundGate: "sends to a gate that is bound to nobody"
    case .stranded: "has faulted without a pager or handler: blocked for ever"
    case .neverStarted: "was never started"
    case .exited: "has come to its end"
    case .killed: "was killed"
    }
  }
}

extension RunEnding {
  public var sentence: String {
    switch self {
    case .stopped: "stopped by the timeline"
    case .finished: "every thread has come to its end"
    case .stuck: "stuck: no thread can run and no timeout is pending"
    case .livelock(let thread, let error, let repetitions):
      "stuck: \(thread) repeated a system call that fails with error \(error) (\(meaning(ofError: error))) "
        + "\(grouped(repetitions)) times while nothing else happened"
    case .spinning(let thread, let instructions):
      "stuck: \(thread) executed \(grouped(instructions)) instructions without a system call"
    case .kernelStopped(let reason): "stuck: the kernel stopped: \(reason)"
    case .limit(let name, let value): "the limit `\(name)` of \(grouped(value)) was hit"
    }
  }
}
