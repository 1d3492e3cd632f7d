import FiascoKernel
import Testing

@testable import Genode

/// What detaching takes away, and from whom.
@Suite struct UnmapBehaviourTests {
  /// Memory in a managed dataspace in another one: `levels` attaches them, then 0x20000000 shows the memory.
  private static func nested(_ levels: String, _ rest: String) -> String {
    ManagedMemory.prelude + #"""
      void component(void) {
        open_rm();
        Cap inner = map_create(0x10000), inner_ds = map_dataspace(inner);
        Cap outer = map_create(0x40000), outer_ds = map_dataspace(outer);
        Cap ds = alloc(4096), other = alloc(4096);
        attach(inner, ds, 0, 0, 1, 0);

      """# + levels + "\n WORD(0x20000000) = 1;\n" + rest + "}"
  }
  private static let direct = "attach(space, inner_ds, 0, 0, 1, 0x20000000);"
  private static func deep(_ place: String) -> String {
    """
    attach(outer, inner_ds, 0, 0, 1, \(place)); attach(space, outer_ds, 0, 0, 1, 0x20000000 - \(place));
    """
  }
  private static let swap = "detach(inner, 0); attach(inner, other, 0, 0, 1, 0);"
  private static let look = "say_number(\"sees\", WORD(0x20000000));"

  private func faults(_ result: Run) -> Int { result.faults.count { $0 == 0x2000_0000 } }

  @Test func `B18 a page detached inside one managed dataspace faults at the next access`() throws {
    let result = try run([("one", Self.nested(Self.direct, Self.swap + Self.look))])
    #expect(result.lines == ["sees 0"])
    #expect(faults(result) == 2)
  }

  @Test(arguments: ["0ul", "0x20000ul"], [GenodeRelease.genode1608, .named(.genode1902)])
  func `B19 a page detached two managed levels deep stays mapped up to 18_11`(
    _ place: String, _ release: GenodeRelease
  ) throws {
    let result = try run([("two", Self.nested(Self.deep(place), Self.swap + Self.look))], release: release)
    let isMended = release.unmapsThroughNestedMaps
    #expect(result.lines == [isMended ? "sees 0" : "sees 1"])
    #expect(faults(result) == (isMended ? 2 : 1))
  }

  @Test func `B20 a copy through the checkpointer's own address space masks the defect`() throws {
    let copy = "W at = attach(space, ds, 0, 0, 0, 0); WORD(at); detach(space, at);"
    let result = try run([("two", Self.nested(Self.deep("0x20000ul"), Self.swap + copy + Self.look))])
    #expect(result.lines == ["sees 0"])
    #expect(faults(result) == 2)
  }

  @Test(arguments: [GenodeRelease.genode1608, .named(.genode1902)])
  func `B21 the detach of a managed dataspace as a whole leaves its pages`(_ release: GenodeRelease) throws {
    let rest = "detach(space, 0x20000000); attach(space, other, 0, 0, 1, 0x20000000);" + Self.look
    let result = try run([("outer", Self.nested(Self.direct, rest))], release: release)
    let isMended = release.unmapsDetachedMaps
    #expect(result.lines == [isMended ? "sees 0" : "sees 1"])
    #expect(result.warnings == (isMended ? [] : ["Warning: unmapping of managed dataspaces not yet supported"]))
  }

  @Test func `B22 detaching the inner memory first and the outer map second is clean`() throws {
    let rest =
      "detach(inner, 0); detach(space, 0x20000000); attach(space, other, 0, 0, 1, 0x20000000);" + Self.look
    #expect(try run([("outer", Self.nested(Self.direct, rest))]).lines == ["sees 0"])
  }

  @Test(arguments: [("0x30000000", 1), ("0x30001000", 256)])
  func `B23 a checkpointer's detach of an untracked dataspace makes the target fault again`(
    _ place: String, _ faults: Int
  ) throws {
    let source =
      ManagedMemory.prelude + #"""
        static void sweep(void) { for (W at = 0; at < 0x100000; at += 4096) WORD(\#(place) + at) = at; }
        void component(void) {
          Cap ds = alloc(0x100000); attach(space, ds, 0, 0, 1, \#(place)); sweep();
          W copy = attach(space, ds, 0, 0, 0, 0); detach(space, copy);
          sweep();
        }
        """#
    let result = try run([("target", source)])
    #expect(result.faults.count { (0x3000_0000..<0x3020_0000).contains($0) } == 2 * faults)
    let unmapped = result.events.compactMap { if case .regionDetached(_, _, let pages) = $0 { pages } else { nil } }
    #expect(unmapped.contains(256))
  }

  @Test func `nothing is unmapped from an address space without a thread`() throws {
    var host = CoreHost()
    let pd = try #require(host.session("PD", quota: SessionQuota.pd)?.capability?.badge)
    let space = try #require(host.request(pd, PDOpcode.addressSpace)?.capability?.badge)
    let dataspace = try #require(host.request(host.ram, RAMOpcode.alloc, [8192])?.capability?.badge)
    for expected in [[], ["unmap page", "unmap page"]] as [[String]] {
      let address = try #require(host.request(space, RegionMapOpcode.attach, [0, 0, 0, 0, 0], [dataspace])?.words[0])
      _ = host.takeCalls()
      _ = host.request(space, RegionMapOpcode.detach, [address])
      #expect(host.takeCalls() == expected)
      _ = host.request(host.cpu, CPUOpcode.createThread, [0, 0] + RPCString.encode("t"), [pd])
    }
  }

  @Test func `B24 memory freed by its owner vanishes silently and the next access waits for ever`() throws {
    let source =
      ManagedMemory.prelude + #"""
        static void toucher(void) { WORD(0x30000008) = 1; say("unreachable"); }
        void component(void) {
          Cap ds = alloc(4096); attach(space, ds, 0, 0, 1, 0x30000000); WORD(0x30000000) = 1;
          number(ram, 1, 0, 0, 1, &ds); say("freed"); spawn("toucher", 1, toucher); sleep_ms(2);
        }
        """#
    let result = try run([("owner", source)])
    #expect(result.lines == ["freed"])
    #expect(result.warnings.first?.hasPrefix("no RM attachment (WRITE pf_addr=0x30000008 pf_ip=0x1000") == true)
  }

  @Test func `B26 reading a detached page is a fault like writing it`() throws {
    let rest = #"detach(inner, 0); attach(inner, ds, 0, 0, 1, 0); say_number("sees", WORD(0x20000000));"#
    let result = try run([("reader", Self.nested(Self.direct, rest))])
    #expect(result.lines == ["sees 1"])
    #expect(faults(result) == 2)
  }
}
