import FiascoKernel
import Genode
import Testing

/// Components in machine code on the simulated kernel, in both kernel profiles.
@Suite struct ComponentTests {
  @Test(arguments: KernelProfile.Name.allCases)
  func `a component logs, gets timer signals, and exits`(_ profile: KernelProfile.Name) throws {
    let result = try run(
      [
        (
          "ticker",
          #"""
          void component(void) {
            say("hello");
            Cap source = ask(pd, 1, 0, 0, 0, 0);
            Cap irq = ask(source, 1, 0, 0, 1, &self);
            W imprint = 0x1234;
            Cap context = ask(pd, 3, 1, &imprint, 1, &source);
            Cap timer = session("Timer", "ram_quota=8K, label=\"\"");
            number(timer, 2, 0, 0, 1, &context);
            W us = 10000; number(timer, 1, 1, &us, 0, 0);
            for (int i = 0; i < 3; i++) {
              l4(0, irq.slot << 12 | 2, NEVER, 0);
              W out[2]; rpc(source, 0, 0, 0, 0, 0, out, 2, 0, 0, 0);
              say_number("signal", out[0]);
            }
            say_number("elapsed", number(timer, 3, 0, 0, 0, 0));
            quit(7);
          }
          """#
        )
      ], profile: .of(profile))
    #expect(result.lines == ["hello", "signal 1234", "signal 1234", "signal 1234", "elapsed 1e"])
    #expect(result.initLines == ["child \"ticker\" exited with exit value 7"])
    #expect(result.events.contains(.childExited(name: "ticker", value: 7)))
    #expect(result.warnings.isEmpty)
  }

  @Test(arguments: KernelProfile.Name.allCases)
  func `memory of one dataspace is seen at every place it is attached`(_ profile: KernelProfile.Name) throws {
    let result = try run(
      [
        (
          "memory",
          #"""
          void component(void) {
            Cap ds = alloc(16384);
            W a = attach(space, ds, 0, 0, 1, 0x10000000), b = attach(space, ds, 0x1000, 0x2000, 0, 0);
            say_number("at", a);
            *(volatile W *)(a + 0x2008) = 0x55;
            say_number("second view", *(volatile W *)(b + 8));
            say_number("zeroed", *(volatile W *)(a + 0x3000));
            say_number("conflict", attach(space, ds, 0, 0, 1, 0x10002000));
            say_number("beyond", attach(space, ds, 0x2000, 0x3000, 0, 0));
            say_number("unaligned", attach(space, ds, 0, 0x800, 0, 0));
            say_number("page zero", attach(space, ds, 0x1000, 0, 1, 0));
            Cap other = alloc(4096);
            number(space, 1, 1, &a, 0, 0);
            attach(space, other, 0, 0, 1, a);
            say_number("new memory", *(volatile W *)(a + 8));
            say_number("old view", *(volatile W *)(b + 8));
            W nowhere = 0x12340000; number(space, 1, 1, &nowhere, 0, 0);
          }
          """#
        )
      ], profile: .of(profile))
    #expect(
      result.lines == [
        "at 10000000", "second view 55", "zeroed 0", "conflict fffffffffffffffa", "beyond fffffffffffffffd",
        "unaligned fffffffffffffffd", "page zero fffffffffffffffa", "new memory 0", "old view 55",
      ])
    #expect(result.warnings == ["Warning: detach: no attachment at 0x12340000"])
  }

  @Test(arguments: KernelProfile.Name.allCases)
  func `a client calls an object of another component`(_ profile: KernelProfile.Name) throws {
    let server = #"""
      void component(void) {
        W window[4] = {0x300, 0x301, 0x302, 0x303};
        Cap root = ask(pd, 6, 0, 0, 1, &self), object = ask(pd, 6, 0, 0, 1, &self);
        W a[10], n = pack(a, "Adder"); number(parent(), 5, n, a, 1, &root);
        W *u = utcb(), label, op = 6 | SPECIAL, tag = 0;
        for (;;) {
          u[64] = 0; for (int i = 0; i < 4; i++) u[65 + i] = window[i] << 12 | 10;
          W got = l4(tag, op, op == (6 | SPECIAL) ? 0 : 0x4000000, &label);
          if (got & 0x8000) { op = 6 | SPECIAL; tag = 0; continue; }
          op = 15 | SPECIAL;
          if ((label & ~3UL) == root.badge) {
            u[0] = 0; u[1] = 1; u[2] = object.badge; u[3] = 8; u[4] = object.slot << 12 | 3 << 4 | 7; tag = 1 << 6 | 3;
          } else {
            W sum = u[3] + u[4]; u[0] = 0; u[1] = 0; u[2] = sum; tag = 3;
          }
        }
      }
      """#
    let client = #"""
      void component(void) {
        Cap adder = session("Adder", "ram_quota=4K, label=\"x\"");
        W a[2] = {40, 2};
        say_number("sum", number(adder, 0, 2, a, 0, 0));
        Cap stale = {adder.slot, adder.badge + 4};
        say_number("no such service", session("Nothing", "ram_quota=4K").badge);
      }
      """#
    let result = try run(
      [("client", client), ("server", server)], profile: .of(profile), provides: ["server": ["Adder"]])
    #expect(result.lines == ["sum 2a", "no such service ffffffffffffffff"])
    #expect(
      result.initLines == [
        "client: no route to service \"Nothing\"", "child \"client\" exited with exit value 0",
      ])
  }

  @Test func `a touch of nothing leaves the thread blocked and core says so`() throws {
    let result = try run([
      ("broken", #"void component(void) { say("before"); *(volatile W *)0x50000008 = 1; say("after"); }"#)
    ])
    #expect(result.lines == ["before"])
    #expect(result.warnings.count == 2)
    #expect(result.warnings.first?.hasPrefix("no RM attachment (WRITE pf_addr=0x50000008") == true)
    #expect(result.warnings.last?.hasPrefix("Warning: could not resolve pf=0x50000008") == true)
  }
}

@Suite struct LifeOfChildrenTests {
  private static let counter = #"""
    static W n;
    void component(void) {
      Cap timer = session("Timer", "ram_quota=8K, label=\"\"");
      for (;;) { say_number("count", ++n); sleep_ms(10); }
    }
    """#

  @Test(arguments: KernelProfile.Name.allCases)
  func `a killed child is silent, and starts from its beginning when started again`(
    _ profile: KernelProfile.Name
  ) throws {
    let result = try run(
      [("counter", Self.counter)], milliseconds: 100, profile: .of(profile),
      changes: [InitChange(at: 35_000, .kill("counter")), InitChange(at: 65_000, .start("counter"))])
    #expect(result.lines.count >= 6)
    let restart = result.lines.lastIndex(of: "count 1") ?? 0
    #expect(restart >= 3 && restart <= 4)
    #expect(result.lines.suffix(from: restart).first == "count 1")
    #expect(result.events.contains(.childKilled(name: "counter")))
    #expect(result.events.count { $0 == .childStarted(name: "counter") } == 2)
    #expect(result.warnings.isEmpty)
  }

  @Test func `a child is told from init's slack what it may have, and a missing file is only a line`() throws {
    let source = #"""
      void component(void) { say_number("quota", number(ram, 4, 0, 0, 0, 0)); }
      """#
    let result = try run([("small", source)], quota: 1 << 20)
    // 1 MiB less what init believes PD, RAM and CPU sessions cost, less the LOG session it opened itself.
    #expect(result.lines == ["quota c5000"])
  }

  @Test func `B8 allocation needs more than the exact rest of the quota`() throws {
    let source = #"""
      void component(void) {
        W left = number(ram, 4, 0, 0, 0, 0) - number(ram, 5, 0, 0, 0, 0);
        say_number("exact", alloc(left).badge == ~0UL);
        W less = left - 4096; say_number("less", alloc(less).badge != ~0UL);
        say_number("nothing", alloc(0).badge == ~0UL);
        say_number("too much", session("LOG", "ram_quota=8K, label=\"\"").badge == ~0UL);
      }
      """#
    let result = try run([("hungry", source)], quota: 1 << 20)
    #expect(result.lines == ["exact 1", "less 1", "nothing 1", "too much 1"])
    #expect(result.initLines.first == "Warning: not enough quota for a donation of 8192 bytes")
  }

  @Test func `a capability is installed in the slot that was asked for`() throws {
    let source = #"""
      void component(void) {
        Cap native = ask(pd, 11, 0, 0, 0, 0);
        W slot = 0x777, address = 0x2001000;
        number(native, 0, 1, &slot, 1, &log_session);
        Cap copy = {slot, log_session.badge};
        Cap keep = log_session; log_session = copy; say("through the copy"); log_session = keep;
        number(native, 0, 1, &slot, 1, &ram);
        Cap r = {slot, ram.badge};
        say_number("same", number(r, 4, 0, 0, 0, 0) == number(ram, 4, 0, 0, 0, 0));
        number(native, 1, 1, &address, 0, 0); say_number("cap map", number(native, 2, 0, 0, 0, 0));
      }
      """#
    let result = try run([("installer", source)])
    #expect(result.lines == ["through the copy", "same 1", "cap map 2001000"])
    #expect(result.warnings == ["Warning: Overriding valid capability at kcap=0x777000"])
  }
}
