import FiascoKernel
import Genode
import Testing

/// Who waits for whom: core's busy waiting, cancelled locks, dead servers, one entrypoint for each child.
@Suite struct BlockingBehaviourTests {
  private static let prelude = ThreadInspection.prelude + ManagedMemory.prelude

  @Test(arguments: KernelProfile.Name.allCases)
  func `B42 a lock handed over during the checkpoint is had by who looks again, not by who waits again`(
    _ profile: KernelProfile.Name
  ) throws {
    let source =
      Self.prelude + #"""
        static volatile W granted, owner;
        static void block(void) { l4(0, 14ul << 12 | 2, NEVER, 0); }
        static void waits(void) { block(); owner = 1; }
        static void looks(void) { while (!granted) block(); owner = 2; }
        static void kill(Cap t) { number(cpu, 1, 0, 0, 1, &t); }
        void component(void) {
          Cap t = spawn("waiter", 1, waits); sleep_ms(2); op(t, 8);
          granted = 1; op(t, 7); kill(t);
          t = spawn("restored", 1, waits); sleep_ms(2); say_number("owner", owner); kill(t);
          spawn("restored", 1, looks); sleep_ms(2); say_number("owner", owner);
        }
        """#
    #expect(try run([("locker", source)], profile: .of(profile)).lines == ["owner 0", "owner 2"])
  }

  @Test func `B44 core lends a paused thread its time, past every thread of middle priority`() throws {
    let source =
      Self.prelude + #"""
        static void spinner(void) { for (;;) __asm__ volatile(""); }
        void component(void) {
          thread_priority = 20; Cap low = spawn("low", 1, spinner); sleep_ms(3);
          thread_priority = 60; spawn("middle", 2, spinner); sleep_ms(3);
          op(low, 1); get_state(low); say_number("flags", state[0]); say_number("cause", state[5 + 34]);
        }
        """#
    #expect(try run([("pauser", source)], milliseconds: 15, profile: .r67).lines == ["flags b", "cause 19"])
    // Without the old kernel's word about readiness core does not wait, and the thread stops when it gets a processor.
    #expect(try run([("pauser", source)], milliseconds: 15).lines.first == "flags a")
  }

  @Test(arguments: KernelProfile.Name.allCases)
  func `B45 cancelBlocking wakes a thread that waits for its own interrupt and nobody else`(
    _ profile: KernelProfile.Name
  ) throws {
    let source =
      Self.prelude + #"""
        static volatile W woke, returned;
        static void locked(void) { l4(0, 14ul << 12 | 2, NEVER, 0); woke = 1; }
        static void calling(void) { l4(2, 12ul << 12 | 3, NEVER, 0); returned = 1; }
        void component(void) {
          Cap a = spawn("locked", 1, locked), b = spawn("calling", 2, calling); sleep_ms(2);
          op(b, 7); sleep_ms(2); say_number("returned", returned); say_number("woke", woke);
          op(a, 7); sleep_ms(2); say_number("woke", woke);
        }
        """#
    let lines = try run([("canceller", source)], profile: .of(profile)).lines
    #expect(lines == ["returned 0", "woke 0", "woke 1"])
  }

  @Test(arguments: KernelProfile.Name.allCases)
  func `B46 of a killed server's clients only the queued ones learn of it, and in r67 none`(
    _ profile: KernelProfile.Name
  ) throws {
    let source =
      Self.prelude + #"""
        static volatile W served, queued;
        static void server(void) { W label; l4(0, 6 | SPECIAL, NEVER, &label); for (;;) sleep_ms(100); }
        static void first(void) { served = l4(2, 12ul << 12 | 3, NEVER, 0); }
        static void second(void) { queued = l4(2, 12ul << 12 | 3, NEVER, 0); }
        void component(void) {
          Cap s = spawn("server", 1, server); sleep_ms(1); spawn("first", 2, first); sleep_ms(2);
          spawn("second", 3, second); sleep_ms(2);
          number(cpu, 1, 0, 0, 1, &s); sleep_ms(2);
          say_number("queued", queued >> 15 & 1); say_number("served", served >> 15 & 1);
        }
        """#
    let lines = try run([("killer", source)], profile: .of(profile)).lines
    #expect(lines == (profile == .modern ? ["queued 1", "served 0"] : ["queued 0", "served 0"]))
  }

  @Test func `B47 a request under a stale badge is dropped and its client waits for ever`() throws {
    let source = #"""
      void component(void) {
        Cap stale = {ram.slot, ram.badge + 4}; say("asking"); number(stale, 4, 0, 0, 0, 0); say("answered");
      }
      """#
    let result = try run([("stale", source)])
    #expect(result.lines == ["asking"])
    #expect(result.warnings == ["badge does not match label, ignoring request"])
  }

  @Test func `B60 a child's session request that waits for a server holds up all its requests to the parent`() throws {
    let client =
      Self.prelude + #"""
        static volatile W answered, opened;
        static void asker(void) { ask(parent(), 0, 0, 0, 0, 0); answered = 1; }
        static void opener(void) { session("Late", "ram_quota=4K, label=\"\""); opened = 1; }
        void component(void) {
          spawn("opener", 1, opener); sleep_ms(2); next_slot = 0x280; spawn("asker", 2, asker); sleep_ms(5);
          say_number("answered", answered); sleep_ms(40); say_number("answered", answered); say_number("opened", opened);
        }
        """#
    let server = #"""
      void component(void) {
        sleep_ms(20); Cap root = ask(pd, 6, 0, 0, 1, &self), object = ask(pd, 6, 0, 0, 1, &self);
        W a[10], n = pack(a, "Late"); number(parent(), 5, n, a, 1, &root);
        W *u = utcb(), label; u[64] = 0; u[65] = 0x300ul << 12 | 10; u[66] = 0;
        l4(0, 6 | SPECIAL, NEVER, &label);
        u[0] = 0; u[1] = 1; u[2] = object.badge; u[3] = 8; u[4] = object.slot << 12 | 3 << 4 | 7;
        l4(1 << 6 | 3, 15 | SPECIAL, 0x4000000, &label);
      }
      """#
    let result = try run([("client", client), ("server", server)], provides: ["server": ["Late"]])
    #expect(result.lines == ["answered 0", "answered 1", "opened 1"])
  }
}
