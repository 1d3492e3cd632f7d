import FiascoKernel
import Genode
import Testing

@Suite struct ManagedDataspaceTests {
  /// A thread touches a managed dataspace; the main thread handles its faults.
  private static let source = #"""
    static W stack[512] __attribute__((aligned(16)));
    static volatile W seen = 99, done;
    static void toucher(void) { seen = *(volatile W *)0x20001120; done = 1; *(volatile W *)0x20001128 = 7; done = 2; }
    void component(void) {
      Cap source = ask(pd, 1, 0, 0, 0, 0), irq = ask(source, 1, 0, 0, 1, &self);
      W imprint = 0x77; Cap context = ask(pd, 3, 1, &imprint, 1, &source);
      Cap rm = session("RM", "ram_quota=64K, label=\"\"");
      W size = 0x10000; Cap map = ask(rm, 0, 1, &size, 0, 0), managed = ask(map, 4, 0, 0, 0, 0);
      number(map, 2, 0, 0, 1, &context);
      attach(space, managed, 0, 0, 1, 0x20000000);
      Cap t = thread_create("toucher"); thread_run(t, 1, stack + 512, toucher);
      l4(0, irq.slot << 12 | 2, NEVER, 0);
      W out[2]; rpc(source, 0, 0, 0, 0, 0, out, 2, 0, 0, 0); say_number("signal", out[0]);
      rpc(map, 3, 0, 0, 0, 0, out, 2, 0, 0, 0); say_number("state", out[0]); say_number("address", out[1]);
      Cap ds = alloc(4096);
      attach(map, ds, 0, 0, 1, 0x3000); sleep_ms(2); say_number("elsewhere", done);
      Cap right = alloc(4096);
      attach(map, right, 0, 0, 1, 0x1000); sleep_ms(2); say_number("woken", done); say_number("value", seen);
      rpc(map, 3, 0, 0, 0, 0, out, 2, 0, 0, 0); say_number("state", out[0]);
    }
    """#

  @Test(arguments: KernelProfile.Name.allCases)
  func `a fault in a managed dataspace is told by signal and healed by attach`(_ profile: KernelProfile.Name) throws {
    let result = try run([("managed", Self.source)], profile: .of(profile))
    #expect(
      result.lines == ["signal 77", "state 1", "address 1120", "elsewhere 0", "woken 2", "value 0", "state 0"])
    #expect(result.warnings.count == 1)
    #expect(result.warnings.first?.hasPrefix("Warning: could not resolve pf=0x20001120 ip=0x1000") == true)
  }

  /// Two managed levels between the memory and the address space.
  private static func nested(_ levels: String) -> String {
    #"""
    void component(void) {
      Cap rm = session("RM", "ram_quota=128K, label=\"\"");
      W size = 0x10000; Cap inner = ask(rm, 0, 1, &size, 0, 0), innerDS = ask(inner, 4, 0, 0, 0, 0);
      Cap outer = ask(rm, 0, 1, &size, 0, 0), outerDS = ask(outer, 4, 0, 0, 0, 0);
      Cap ds = alloc(4096), other = alloc(4096);
      attach(inner, ds, 0, 0, 1, 0);
    """# + levels + #"""
        volatile W *p = (W *)0x20000000;
        *p = 1;
        W zero = 0; number(inner, 1, 1, &zero, 0, 0);
        attach(inner, other, 0, 0, 1, 0);
        say_number("sees", *p);
      }
      """#
  }

  @Test func `detaching inside one managed level takes the page away`() throws {
    let result = try run([
      ("one", Self.nested("attach(space, innerDS, 0, 0, 1, 0x20000000);"))
    ])
    #expect(result.lines == ["sees 0"])
  }

  @Test(arguments: [NestedUnmap.oneLevel, .complete])
  func `detaching inside two managed levels leaves a stale page before 19_02`(_ version: NestedUnmap) throws {
    let levels = "attach(outer, innerDS, 0, 0, 1, 0); attach(space, outerDS, 0, 0, 1, 0x20000000);"
    let result = try run([("two", Self.nested(levels))], nested: version)
    #expect(result.lines == [version == .oneLevel ? "sees 1" : "sees 0"])
  }

  @Test func `detaching a managed dataspace as a whole unmaps nothing`() throws {
    let source = #"""
      void component(void) {
        Cap rm = session("RM", "ram_quota=64K, label=\"\"");
        W size = 0x1000; Cap map = ask(rm, 0, 1, &size, 0, 0), managed = ask(map, 4, 0, 0, 0, 0);
        Cap ds = alloc(4096), other = alloc(4096);
        attach(map, ds, 0, 0, 1, 0); attach(space, managed, 0, 0, 1, 0x20000000);
        volatile W *p = (W *)0x20000000; *p = 5;
        W at = 0x20000000; number(space, 1, 1, &at, 0, 0);
        attach(space, other, 0, 0, 1, 0x20000000);
        say_number("sees", *p);
      }
      """#
    let result = try run([("outer", source)])
    #expect(result.lines == ["sees 5"])
    #expect(result.warnings == ["Warning: unmapping of managed dataspaces not yet supported"])
  }

  @Test func `a small RM session feeds few maps until it is upgraded`() throws {
    let source = #"""
      void component(void) {
        Cap rm = session("RM", "ram_quota=64K, label=\"\"");
        W size = 0x1000, n = 0; Cap ds = alloc(4096);
        for (;;) { Cap map = ask(rm, 0, 1, &size, 0, 0); if (map.badge == ~0UL || attach(map, ds, 0, 0, 1, 0)) break; n++; }
        say_number("maps", n);
        W a[10], k = pack(a, "ram_quota=64K"); number(parent(), 2, k, a, 1, &rm);
        say_number("after upgrade", ask(rm, 0, 1, &size, 0, 0).badge != ~0UL);
      }
      """#
    let result = try run([("maps", source)])
    #expect(result.lines == ["maps 3", "after upgrade 1"])
  }
}
