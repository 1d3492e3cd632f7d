import FiascoKernel
import Genode
import Testing

/// Pause, state, start and kill of threads that are somewhere else than one would like.
@Suite struct ThreadBehaviourTests {
  private static let prelude =
    ThreadInspection.prelude + ManagedMemory.prelude + #"""
      #define GATE(index) (9 + 3 * (index))
      static W call_gate(W index, W words) { return l4(words, GATE(index) << 12 | 3, NEVER, 0); }
      static W wait_open(W *label) { return l4(0, 6 | SPECIAL, NEVER, label); }
      static W reply_and_wait(W words, W *label) { return l4(words, 15 | SPECIAL, 0x4000000, label); }
      static volatile W go, got, after;
      static void server(void) {
        W label; wait_open(&label); got++;
        while (!go) sleep_ms(1);
        W *u = utcb(); u[0] = 0; u[1] = 0; u[2] = 0x5a5a; reply_and_wait(3, &label);
      }
      static void client(void) { call_gate(1, 2); after = utcb()[2]; for (;;) sleep_ms(100); }

      """#

  @Test(arguments: KernelProfile.Name.allCases)
  func `B30 a thread paused inside a call stops when the call returns, and the answer is in its UTCB`(
    _ profile: KernelProfile.Name
  ) throws {
    let source =
      Self.prelude + #"""
        void component(void) {
          spawn("server", 1, server); sleep_ms(1); Cap t = spawn("client", 2, client); sleep_ms(2);
          op(t, 1); get_state(t); say_number("flags", state[0]); say_number("s1", state[5 + 9]);
          go = 1; sleep_ms(4); get_state(t);
          say_number("flags", state[0]); say_number("cause", state[5 + 34]);
          say_number("answer", ((W *)0x48000800)[2]); say_number("after", after);
          op(t, 2); sleep_ms(2); say_number("after", after);
        }
        """#
    let result = try run([("pauser", source)], profile: .of(profile))
    #expect(result.lines == ["flags a", "s1 0", "flags b", "cause 19", "answer 5a5a", "after 0", "after 5a5a"])
  }

  @Test(arguments: KernelProfile.Name.allCases)
  func `B31 a new thread at the ip and sp of a blocked one runs behind the call without registers`(
    _ profile: KernelProfile.Name
  ) throws {
    let source =
      Self.prelude + #"""
        void component(void) {
          spawn("server", 1, server); sleep_ms(1); Cap t = spawn("client", 2, client); sleep_ms(2);
          op(t, 1); get_state(t); number(cpu, 1, 0, 0, 1, &t);
          Cap n = thread_create("restored"); W a[2] = {state[5 + 32], state[5 + 2]};
          rpc(n, 0, 2, a, 0, 0, 0, 0, 0, 0, 0); sleep_ms(2); say_number("got", got);
        }
        """#
    let result = try run([("restorer", source)], profile: .of(profile))
    #expect(result.lines == ["got 1"])
    #expect(result.warnings.first?.hasPrefix("no RM attachment (READ pf_addr=0x10 pf_ip=0x1000") == true)
  }

  @Test(arguments: KernelProfile.Name.allCases)
  func `B33 a resume nobody needs reaches an open wait as a stray message, a closed one not`(
    _ profile: KernelProfile.Name
  ) throws {
    let source =
      Self.prelude + #"""
        static void open(void) { W label; for (;;) { wait_open(&label); got++; } }
        static void closed(void) { l4(0, GATE(1) << 12 | 3, NEVER, 0); after++; }
        void component(void) {
          Cap o = spawn("open", 1, open); sleep_ms(2); op(o, 2); sleep_ms(2); say_number("stray", got);
          Cap c = spawn("closed", 2, closed); sleep_ms(2); op(c, 2); sleep_ms(2); say_number("closed", after);
        }
        """#
    #expect(try run([("resumer", source)], profile: .of(profile)).lines == ["stray 1", "closed 0"])
  }

  @Test(arguments: KernelProfile.Name.allCases)
  func `B36 B37 B38 a thread inside a request goes on behind it, whatever start and setState said`(
    _ profile: KernelProfile.Name
  ) throws {
    let source =
      Self.prelude + #"""
        static volatile W diverted;
        static void elsewhere(void) { diverted = 1; for (;;) sleep_ms(100); }
        void component(void) {
          spawn("server", 1, server); sleep_ms(1); Cap t = spawn("client", 2, client); sleep_ms(2);
          W a[2] = {(W)elsewhere, (W)(stacks[3] + 512)}; rpc(t, 0, 2, a, 0, 0, 0, 0, 0, 0, 0);
          get_state(t); set_state(t, state[0], (W)elsewhere, (W)(stacks[3] + 512)); op(t, 2);
          go = 1; sleep_ms(4); say_number("diverted", diverted); say_number("after", after);
        }
        """#
    let result = try run([("restorer", source)], profile: .of(profile))
    #expect(result.lines == ["diverted 0", "after 5a5a"])
    #expect(result.events.contains(.threadStartIgnored(pd: "init -> restorer", name: "client")))
  }

  @Test(arguments: KernelProfile.Name.allCases, [false, true])
  func `B40 a server that repeats a failed reply spins, one that waits after it serves`(
    _ profile: KernelProfile.Name, _ isMended: Bool
  ) throws {
    let source =
      Self.prelude + #"""
        static volatile W rounds;
        static void loop(void) {
          W label, failed = 0;
          for (;;) {
            W tag = \#(isMended ? "failed" : "0") ? wait_open(&label) : reply_and_wait(0, &label);
            failed = tag >> 15 & 1; rounds++; if (!failed) got++;
          }
        }
        static void caller(void) { call_gate(1, 0); after = 1; }
        void component(void) {
          thread_priority = 50; spawn("loop", 1, loop); sleep_ms(2); spawn("caller", 2, caller); sleep_ms(3);
          say_number("spins", rounds > 100); say_number("served", after);
        }
        """#
    #expect(
      try run([("server", source)], milliseconds: 12, profile: .of(profile)).lines
        == (isMended ? ["spins 0", "served 1"] : ["spins 1", "served 0"]))
  }

  @Test(arguments: [("0x300", true), ("irq.slot", false)])
  func `B41 a signal handler without its interrupt storms core, with another thread's it is deaf`(
    _ slot: String, _ storms: Bool
  ) throws {
    let source =
      Self.prelude + #"""
        static void handler(void) {
          for (;;) { l4(0, \#(slot) << 12 | 2, NEVER, 0); W out[2]; rpc(source, 0, 0, 0, 0, 0, out, 2, 0, 0, 0); got++; }
        }
        void component(void) {
          open_signals(); Cap c = context(1); W one = 1;
          thread_priority = 50; spawn("signal handler", 1, handler); sleep_ms(2);
          number(pd, 5, 1, &one, 1, &c); sleep_ms(2); say_number("storm", got > 20); say_number("deaf", got == 0);
        }
        """#
    let result = try run([("deaf", source)], milliseconds: 40)
    #expect(result.lines == (storms ? ["storm 1", "deaf 0"] : ["storm 0", "deaf 1"]))
    #expect(result.warnings.contains("Warning: unexpected call of wait_for_signal") == storms)
  }

  @Test(arguments: KernelProfile.Name.allCases)
  func `B43 a UTCB that nobody inside has written names no Thread object`(_ profile: KernelProfile.Name) throws {
    let source =
      Self.prelude + #"""
        static void reader(void) { go = utcb()[125]; got = utcb()[126]; after = 1; }
        void component(void) {
          spawn("reader", 1, reader); sleep_ms(2); say_number("ran", after); say_number("words", go | got);
        }
        """#
    #expect(try run([("reader", source)], profile: .of(profile)).lines == ["ran 1", "words 0"])
  }
}
