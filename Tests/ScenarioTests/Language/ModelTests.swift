import Testing

@testable import Scenarios

@Suite struct ModelTests {
  @Test(arguments: Corpus.good)
  func `a good file is accepted`(name: String) throws {
    #expect(complaints(try Corpus.bytes(name)) == [])
  }

  @Test func `the sheep counter arrives in the model`() throws {
    let scenario = try Corpus.scenario("sheep-counter")
    let sheep = try #require(scenario.components.first)
    #expect(scenario.machine.platform == .builtIn("zynq-7020"))
    #expect(scenario.machine.kernel == .r67)
    #expect(scenario.runtime == .genode)
    #expect(sheep.ram?.bytes == 1 << 20)
    #expect(sheep.dataspaces.map(\.size.bytes) == [4096])
    #expect(sheep.variables.map(\.dataspace?.text) == ["flock"])
    #expect(scenario.timeline.map(\.at.picoseconds) == [35, 52, 53, 90].map { $0 * 100_000_000_000 })
    #expect(scenario.checkpointer?.child == .withoutELF)
    #expect(scenario.checkpointer?.blocked == .reissue)
    let lines = [LinePattern.line(["1 sheep. zzZ"]), .line(["2 sheep. zzZ"]), .anyLines]
    guard case .log(let name, let found) = scenario.expectations[0].claim else {
      Issue.record("no log expectation")
      return
    }
    #expect(name.text == "sheep_counter")
    #expect(found == lines)
    #expect(scenario.expectations[2].claim == .deadlines(job: nil, missed: Comparison(.equal, 0)))
  }

  @Test func `statements keep their order, nesting and places`() throws {
    let construct = try #require(try Corpus.scenario("sheep-counter").components.first?.construct)
    guard case .forever(let body) = construct[0].action, case .set(let set) = body[0].action,
      case .log(let log) = body[1].action, case .sleep(let pause) = body[2].action
    else {
      Issue.record("wrong statements")
      return
    }
    #expect(construct[0].position == Position(line: 10, column: 11))
    #expect(body.map(\.position) == (11...13).map { Position(line: $0, column: 13) })
    #expect(set.variable == Name("sheep", at: Position(line: 11, column: 20)))
    let sheep = Expression.variable(Name("sheep", at: Position(line: 12, column: 22)))
    #expect(log.pieces == [.value(sheep, .decimal), .text(" sheep. zzZ")])
    #expect(pause.picoseconds == 1_000_000_000_000)
  }

  @Test func `names that statements declare are collected`() throws {
    let all = try Corpus.scenario("every-genode-key").components
    #expect(all[0].declared.signals.map(\.text) == ["go", "hole"])
    #expect(all[0].declared.locks.map(\.text) == ["mutex"])
    #expect(all[0].declared.dataspaces.map(\.text) == ["extra", "gap", "got"])
    #expect(all[0].declared.regionMaps.map(\.text) == ["gap"])
    #expect(all[0].declared.accepted.map(\.kind) == [.dataspace, .thread, .signal])
    #expect(all[0].declared.threads.map(\.text) == ["late"])
    #expect(all[0].declared.jobs.map(\.text) == ["job"])
    #expect(all[1].declared.services.map(\.text) == ["adder"])
  }

  @Test func `every verb occurs in the corpus`() throws {
    var seen: [String] = []
    for name in Corpus.good {
      let document = try #require(try JSONReader.read(Corpus.bytes(name), depthLimit: 64).document)
      seen += document.allKeys
    }
    let shapes = Verb.allCases.map(\.shape) + CapabilityKind.allCases.map(\.shape) + TimelineVerb.allCases.map(\.shape)
    let others = ClaimKind.allCases.map(\.shape) + SchedulingKind.allCases.map(\.shape)
    for key in (shapes + others).flatMap(\.keys) {
      #expect(seen.contains(key), "no file of the corpus uses \(key)")
    }
  }

  @Test func `a comparison holds as its relation says`() {
    for relation in Comparison.Relation.allCases {
      let found = [4, 5, 6].map { Comparison(relation, 5).holds(for: $0) }
      let expected: [Bool] =
        switch relation {
        case .equal: [false, true, false]
        case .notEqual: [true, false, true]
        case .lessOrEqual: [true, true, false]
        case .greaterOrEqual: [false, true, true]
        case .less: [true, false, false]
        case .greater: [false, false, true]
        }
      #expect(found == expected)
    }
  }
}

extension JSONValue {
  fileprivate var allKeys: [String] {
    switch content {
    case .array(let elements): elements.flatMap(\.allKeys)
    case .object(let members): members.flatMap { [$0.key.text] + $0.value.allKeys }
    default: []
    }
  }
}
