/// What a floating-point instruction computes; loads and stores apart.
enum FloatOperation: UInt8, BitwiseCopyable {
  case add, subtract, multiply, divide, squareRoot
  case copySign, copyNegatedSign, xorSign
  case minimum, maximum
  case lessOrEqual, less, equal, classify
  /// The field rs2 says which integer format.
  case toInteger, fromInteger
  /// To the format of the instruction, from the other one.
  case convert
  case moveToInteger, moveFromInteger
  /// a x b + c, a x b - c, -(a x b) + c, -(a x b) - c.
  case multiplyAdd, multiplySubtract, negatedMultiplyAdd, negatedMultiplySubtract

  /// Whether the result goes to an integer register.
  var hasIntegerResult: Bool {
    switch self {
    case .lessOrEqual, .less, .equal, .classify, .toInteger, .moveToInteger: true
    default: false
    }
  }
}

/// What `DecodedInstruction.immediate` holds for a floating-point computation.
struct FloatSelector: BitwiseCopyable {
  var rawValue: Int32

  /// `rounding` as encoded: 7 is the mode in fcsr.
  init(_ operation: FloatOperation, _ format: FloatFormat, rounding: UInt32 = 0, rs3: UInt32 = 0) {
    let low = UInt32(operation.rawValue) | UInt32(format.rawValue) << 8
    rawValue = Int32(bitPattern: low | rounding << 9 | rs3 << 12)
  }

  init(rawValue: Int32) { self.rawValue = rawValue }

  var operation: FloatOperation {
    guard let operation = FloatOperation(rawValue: UInt8(truncatingIfNeeded: rawValue)) else {
      preconditionFailure("the decoder admits known floating-point operations only")
    }
    return operation
  }
  var format: FloatFormat { rawValue & 0x100 == 0 ? .single : .double }
  var rounding: UInt8 { UInt8(rawValue >> 9 & 7) }
  var rs3: Int { Int(rawValue >> 12 & 31) }
}
