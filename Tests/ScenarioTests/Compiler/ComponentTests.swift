import Testing

@testable import Scenarios

/// Whole components on a stand-in for kernel and core.
@Suite struct ComponentTests {
  /// `sheep` counts in a dataspace and sleeps.
  static func sheepCounter(rounds: Int64 = 3) -> Component {
    component(
      "sheep_counter", dataspaces: [("flock", 4096)], variables: [("sheep", "flock", 0)],
      construct: [
        .repeated(
          RepeatLoop(
            times: number(rounds),
            body: [
              statement(.set(SetVariable(variable: name("sheep"), value: .binary(.add, variable("sheep"), number(1), .start)))),
              statement(.log(LogLine(pieces: [.value(variable("sheep"), .decimal), .text(" sheep. zzZ")]))),
              statement(.sleep(seconds(1))),
            ]))
      ])
  }

  @Test func `the sheep counter counts`() throws {
    let system = try run(Self.sheepCounter())
    #expect(system.log == ["1 sheep. zzZ", "2 sheep. zzZ", "3 sheep. zzZ"])
    #expect(system.microseconds >= 3_000_000)
    #expect(system.threads.map(\.name) == ["main", "ep", "signal handler"])
  }
}

func name(_ text: String) -> Name { Name(text, at: .start) }
func number(_ value: Int64) -> Expression { .literal(value, .start) }
func variable(_ text: String) -> Expression { .variable(name(text)) }
func seconds(_ count: Int64) -> DurationValue { DurationValue(picoseconds: count * 1_000_000_000_000, at: .start) }
func milliseconds(_ count: Int64) -> DurationValue { DurationValue(picoseconds: count * 1_000_000_000, at: .start) }
func size(_ bytes: Int64) -> SizeValue { SizeValue(bytes: bytes, at: .start) }
func statement(_ action: Statement.Action) -> Statement { Statement(action, at: .start) }

func component(
  _ title: String, dataspaces: [(String, Int64)] = [], variables: [(String, String?, Int64)] = [],
  functions: [Function] = [], threads: [ThreadDescription] = [], declared: DeclaredNames = DeclaredNames(),
  construct: [Statement.Action]
) -> Component {
  Component(
    position: .start, name: name(title), ram: nil, priority: nil, core: nil, started: true,
    dataspaces: dataspaces.map { Dataspace(name: name($0.0), size: size($0.1), content: nil, at: nil, mapped: true) },
    variables: variables.map { Variable(name: name($0.0), dataspace: $0.1.map(name), initial: $0.2, bytes: 8) },
    functions: functions, threads: threads, construct: construct.map { statement($0) }, binary: nil, capabilities: [],
    pager: nil, declared: declared)
}

func run(_ component: Component, until end: UInt64 = 10_000_000) throws -> FakeGenode {
  let scenario = emptyScenario([component])
  let program = try compileComponent(component, of: scenario, options: CompilerOptions(kernel: .r67))
  let system = try FakeGenode(program)
  try system.run(until: end)
  return system
}
