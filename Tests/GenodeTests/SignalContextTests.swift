import Testing

@testable import Genode
@testable import Scenarios

@Suite struct SignalContextTests {
  private static func component(signals: Int, threads: Int) -> String {
    let waits = (0..<signals).map { "{ \"await\": \"s\($0)\" }" }.joined(separator: ", ")
    let sleepers = (0..<threads).map {
      "{ \"name\": \"t\($0)\", \"stack\": \"4KiB\", \"body\": [ { \"sleep\": \"1s\" } ] }"
    }
    let waiter = "{ \"name\": \"waiter\", \"body\": [ \(waits) ] }"
    return """
      { "name": "bells", "ram": "2MiB", "threads": [ \((sleepers + [waiter]).joined(separator: ", ")) ],
        "construct": [ { "log": "ready" }, { "sleep": "1s" } ] }
      """
  }

  /// The run-time library keeps a registry of them; what core hands back is only believed if it is in there.
  @Test(arguments: [(1, 1), (200, 1), (1, 90), (60, 90)])
  func `a component has a context for each signal it names and for each thread that sleeps`(
    _ signals: Int, _ threads: Int
  ) throws {
    let world = try StandardWorld(Self.component(signals: signals, threads: threads), milliseconds: 400)
    #expect(world.lines.last == "ready")
    let pd = world.pd(of: "bells")
    let contexts = world.core.contexts.live.filter { world.core.contexts[$0].pd == pd }
    // The initial thread sleeps as well.
    #expect(contexts.count == signals + threads + 1)
  }

  @Test func `threads made in a loop count as all a protection domain can have`() throws {
    func limit(_ statements: String) throws -> Int {
      let text = """
        { "title": "test", "machine": { "platform": "riscv-virt", "kernel": "modern" }, "components": [
          { "name": "maker", "construct": [ \(statements) ] } ] }
        """
      return try #require(try parseScenario(bytes: Array(text.utf8), file: "test.json").get().components.first)
        .signalContextLimit
    }
    let thread = "{ \"thread\": \"t\", \"body\": [ { \"await\": \"s\" } ] }"
    #expect(try limit("{ \"log\": \"x\" }") == 3)
    #expect(try limit(thread) == 5)
    #expect(try limit("{ \"repeat\": [ \(thread) ], \"times\": 2 }") == 1 + ComponentLayout.maxThreads)
  }
}
