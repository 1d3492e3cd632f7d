import Determinism
import Foundation
import Testing

@testable import Scenarios

/// The published schema and the decoder refuse the same structures.
@Suite struct SchemaTests {
  private func definitions() throws -> [JSONMember] {
    let bytes = [UInt8](try Data(contentsOf: Corpus.schema))
    let document = try #require(JSONReader.read(bytes, depthLimit: 64).document)
    let found = try #require(try member("$defs", of: document))
    return try members(found)
  }

  private func members(_ value: JSONValue) throws -> [JSONMember] {
    guard case .object(let members) = value.content else { return [] }
    return members
  }

  private func member(_ key: String, of value: JSONValue) throws -> JSONValue? {
    try members(value).first { $0.key.text == key }?.value
  }

  private static func heads<H: Head>(_ type: H.Type, _ prefix: String) -> [(String, Shape)] {
    H.allCases.map { ("\(prefix)-\($0.rawValue)".split(separator: " ").joined(separator: "-"), $0.shape) }
  }

  private static let shapes: [(String, Shape)] =
    [
      ("machine", .machine), ("genode", .genode), ("link", .link), ("component", .component), ("task", .task),
      ("dataspace", .dataspace),
      ("thread", .thread), ("checkpointer", .checkpointer), ("restoreRule", .restoreRule), ("limits", .limits),
      ("deadlineClaim", .deadlineClaim),
    ] + heads(Verb.self, "statement") + heads(CapabilityKind.self, "capability") + heads(MessageItemKind.self, "item")
    + heads(ReceiveBufferKind.self, "buffer") + heads(TimelineVerb.self, "timeline")
    + heads(ClaimKind.self, "expectation") + heads(SchedulingKind.self, "scheduling")

  @Test func `every object has the same keys in the schema and in the decoder`() throws {
    let definitions = try definitions()
    for (name, shape) in SchemaTests.shapes {
      let definition = try #require(definitions.first { $0.key.text == name }?.value, "\(name)")
      let properties = try member("properties", of: definition).map { try members($0).map(\.key.text) } ?? []
      #expect(properties.sorted() == shape.keys.sorted(), "\(name)")
      var required: [String] = []
      if case .array(let names) = try member("required", of: definition)?.content {
        for case .string(let text) in names.map(\.content) { required.append(text.text) }
      }
      #expect(required.sorted() == shape.required.sorted(), "\(name)")
    }
  }

  @Test func `limits have the names of the limits`() {
    let names = Mirror(reflecting: Limits()).children.compactMap(\.label)
    #expect(names.sorted() == Shape.limits.keys.sorted())
  }

  @Test(.enabled(if: Python.hasJSONSchema, "python3 or its package jsonschema is missing"))
  func `good files fit the schema and bad ones do not`() throws {
    let documents = try Corpus.good.map { try Corpus.bytes($0) } + Corpus.bad.map { try Corpus.bytes($0, in: "bad") }
    let verdicts = try Python.verdicts(on: documents, schema: Corpus.schema)
    #expect(verdicts == documents.map { complaints($0).isEmpty })
    #expect(verdicts == Corpus.good.map { _ in true } + Corpus.bad.map { _ in false })
  }

  @Test(.enabled(if: Python.hasJSONSchema, "python3 or its package jsonschema is missing"))
  func `schema and decoder agree about files with one thing changed`() throws {
    var random = SplitMix(state: 3)
    var documents: [[UInt8]] = []
    for name in Corpus.good {
      let document = try #require(try JSONReader.read(Corpus.bytes(name), depthLimit: 64).document)
      var variants = document.variants()
      variants.shuffle(using: &random)
      documents += variants.prefix(name.hasPrefix("every") ? 150 : 20).map { Array($0.text.utf8) }
    }
    let verdicts = try Python.verdicts(on: documents, schema: Corpus.schema)
    #expect(verdicts.count == documents.count)
    for (document, verdict) in zip(documents, verdicts) {
      #expect(SchemaTests.isStructurallySound(document) == verdict, "\(String(decoding: document, as: UTF8.self))")
    }
    #expect(verdicts.contains(true))
    #expect(verdicts.contains(false))
  }

  static func isStructurallySound(_ bytes: [UInt8]) -> Bool {
    guard case .failure(let failure) = parseScenario(bytes: bytes, file: "f") else { return true }
    return !failure.errors.contains { $0.problem.isStructural }
  }
}

extension JSONValue {
  /// The document with one key removed or added, or one value replaced, in every possible place.
  func variants() -> [JSONValue] {
    let replacements: [Content] = [
      .null, .bool(true), .integer(7), .integer(-1), .integer(300), .number("1.5"), .string(JSONText("")),
      .string(JSONText("text")), .string(JSONText("a/b")), .string(JSONText("5ms")), .array([]), .object([]),
    ]
    var result = replacements.map { JSONValue(position: position, content: $0) }
    switch content {
    case .array(let elements):
      for (index, element) in elements.enumerated() {
        result += element.variants().map { variant in
          var copy = elements
          copy[index] = variant
          return JSONValue(position: position, content: .array(copy))
        }
      }
    case .object(let members):
      let extra = JSONMember(key: JSONText("zzzzz"), value: JSONValue(position: position, content: .integer(1)))
      result.append(JSONValue(position: position, content: .object(members + [extra])))
      for index in members.indices {
        var without = members
        without.remove(at: index)
        result.append(JSONValue(position: position, content: .object(without)))
        result += members[index].value.variants().map { variant in
          var copy = members
          copy[index].value = variant
          return JSONValue(position: position, content: .object(copy))
        }
      }
    default: break
    }
    return result
  }

  var text: String {
    switch content {
    case .null: "null"
    case .bool(let value): "\(value)"
    case .integer(let value): "\(value)"
    case .number(let text): text
    case .string(let text): JSONValue.quoted(text.text)
    case .array(let elements): "[" + elements.map(\.text).joined(separator: ",") + "]"
    case .object(let members):
      "{" + members.map { JSONValue.quoted($0.key.text) + ":" + $0.value.text }.joined(separator: ",") + "}"
    }
  }

  /// The texts of the corpus need no other escapes.
  private static func quoted(_ text: String) -> String {
    "\"" + text.map { $0 == "\"" || $0 == "\\" ? "\\\($0)" : "\($0)" }.joined() + "\""
  }
}

extension JSONText {
  init(_ text: String) { self.init(text: text, position: .start) }
}
