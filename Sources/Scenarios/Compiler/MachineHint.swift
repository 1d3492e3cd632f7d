/// What a program tells the machine with the `hint` instruction: an instant worth remembering, at no cost.
///
/// The first register holds the kind, the second one the operand: for jobs the stream in the low 16 bits and above
/// it the nominal release in ticks of the time base, so that waiting before the first instruction counts.
public enum MachineHint: UInt64, CaseIterable, Hashable, Sendable {
  /// `Component::construct` begins. A second one in the life of a component means that it was started again.
  case construct = 1
  case jobRelease = 2
  case jobCompletion = 3
  /// The thread has reached the end of its program and will not run again.
  case threadExit = 4
  /// A periodic job begins, with its first nominal release. From here to its end a release happens in every period,
  /// whether or not the thread gets the processor.
  case jobsBegin = 5
  case jobsEnd = 6

  public static let streamBits: UInt64 = 16

  /// The stream and nominal release of a job hint.
  public static func job(_ operand: UInt64) -> (stream: Int, release: UInt64) {
    (Int(operand & (1 << streamBits - 1)), operand >> streamBits)
  }
}

/// A periodic job of a program, by the number its hints carry.
public struct JobStream: Hashable, Sendable {
  public var id: Int
  public var component: String
  public var name: String
  public var period: DurationValue
  /// After the nominal release.
  public var deadline: DurationValue
  public var position: Position
}
