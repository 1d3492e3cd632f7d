/// Turns positioned JSON into the model and writes down every mistake on the way.
///
/// After a mistake it goes on with a stand-in (an empty name, a zero), so that one mistake hides no other; an empty
/// name stands for "something was meant here" and never causes a second message.
struct Decoder {
  private(set) var diagnostics: [Diagnostic] = []
  var runtime = Runtime.genode

  mutating func report(_ problem: Problem, at position: Position) {
    diagnostics.append(Diagnostic(problem, at: position))
  }
}

/// The members of an object whose keys have been checked against a shape.
struct Members {
  var position: Position
  private var values: [(key: String, value: JSONValue)] = []

  init(position: Position) { self.position = position }

  subscript(key: String) -> JSONValue? { values.first { $0.key == key }?.value }

  mutating func add(_ key: String, _ value: JSONValue) { values.append((key, value)) }
}

extension Decoder {
  /// The members of an object of this shape; nil if it is no object.
  mutating func members(of value: JSONValue, as shape: Shape) -> Members? {
    guard case .object(let members) = value.content else {
      report(.wrongType(expected: "\(shape.owner), an object", found: describe(value)), at: value.position)
      return nil
    }
    return check(members, of: shape, at: value.position)
  }

  /// Finds unknown and missing keys. A misspelt key is taken for the one it is near to, so that its value is checked.
  private mutating func check(_ members: [JSONMember], of shape: Shape, at position: Position) -> Members {
    var result = Members(position: position)
    let present = members.map(\.key.text)
    var free = shape.keys.filter { !present.contains($0) }
    for member in members {
      if shape.keys.contains(member.key.text) {
        result.add(member.key.text, member.value)
        continue
      }
      let near = nearest(to: member.key.text, among: free)
      report(
        .unknownKey(member.key.text, owner: shape.owner, near: near, allowed: shape.keys), at: member.key.position)
      guard let near else { continue }
      free.removeAll { $0 == near }
      result.add(near, member.value)
    }
    for key in shape.required where result[key] == nil {
      report(.missingKey(key, owner: shape.owner), at: position)
    }
    return result
  }

  /// The kind of an object that is told by one of its keys, with its members; nil if no kind can be made out.
  mutating func headed<H: Head>(_ value: JSONValue, as heads: H.Type) -> (head: H, position: Position, Members)? {
    guard case .object(let members) = value.content else {
      report(.wrongType(expected: "\(H.owner), an object", found: describe(value)), at: value.position)
      return nil
    }
    let found = members.compactMap { member in H(rawValue: member.key.text).map { ($0, member.key.position) } }
    // `do` is a verb, and a modifier of `while`: a head that another head takes as a modifier is none.
    let heads = found.filter { candidate in
      !found.contains { $0.0 != candidate.0 && $0.0.shape.keys.contains(candidate.0.rawValue) }
    }
    if let first = heads.first {
      guard heads.count == 1 else {
        let second = heads[1]
        report(.twoHeads(owner: H.owner, first: first.0.rawValue, second: second.0.rawValue), at: second.1)
        let others = heads.dropFirst().map(\.0.rawValue)
        let own = members.filter { !others.contains($0.key.text) }
        return (first.0, first.1, check(own, of: first.0.shape, at: value.position))
      }
      return (first.0, first.1, check(members, of: first.0.shape, at: value.position))
    }
    return guessHead(members, at: value.position)
  }

  /// No head is spelt right: the nearest one is taken, and the misspelling reported.
  private mutating func guessHead<H: Head>(
    _ members: [JSONMember], at position: Position
  ) -> (head: H, position: Position, Members)? {
    let all = H.allCases.map(\.rawValue)
    let modifiers = H.allCases.flatMap(\.shape.keys)
    for member in members where !modifiers.contains(member.key.text) {
      guard let near = nearest(to: member.key.text, among: all), let head = H(rawValue: near) else { continue }
      var shape = head.shape
      shape.owner = H.owner
      return (head, member.key.position, check(members, of: shape, at: position))
    }
    report(.noHead(owner: H.owner, allowed: all), at: members.first?.key.position ?? position)
    return nil
  }

  func describe(_ value: JSONValue) -> String {
    switch value.content {
    case .null: "null"
    case .bool(let value): value ? "true" : "false"
    case .integer(let value): "the number \(value)"
    case .number(let text): "the number \(text.prefix(40))"
    case .string(let text): "the text \"\(text.text.prefix(40))\""
    case .array: "a list"
    case .object: "an object"
    }
  }
}
