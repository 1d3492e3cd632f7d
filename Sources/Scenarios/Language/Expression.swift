/// A 64-bit integer expression over variables.
///
/// Arithmetic wraps; `/`, `%`, `>>` and comparisons are signed and behave as the RV64 instructions do (dividing by 0
/// gives -1, remainder by 0 the dividend). Comparisons and logic give 0 or 1; `&&` and `||` skip their right side.
public indirect enum Expression: Hashable, Sendable {
  case literal(Int64, Position)
  case variable(Name)
  /// `&name`: address of a variable, dataspace or function.
  case addressOf(Name)
  case unary(UnaryOperator, Expression, Position)
  /// The position is the operator's.
  case binary(BinaryOperator, Expression, Expression, Position)

  public var position: Position {
    switch self {
    case .literal(_, let position), .unary(_, _, let position), .binary(_, _, _, let position): position
    case .variable(let name), .addressOf(let name): name.position
    }
  }
}

public enum UnaryOperator: String, Hashable, Sendable, CaseIterable {
  case negate = "-", not = "!", complement = "~"
}

public enum BinaryOperator: String, Hashable, Sendable, CaseIterable {
  case or = "||", and = "&&"
  case equal = "==", notEqual = "!=", lessOrEqual = "<=", greaterOrEqual = ">=", less = "<", greater = ">"
  case bitOr = "|", bitXor = "^", bitAnd = "&"
  case shiftLeft = "<<", shiftRight = ">>"
  case add = "+", subtract = "-"
  case multiply = "*", divide = "/", remainder = "%"

  /// Larger binds tighter. Unlike C, bit operators bind tighter than comparisons: `x & 1 == 0` means `(x & 1) == 0`.
  public var precedence: Int {
    switch self {
    case .or: 1
    case .and: 2
    case .equal, .notEqual, .lessOrEqual, .greaterOrEqual, .less, .greater: 3
    case .bitOr: 4
    case .bitXor: 5
    case .bitAnd: 6
    case .shiftLeft, .shiftRight: 7
    case .add, .subtract: 8
    case .multiply, .divide, .remainder: 9
    }
  }
}
