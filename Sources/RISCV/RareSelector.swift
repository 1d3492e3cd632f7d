/// What `DecodedInstruction.immediate` holds for an instruction that the loop does not do itself: the kind above, what
/// more there is to know in 20 bits below. One operation for them all keeps the loop's `switch` as it is.
struct RareSelector: BitwiseCopyable {
  enum Kind: UInt8, BitwiseCopyable { case atomic, flw, fld, fsw, fsd, float, floatStatus }

  var rawValue: Int32

  init(_ kind: Kind, _ details: Int32) { rawValue = Int32(kind.rawValue) << 20 | details & 0xf_ffff }

  init(rawValue: Int32) { self.rawValue = rawValue }

  var kind: Kind {
    guard let kind = Kind(rawValue: UInt8(truncatingIfNeeded: rawValue >> 20)) else {
      preconditionFailure("the decoder admits known instructions only")
    }
    return kind
  }

  /// With its sign.
  var details: Int32 { (rawValue << 12) >> 12 }
}
