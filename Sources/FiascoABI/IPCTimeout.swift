/// A timeout of one phase of an IPC operation, 16 bits.
///
/// 0 never; mantissa 0 with a non-zero exponent (0x400) zero; relative: mantissa (bits 0-9) << exponent
/// (bits 10-14) microseconds; bit 15: absolute, bits 0-5 name the buffer register with the microseconds.
/// Models `L4_timeout`.
public struct IPCTimeout: Hashable, BitwiseCopyable, Sendable {
  public var raw: UInt16
  @inlinable public init(raw: UInt16) { self.raw = raw }

  @inlinable public static var never: IPCTimeout { IPCTimeout(raw: 0) }
  @inlinable public static var zero: IPCTimeout { IPCTimeout(raw: 0x400) }

  /// The shortest representable timeout that is at least `microseconds` minus the lost low bits.
  @inlinable
  public static func relative(microseconds: UInt64) -> IPCTimeout {
    if microseconds == 0 { return .zero }
    var exponent: UInt64 = 0
    while microseconds >> exponent > 1023 { exponent += 1 }
    return IPCTimeout(raw: UInt16(microseconds >> exponent | exponent << 10))
  }

  @inlinable public var isNever: Bool { raw == 0 }
  @inlinable public var isAbsolute: Bool { raw & 0x8000 != 0 }
  @inlinable public var isZero: Bool { !isAbsolute && raw != 0 && raw & 0x3ff == 0 }
  @inlinable public var bufferRegister: Int { Int(raw & 63) }
  @inlinable public var microseconds: UInt64 { UInt64(raw & 0x3ff) << UInt64(raw >> 10 & 31) }
}

/// Receive timeout in the low half, send timeout in the high half.
public struct IPCTimeouts: Hashable, BitwiseCopyable, Sendable {
  public var raw: UInt64
  @inlinable public init(raw: UInt64) { self.raw = raw }
  @inlinable
  public init(send: IPCTimeout, receive: IPCTimeout) { raw = UInt64(send.raw) << 16 | UInt64(receive.raw) }
  @inlinable public var send: IPCTimeout { IPCTimeout(raw: UInt16(truncatingIfNeeded: raw >> 16)) }
  @inlinable public var receive: IPCTimeout { IPCTimeout(raw: UInt16(truncatingIfNeeded: raw)) }
  @inlinable public static var never: IPCTimeouts { IPCTimeouts(raw: 0) }
  @inlinable public static var sendZero: IPCTimeouts { IPCTimeouts(send: .zero, receive: .never) }
}
