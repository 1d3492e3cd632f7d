/// Where something stands in a scenario file: line and column from 1, the column counted in Unicode scalars.
public struct Position: Hashable, Comparable, BitwiseCopyable, Sendable {
  public var line: Int32
  public var column: Int32

  public init(line: Int32, column: Int32) {
    self.line = line
    self.column = column
  }

  public static let start = Position(line: 1, column: 1)

  public static func < (a: Position, b: Position) -> Bool {
    (a.line, a.column) < (b.line, b.column)
  }
}

/// A name as the author wrote it, declared or referred to; references are checked before a `Scenario` is handed out.
public struct Name: Hashable, Sendable {
  public var text: String
  public var position: Position

  public init(_ text: String, at position: Position) {
    self.text = text
    self.position = position
  }
}

/// A name of something inside a component: `component/thread`. Without a component it is in the same component.
public struct ScopedName: Hashable, Sendable {
  /// Component or task; nil means the one in which the reference stands.
  public var component: Name?
  public var member: Name

  public init(component: Name?, member: Name) {
    self.component = component
    self.member = member
  }

  public var position: Position { component?.position ?? member.position }
}

/// An integer as the author wrote it.
public struct Number: Hashable, Sendable {
  public var value: Int64
  public var position: Position

  public init(_ value: Int64, at position: Position) {
    self.value = value
    self.position = position
  }
}
