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
              statement(
                .set(SetVariable(variable: name("sheep"), value: .binary(.add, variable("sheep"), number(1), .start)))),
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

  /// The order of Genode 16.08's startup code without what only C++ needs; slots, badges and regions follow from it.
  @Test func `the start-up makes its calls in the order of Genode`() throws {
    let system = try run(Self.sheepCounter(rounds: 1))
    #expect(
      system.calls == [
        "parent.session Env::ram_session", "parent.session Env::cpu_session", "parent.session Env::pd_session",
        "pd.addressSpace", "pd.nativePD", "nativePD.setCapMapInfo",
        "pd.stackArea", "stackArea.dataspace", "addressSpace.attach 40000000",
        "ram.alloc",
        "ram.alloc", "stackArea.attach e0000", "parent.mainThread", "cpu.traceControl", "addressSpace.attach 0",
        "ram.alloc", "stackArea.attach 1e0000", "cpu.createThread ep", "cpu.traceControl", "addressSpace.attach 0",
        "thread(1).state", "thread(1).start", "pd.allocRPCCap",
        "pd.allocRPCCap",
        "ram.alloc", "stackArea.attach 2f8000", "cpu.createThread signal handler", "cpu.traceControl",
        "addressSpace.attach 0", "thread(2).state", "thread(2).start",
        "pd.allocSignalSource", "signalSource.requestSemaphore",
        "pd.allocRPCCap",
        // Component::construct: the dataspace, then sessions when they are first needed.
        "ram.alloc", "addressSpace.attach 10000000",
        "parent.session LOG", "log.write",
        "parent.session Timer", "pd.allocContext", "timer.sigh", "timer.triggerOnce", "signalSource.wait",
        "pd.freeRPCCap",
      ])
  }

  @Test func `received capabilities begin at slot 204 and a server keeps a window of four`() throws {
    let system = try run(Self.sheepCounter(rounds: 1))
    let user = system.slots.filter { $0.key >= 0x204 }
    #expect(user[0x204]?.object == .ram && user[0x205]?.object == .cpu && user[0x206]?.object == .pd)
    #expect((0x211...0x214).allSatisfy { user[$0] == nil })
    #expect(user[0x21a]?.object == .signalIRQ)
  }

  @Test func `the map of capabilities agrees with the kernel's table`() throws {
    let component = Self.sheepCounter(rounds: 1)
    let program = try compileComponent(
      component, of: emptyScenario([component]), options: CompilerOptions(kernel: .r67))
    let system = try FakeGenode(program)
    try system.run()
    let map = try #require(program.symbols.first { $0.name == "cap_map" }).address
    #expect(map % 4096 == 0)
    for slot in UInt64(8)..<4096 {
      let entry = system.machine.load(map + 8 * slot)
      if entry >> 48 == 0 || slot == 9 { continue }
      #expect(system.slots[slot]?.badge == entry >> 48, "slot \(String(slot, radix: 16))")
    }
  }

  @Test func `variables and the record of a dataspace are where the program says`() throws {
    let component = Self.sheepCounter()
    let program = try compileComponent(
      component, of: emptyScenario([component]), options: CompilerOptions(kernel: .r67))
    let system = try FakeGenode(program)
    try system.run()
    let place = try #require(program.variables.first { $0.name == "sheep" })
    #expect(place.address == 0x1000_0000 && place.bytes == 8)
    #expect(system.machine.load(place.address) == 3)
    #expect(program.position(of: program.entry) == nil || program.position(of: program.entry) == .start)
    #expect(program.symbols.contains { $0.name == "sheep_counter.construct.1" && $0.size == 0 })
    #expect(program.symbols.contains { $0.name == "sheep_counter.construct" && $0.kind == .function && $0.size > 0 })
  }

  /// In 16.08 an entrypoint repeats the failed system call, reply included; later ones give the reply up and wait.
  @Test(arguments: ServeLoop.OnError.allCases)
  func `a failed reply is repeated or given up`(_ onError: ServeLoop.OnError) throws {
    let loop = ServeLoop(
      service: name("s"), request: IncomingMessage(), handler: [], reply: OutgoingMessage(), onError: onError)
    let subject = component("c", construct: [.serve(loop)])
    let program = try compileComponent(
      subject, of: emptyScenario([subject]), options: CompilerOptions(kernel: .r67))
    let system = try FakeGenode(program)
    // The first reply is the one to the initial thread, which waits for the end of construct.
    system.failingReplies = 3
    try system.run()
    #expect(system.replies == (onError == .retry ? 4 : 1))
    #expect(system.calls.contains("pd.freeRPCCap") == (onError == .retry))
  }

  @Test func `a line longer than a LOG write is split`() throws {
    let text = String(repeating: "0123456789", count: 30)
    let system = try run(component("c", construct: [.log(LogLine(pieces: [.text(text)]))]))
    #expect(system.log.map(\.utf8.count) == [235, 65])
    #expect(system.log.joined() == text)
  }

  @Test func `what Genode does not have is refused with its place`() throws {
    let position = Position(line: 7, column: 3)
    let actions: [Statement.Action] = [
      .reply(ReplyMessage(message: OutgoingMessage(), timeout: nil, error: nil)),
      .receive(ReceiveMessage(source: name("x"), message: IncomingMessage(), timeout: nil)),
      .unmap(UnmapStatement(source: name("x"), rights: .all, own: false, error: nil)),
    ]
    for action in actions {
      var subject = component("c", construct: [])
      subject.construct = [Statement(action, at: position)]
      let error = #expect(throws: ScenarioError.self) {
        try compileComponent(subject, of: emptyScenario([subject]), options: CompilerOptions(kernel: .r67))
      }
      #expect(error?.position == position)
      guard case .wrongRuntime(_, .genode, _)? = error?.problem else { throw TestFailure.noProgress }
    }
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
    position: .start, name: name(title), ram: nil, priority: nil, core: nil, started: true, checkpointed: true,
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
