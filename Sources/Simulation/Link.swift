import CheckpointRestore
import Determinism

/// The connection from one node to another: whole messages, one after the other, nothing is lost on the way.
public struct Link: Sendable {
  public let latency: TimeSpan
  public let bytesPerSecond: UInt64
  /// When the last byte of everything accepted so far has left the sender.
  private(set) var freeAt = Instant.zero
  /// In the order of arrival.
  private(set) var underWay: [Message] = []

  struct Message: Sendable {
    var content: DispatchedImage
    /// When its last byte leaves the sender.
    var sentWhole: Instant
    var arrival: Instant
  }

  /// Messages cross a link in no less than a picosecond: a node must not see the other one's present.
  public init(latency: TimeSpan, bytesPerSecond: UInt64) {
    precondition(latency > .zero && bytesPerSecond > 0, "a link takes time for every message")
    self.latency = latency
    self.bytesPerSecond = bytesPerSecond
  }

  /// The line is free after what was accepted before; then the bytes follow one another.
  mutating func accept(_ content: DispatchedImage, at instant: Instant) {
    freeAt = max(freeAt, instant) + duration(of: content.bytes)
    underWay.append(Message(content: content, sentWhole: freeAt, arrival: freeAt + latency))
  }

  /// Rounded up to a picosecond.
  func duration(of bytes: UInt64) -> TimeSpan {
    let product = bytes.multipliedFullWidth(by: 1_000_000_000_000)
    guard product.high < bytesPerSecond else { return .picoseconds(.max) }
    let (quotient, rest) = bytesPerSecond.dividingFullWidth(product)
    return .picoseconds(Int64(clamping: quotient + (rest > 0 ? 1 : 0)))
  }

  var nextArrival: Instant { underWay.first?.arrival ?? .never }

  mutating func takeArrived(by instant: Instant) -> Message? {
    guard nextArrival <= instant, nextArrival != .never else { return nil }
    return underWay.removeFirst()
  }

  /// The sender is gone: what had not left it whole never arrives.
  mutating func loseUnsent(at instant: Instant) { underWay.removeAll { $0.sentWhole > instant } }

  /// The receiver is gone.
  mutating func loseAll() { underWay.removeAll() }

  func digest(into digest: inout StateDigest) {
    digest.combine(freeAt.picoseconds)
    for message in underWay {
      digest.combine(message.arrival.picoseconds)
      digest.combine(message.content.bytes)
      digest.combine(message.content.image.generation)
    }
  }
}
