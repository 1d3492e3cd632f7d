/// The word that describes a message: how many words, how many typed items, which flags, which protocol.
///
/// Layout: bits 0-5 words, 6-11 items, 12 FPU transfer, 13 schedule (no donation), 14 propagate,
/// 15 error (output), 16... signed protocol label. Models `L4_msg_tag`.
public struct MessageTag: Hashable, BitwiseCopyable, Sendable {
  public var raw: UInt64

  @inlinable public init(raw: UInt64) { self.raw = raw }

  @inlinable
  public init(label: Int64 = 0, words: Int = 0, items: Int = 0, flags: MessageTagFlags = []) {
    raw = UInt64(bitPattern: label) << 16 | UInt64(items & 63) << 6 | UInt64(words & 63) | flags.rawValue
  }

  @inlinable public var words: Int { Int(raw & 63) }
  @inlinable public var items: Int { Int(raw >> 6 & 63) }
  @inlinable public var label: Int64 { Int64(bitPattern: raw) >> 16 }
  @inlinable public var flags: MessageTagFlags { MessageTagFlags(rawValue: raw & 0xf000) }
  @inlinable public var hasError: Bool { raw & MessageTagFlags.error.rawValue != 0 }

  /// The tag of a system call that failed in its send phase: everything but the error bit is lost.
  @inlinable public static var failed: MessageTag { MessageTag(raw: MessageTagFlags.error.rawValue) }

  @inlinable
  public func withError(_ on: Bool) -> MessageTag {
    MessageTag(raw: on ? raw | MessageTagFlags.error.rawValue : raw & ~MessageTagFlags.error.rawValue)
  }
}

/// Bits 12-15 of a message tag.
public struct MessageTagFlags: OptionSet, Hashable, BitwiseCopyable, Sendable {
  public let rawValue: UInt64
  @inlinable public init(rawValue: UInt64) { self.rawValue = rawValue }

  public static let transferFPU = MessageTagFlags(rawValue: 0x1000)
  /// The sender keeps its time slice: no donation to the receiver.
  public static let schedule = MessageTagFlags(rawValue: 0x2000)
  /// Documented by the kernel's interface, never implemented.
  public static let propagate = MessageTagFlags(rawValue: 0x4000)
  public static let error = MessageTagFlags(rawValue: 0x8000)
}
