import ELFFiles

/// Why a scenario cannot be played although it is well formed.
public enum RunError: Error, Hashable, Sendable {
  case invalid(ScenarioError)
  /// A part of the language that the runner does not carry out.
  case unsupported(what: String, file: String, position: Position)
  case unreadableBinary(path: String, ELFError, file: String, position: Position)
}

extension RunError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .invalid(let error): "\(error)"
    case .unsupported(let what, let file, let position):
      "\(file):\(position.line):\(position.column): \(what) cannot be played by this version"
    case .unreadableBinary(let path, let error, let file, let position):
      "\(file):\(position.line):\(position.column): the program \(path) cannot be used: \(error)"
    }
  }
}
