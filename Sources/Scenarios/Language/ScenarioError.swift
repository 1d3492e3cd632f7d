/// One mistake in a scenario: facts only. The sentences are in `ScenarioError+Text.swift`.
public struct ScenarioError: Error, Hashable, Sendable {
  /// The file as the user named it.
  public var file: String
  /// Nil if the file could not be read at all.
  public var position: Position?
  /// JSON path of the place, such as `$.components[0].name`; empty if the file is no JSON.
  public var path: String
  public var problem: Problem
  /// The line of the file, for the caret.
  public var sourceLine: String?
}

/// All mistakes of one file in file order; never empty.
public struct ScenarioErrors: Error, Hashable, Sendable {
  public var errors: [ScenarioError]
  /// Mistakes beyond `ScenarioErrors.limit` that are only counted.
  public var omitted: Int

  public static let limit = 100
}

/// A problem at a place, before the file's name and line are added.
struct Diagnostic: Error, Hashable, Sendable {
  var problem: Problem
  var position: Position

  init(_ problem: Problem, at position: Position) {
    self.problem = problem
    self.position = position
  }
}

/// What is wrong: the kind of mistake with what was expected and what was found.
public enum Problem: Hashable, Sendable {
  // The file.
  case missingFile
  case directory
  case unreadable(errno: Int32)
  case tooLarge(bytes: Int?, limit: Int)
  case emptyFile
  case binaryFile(start: [UInt8], kind: String?)

  // The JSON.
  case byteOrderMark
  case invalidUTF8(UInt8)
  case controlCharacter(UInt8)
  case unterminatedString
  case unknownEscape(found: String)
  case loneSurrogate(UInt32)
  case comment
  case singleQuotes
  case trailingComma(before: String)
  case leadingZero
  case hexadecimalNumber
  case unitWithoutQuotes(String)
  case tooDeep(limit: Int)
  case textAfterEnd(found: String)
  case syntax(expected: String, found: String)
  case duplicateKey(String, first: Position)

  // The shape.
  case unknownKey(String, owner: String, near: String?, allowed: [String])
  case missingKey(String, owner: String)
  case wrongType(expected: String, found: String)
  case noHead(owner: String, allowed: [String])
  case twoHeads(owner: String, first: String, second: String)
  case unknownChoice(String, near: String?, allowed: [String])
  case wrongUnit(String, in: String, QuantityKind)
  case noQuantity(String, QuantityKind)
  case badName(String, allowed: String)
  case outOfRange(String, allowed: String)
  case empty(String)
  case wrongRuntime(key: String, runtime: Runtime, instead: String?)

  // The meaning.
  case inexactQuantity(String, QuantityKind)
  case hugeQuantity(String, QuantityKind)
  case zeroQuantity(QuantityKind)
  case badExpression(expected: String, found: String)
  case deepExpression(limit: Int)
  case longExpression(operators: Int)
  case longText(bytes: Int, limit: Int)
  case notConstant(String)
  case unknownName(String, kind: NameKind, owner: String?, near: String?)
  case duplicateName(String, kind: NameKind, first: Position)
  case conflictingKeys(String, String, owner: String)
  case nothingToRun(String)
  case restoredBeforeTaken(String, taken: Position)
  case noCheckpointer(String)
  case notCheckpointed(String)
  case coreOutOfRange(Int64, cores: Int)
  case nodeOutOfRange(Int64, nodes: Int)
  case needsScheduler(String, needed: String, found: String)
  case unboundInterrupt(Int64)

  /// Whether it is about the file as a whole, so that no line of it explains anything.
  var concernsWholeFile: Bool {
    switch self {
    case .missingFile, .directory, .unreadable, .tooLarge, .emptyFile, .binaryFile, .byteOrderMark: true
    default: false
    }
  }

  /// Whether the JSON Schema refuses it too; the other problems need names, units or the JSON text itself.
  public var isStructural: Bool {
    switch self {
    case .unknownKey, .missingKey, .wrongType, .noHead, .twoHeads, .unknownChoice, .wrongUnit, .noQuantity,
      .badName, .outOfRange, .empty, .wrongRuntime:
      true
    default: false
    }
  }
}

/// What a name names.
public enum NameKind: String, Hashable, Sendable, CaseIterable {
  case component, task, thread, service, dataspace, variable, function, capability, signal, lock, job, checkpoint
  /// Of a pager reference, a timeline entry and so on: anything an expression may take the address of.
  case addressable
  /// What `map` and `unmap` take.
  case mappable
  case regionMap
  /// What `state` takes.
  case stateful
  /// What has a capability with Genode.
  case object
}
