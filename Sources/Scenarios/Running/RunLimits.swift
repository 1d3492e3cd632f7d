import Determinism

/// How far a run may go. A scenario raises or lowers them by name.
public struct RunLimits: Hashable, Sendable {
  /// Of a run without a `stop` in its timeline.
  public var simulatedTime = TimeSpan.seconds(3600)
  public var instructions: UInt64
  /// Records of the trace.
  public var events: UInt64
  public var outputBytes: UInt64
  public var instructionsWithoutProgress: UInt64

  public init(_ limits: Limits = Limits()) {
    instructions = limits.instructions
    events = UInt64(limits.events)
    outputBytes = UInt64(limits.outputBytes)
    instructionsWithoutProgress = limits.instructionsWithoutProgress
  }

  /// Applies a scenario's own settings.
  mutating func apply(_ settings: [LimitSetting], file: String) throws(RunError) {
    for setting in settings {
      let value = UInt64(setting.value.value)
      switch setting.name.text {
      case "instructions": instructions = value
      case "events": events = value
      case "outputBytes": outputBytes = value
      case "instructionsWithoutProgress": instructionsWithoutProgress = value
      // The language knows more limits than a run watches over; to ignore one would promise what nobody keeps.
      default:
        throw .unsupported(what: "the limit `\(setting.name.text)`", file: file, position: setting.name.position)
      }
    }
  }
}
