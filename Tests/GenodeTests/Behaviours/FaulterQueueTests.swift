import FiascoKernel
import Genode
import Testing

/// What a second fault of a queued thread does to the queue of its map.
@Suite struct FaulterQueueTests {
  /// The first toucher faults, is paused and resumed meanwhile, and so faults again while it is queued.
  private static let twice =
    ManagedMemory.handled + #"""
      static volatile W done;
      static void one(void) { WORD(0x20001000) = 1; done |= 1; }
      static void two(void) { WORD(0x20002000) = 1; done |= 2; }
      static void fault_twice(void) {
        open_managed(); Cap t = spawn("one", 1, one); sleep_ms(2); signal();
        thread_op(t, 1); thread_op(t, 2); sleep_ms(2);
        say_number("again", signal()); say_state(map);
      }

      """#

  @Test(arguments: KernelProfile.Name.allCases)
  func `B34 a resume during an unresolved fault enqueues the thread again, and state hides who comes behind`(
    _ profile: KernelProfile.Name
  ) throws {
    let source =
      Self.twice + #"""
        void component(void) {
          fault_twice();
          attach(map, alloc(4096), 0, 0, 1, 0x1000); sleep_ms(2); say_number("done", done);
          spawn("two", 2, two); say_number("signal", signal()); say_state(map);
          attach(map, alloc(4096), 0, 0, 1, 0x2000); sleep_ms(2); say_number("done", done);
        }
        """#
    let expected = { (state: String, at: String) in
      ["again 1", "state 2", "at 1000", "done 1", "signal 1", "state \(state)", "at \(at)", "done 3"]
    }
    let result = try run([("managed", source)], profile: .of(profile))
    #expect(result.lines == expected("0", "0"))
    let mended = try run([("managed", source)], profile: .of(profile), release: .mended)
    #expect(mended.lines == expected("2", "2000"))
  }

  @Test func `B34 an attach beside a thread that is queued twice keeps core busy for ever`() throws {
    let source =
      Self.twice + #"""
        void component(void) {
          fault_twice();
          attach(map, alloc(4096), 0, 0, 1, 0x5000); say("alive");
        }
        """#
    let result = try run([("managed", source)])
    #expect(result.lines == ["again 1", "state 2", "at 1000"])
    #expect(result.events.contains { if case .faulterQueueEndless = $0 { true } else { false } })
    #expect(result.exit == .reached)
    #expect(try run([("managed", source)], release: .mended).lines.last == "alive")
  }

  @Test func `a killed thread leaves the queue in order`() throws {
    let source =
      ManagedMemory.handled + #"""
        static void one(void) { WORD(0x20001000) = 1; }
        static void two(void) { WORD(0x20002000) = 1; say("two"); }
        void component(void) {
          open_managed(); Cap a = spawn("one", 1, one); spawn("two", 2, two); sleep_ms(2);
          number(cpu, 1, 0, 0, 1, &a); say_state(map);
          attach(map, alloc(4096), 0, 0, 1, 0x2000); sleep_ms(2); get_map_state(map); say_number("state", state_kind);
        }
        """#
    #expect(try run([("managed", source)]).lines == ["state 2", "at 2000", "two", "state 0"])
  }
}
