import FiascoKernel
import Genode
import Testing

@Suite struct ManagedDataspaceTests {
  @Test func `B28 a small RM session feeds few maps until it is upgraded`() throws {
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
