import FiascoABI
import FiascoKernel
import Genode
import Testing

/// A component that starts, stops and inspects threads of its own through its CPU session.
@Suite struct ThreadControlTests {
  private static let common = ThreadInspection.prelude

  @Test(arguments: KernelProfile.Name.allCases)
  func `B29 B32 a running thread is paused with all registers and goes on after resume`(
    _ profile: KernelProfile.Name
  ) throws {
    let source =
      Self.common + #"""
        static volatile W count;
        static void counter(void) {
          __asm__ volatile("li s5, 0x5151\n1: ld t0, 0(%0)\n addi t0, t0, 1\n sd t0, 0(%0)\n j 1b" : : "r"(&count) : "t0", "s5");
        }
        void component(void) {
          thread_priority = 50;
          Cap t = thread_create("counter"); thread_run(t, 1, stack + 512, counter);
          sleep_ms(3); op(t, 1); sleep_ms(2);
          get_state(t);
          say_number("flags", state[0]); say_number("s5", state[5 + 21]); say_number("cause", state[5 + 34]);
          W a = count; sleep_ms(3); say_number("still", count == a);
          op(t, 1); op(t, 2); sleep_ms(3); say_number("runs", count > a);
        }
        """#
    let result = try run([("pauser", source)], milliseconds: 20, profile: .of(profile))
    #expect(result.lines == ["flags b", "s5 5151", "cause 19", "still 1", "runs 1"])
  }

  @Test(arguments: KernelProfile.Name.allCases)
  func `B37 a second start is swallowed with a warning`(_ profile: KernelProfile.Name) throws {
    let source =
      Self.common + #"""
        static volatile W first, second;
        static void one(void) { for (;;) { first++; sleep_ms(1); } }
        static void two(void) { second++; }
        void component(void) {
          Cap t = thread_create("x"); thread_run(t, 1, stack + 512, one);
          sleep_ms(3); thread_run(t, 1, stack + 256, two); sleep_ms(3);
          say_number("second", second);
          W a = first; sleep_ms(4); say_number("first goes on", first > a);
        }
        """#
    let result = try run([("starter", source)], profile: .of(profile))
    #expect(result.lines == ["second 0", "first goes on 1"])
    #expect(result.warnings.count == 1)
    #expect(result.warnings.first?.hasPrefix("Warning: l4_thread_control_commit for") == true)
    #expect(result.events.contains(.threadStartIgnored(pd: "init -> starter", name: "x")))
  }

  @Test(arguments: KernelProfile.Name.allCases)
  func `B36 a pause of a blocked thread knows only ip and sp, and setState is lost`(
    _ profile: KernelProfile.Name
  ) throws {
    let source =
      Self.common + #"""
        static volatile W woke, diverted;
        static void sleeper(void) { sleep_ms(20); woke = 1; }
        static void elsewhere(void) { diverted = 1; for (;;) sleep_ms(100); }
        void component(void) {
          Cap t = thread_create("sleeper"); thread_run(t, 1, stack + 512, sleeper);
          sleep_ms(3); op(t, 1); get_state(t);
          say_number("flags", state[0]); say_number("stack", state[5 + 2] > (W)stack && state[5 + 2] < (W)(stack + 512));
          say_number("s0", state[5 + 8]);
          set_state(t, state[0], (W)elsewhere, (W)(stack + 256));
          sleep_ms(30); get_state(t); say_number("flags", state[0]); say_number("woke", woke);
          op(t, 2); sleep_ms(3); say_number("woke", woke); say_number("diverted", diverted);
        }
        """#
    let result = try run([("pauser", source)], profile: .of(profile))
    #expect(
      result.lines == ["flags a", "stack 1", "s0 0", "flags b", "woke 0", "woke 1", "diverted 0"])
  }

  @Test(arguments: KernelProfile.Name.allCases)
  func `B35 setState of a thread in an exception takes effect at resume`(_ profile: KernelProfile.Name) throws {
    let source =
      Self.common + #"""
        static volatile W diverted;
        static void spinner(void) { for (;;) __asm__ volatile(""); }
        static void elsewhere(void) { diverted = 1; for (;;) sleep_ms(100); }
        void component(void) {
          thread_priority = 50;
          Cap t = thread_create("spinner"); thread_run(t, 1, stack + 512, spinner);
          sleep_ms(3); op(t, 1); sleep_ms(2); get_state(t);
          set_state(t, state[0], (W)elsewhere, (W)(stack + 256));
          op(t, 2); sleep_ms(3); say_number("diverted", diverted);
        }
        """#
    let result = try run([("pauser", source)], milliseconds: 14, profile: .of(profile))
    #expect(result.lines == ["diverted 1"])
  }

  @Test func `a record written as paused makes the next pause do nothing`() throws {
    let source =
      Self.common + #"""
        static volatile W count;
        static void counter(void) { for (;;) count++; }
        void component(void) {
          thread_priority = 50;
          Cap t = thread_create("counter"); thread_run(t, 1, stack + 512, counter); sleep_ms(3);
          get_state(t); set_state(t, 2, 0, 0); op(t, 1);
          W a = count; sleep_ms(3); say_number("runs", count > a);
          op(t, 2); op(t, 1); sleep_ms(2); a = count; sleep_ms(3); say_number("stands", count == a);
        }
        """#
    #expect(try run([("pauser", source)], milliseconds: 25).lines == ["runs 1", "stands 1"])
  }

  /// The UTCB stub at work: a thread blocked in an open wait lends itself to save its UTCB and is killed;
  /// afterwards a new thread is started from the saved registers and UTCB and receives the next message.
  @Test(arguments: KernelProfile.Name.allCases)
  func `the stub saves and loads a UTCB`(_ profile: KernelProfile.Name) throws {
    let stub = UTCBStub.words.map { "0x\(String($0, radix: 16))ul" }.joined(separator: ",")
    let source =
      Self.common + #"""
        static W page[512] __attribute__((aligned(4096)));
        static const W code[] = {\#(stub)};
        static volatile W got;
        static void waiter(void) {
          W *u = utcb(), label; u[126] = 0xabc; u[65] = 0x31a; u[64] = 0; u[40] = 0x4040;
          for (;;) { l4(0, 6 | SPECIAL, NEVER, &label); got++; }
        }
        void component(void) {
          for (W i = 0; i < sizeof code / 8; i++) page[128 + i] = code[i];
          Cap t = thread_create("waiter"); thread_run(t, 1, stack + 512, waiter);
          sleep_ms(3); op(t, 8); get_state(t); say_number("flags", state[0]);
          W saved[42]; for (int i = 0; i < 42; i++) saved[i] = state[i];
          say_number("error", ((W *)0x48000400)[123] & 31);
          page[63] = state[4];
          set_state(t, state[0], (W)page + 1024 + 40, (W)page);
          op(t, 2); sleep_ms(2); get_state(t);
          say_number("at trap", state[5 + 32] == (W)page + 1024 + 40 + 32);
          say_number("user word", page[126]); say_number("buffer", page[65]); say_number("mr40", page[40]);
          number(cpu, 1, 0, 0, 1, &t);
          for (int i = 0; i < 128; i++) ((W *)0x48000400)[i] = 0;
          Cap n = thread_create("waiter");
          W a[2] = {(W)page + 1024, (W)page}; rpc(n, 0, 2, a, 0, 0, 0, 0, 0, 0, 0);
          sleep_ms(2); get_state(n); say_number("loaded", state[5 + 32] == (W)page + 1024 + 32);
          for (int i = 0; i < 37; i++) state[5 + i] = saved[5 + i];
          set_state(n, state[0], saved[5 + 32] - 4, saved[5 + 2]);
          op(n, 2); sleep_ms(2);
          say_number("user word", ((W *)0x48000400)[126]); say_number("buffer", ((W *)0x48000400)[65]);
          W before = got; l4(0, 12ul << 12 | 1, 0x4000000, 0); sleep_ms(2); say_number("got", got - before);
        }
        """#
    let result = try run([("saver", source)], profile: .of(profile))
    #expect(
      result.lines == [
        "flags b", "error 7", "at trap 1", "user word abc", "buffer 31a", "mr40 4040", "loaded 1", "user word abc",
        "buffer 31a", "got 1",
      ])
  }

  @Test func `a killed thread frees its place for the next one`() throws {
    let source =
      Self.common + #"""
        static void nothing(void) {}
        void component(void) {
          Cap a = thread_create("a"), b = thread_create("b");
          thread_run(a, 1, stack + 512, nothing);
          get_state(a); say_number("a", state[2]); get_state(b); say_number("b", state[2]);
          number(cpu, 1, 0, 0, 1, &a);
          Cap c = thread_create("c"); get_state(c); say_number("c", state[2]); say_number("utcb", state[4]);
        }
        """#
    let result = try run([("killer", source)])
    #expect(result.lines == ["a c", "b f", "c c", "utcb 48000400"])
  }
}
