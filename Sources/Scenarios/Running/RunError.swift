import ELFFiles

/// Why a scenario cannot be played although it is well formed.
public enum RunError: Error, Hashable, Sendable {
  case invalid(ScenarioError)
  /// A part of the language that the runner does not carry out.
  case unsupported(what: String, file: String, position: Position)
  case unreadableBinary(path: String, ELFError, file: String, position: Position)
}

extension RunError {
  /// Without the place in the file.
  public var reason: String {
    switch self {
    case .invalid(let error): "\(error)"
    case .unsupported(let what, _, _): "\(what) cannot be played by this version"
    case .unreadableBinary(let path, let error, _, _): "the program \(path) cannot be used: \(error)"
    }
  }
}

extension RunError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .invalid(let error): "\(error)"
    case .unsupported(_, let file, let position), .unreadableBinary(_, _, let file, let position):
      "\(file):\(position.line):\(position.column): \(reason)"
    }
  }
}
