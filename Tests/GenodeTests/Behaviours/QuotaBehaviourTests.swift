import FiascoKernel
import Testing

@testable import Genode

/// What sessions and their contents cost, and what is said when there is not enough.
@Suite struct QuotaBehaviourTests {
  @Test(arguments: [
    ("PD", 163_840), ("RAM", 32_768), ("CPU", 131_072), ("RM", 65_536), ("LOG", 8192), ("ROM", 4096), ("Timer", 8192),
  ])
  func `the donations are those of 16_08 on 64 bit`(_ service: String, _ bytes: UInt64) {
    #expect(SessionQuota.of(service) == bytes)
  }

  @Test func `a session costs its donation until it is closed`() throws {
    let source =
      ManagedMemory.prelude + #"""
        static W quota(void) { return number(ram, 4, 0, 0, 0, 0); }
        void component(void) {
          W before = quota(); open_rm(); say_number("paid", before - quota());
          upgrade(rm, "ram_quota=8K"); say_number("paid", before - quota());
          number(parent(), 3, 0, 0, 1, &rm); say_number("paid", before - quota());
        }
        """#
    #expect(try run([("payer", source)]).lines == ["paid 20000", "paid 22000", "paid 0"])
  }

  @Test func `a donation that does not hold the session itself is refused with a line`() {
    var host = CoreHost()
    #expect(host.session("CPU", quota: 8192)?.exception == .quotaExceeded)
    let lines = host.core.drainEvents().compactMap { event in
      if case .warningPrinted(_, let text) = event { text } else { nil }
    }
    #expect(lines == ["Error: Insufficient ram quota, provided=8192, required=9216"])
  }

  @Test func `B28 a small RM session feeds few maps until it is upgraded`() throws {
    let source =
      ManagedMemory.prelude + #"""
        void component(void) {
          rm = session("RM", "ram_quota=64K, label=\"\"");
          W n = 0; Cap ds = alloc(4096);
          for (;;) { Cap map = map_create(4096); if (map.badge == ~0UL || attach(map, ds, 0, 0, 1, 0)) break; n++; }
          say_number("maps", n);
          upgrade(rm, "ram_quota=64K"); say_number("after upgrade", map_create(4096).badge != ~0UL);
        }
        """#
    let result = try run([("maps", source)])
    #expect(result.lines == ["maps 3", "after upgrade 1"])
    #expect(result.warnings == ["Warning: Quota exceeded! amount=64512, size=4096, consumed=61440"])
  }

  /// The question of 2016, with a number: what does page granularity cost for 64 pages?
  @Test(arguments: [
    (GenodeRelease.Name.genode1602, 64, 4096), (.genode1608, 64, 1088), (.genode1608, 1, 64),
  ])
  func `a region map for each page cost 64 KiB each before 16_05, and one map for all pages nearly nothing`(
    _ release: GenodeRelease.Name, _ maps: Int, _ kibibytes: Int
  ) throws {
    let source =
      ManagedMemory.prelude + #"""
        static W paid, pages = 64 / \#(maps);
        static Cap ds;
        static void new_session(void) { rm = session("RM", "ram_quota=64K, label=\"\""); paid += 64; }
        static int populate(Cap map) {
          for (W i = 0; i < pages; i++) if (attach(map, ds, 0, 0, 1, i * 4096) > 0x100000) return 0;
          return 1;
        }
        void component(void) {
          ds = alloc(4096); new_session();
          for (int i = 0; i < \#(maps);) {
            W first = next_slot; Cap map = map_create(pages * 4096);
            if (map.badge != ~0UL && populate(map)) { i++; next_slot = first; continue; }
            if (map.badge != ~0UL) number(rm, 1, 0, 0, 1, &map);
            if (\#(release == .genode1602 ? 1 : 0)) new_session(); else { upgrade(rm, "ram_quota=64K"); paid += 64; }
          }
          say_number("paid", paid);
        }
        """#
    let result = try run([("tracker", source)], milliseconds: 200, quota: 24 << 20, release: .named(release))
    #expect(result.lines == ["paid \(String(kibibytes, radix: 16))"])
  }

  @Test func `init answers a resource request out of its slack or not at all`() throws {
    let source =
      ManagedMemory.prelude + #"""
        static void request(const char *args) { W a[10], n = pack(a, args); rpc(parent(), 6, n, a, 0, 0, 0, 0, 0, 0, 0); }
        void component(void) {
          W before = number(ram, 4, 0, 0, 0, 0);
          request("ram_quota=65536"); say_number("more", number(ram, 4, 0, 0, 0, 0) - before);
          request("ram_quota=1G"); say("unreachable");
        }
        """#
    let result = try run([("hungry", source)])
    #expect(result.lines == ["more 10000"])
    #expect(
      result.initLines == [
        "child \"hungry\" requests resources: ram_quota=65536",
        "child \"hungry\" requests resources: ram_quota=1073741824",
        "Warning: cannot respond to resource request - out of memory",
      ])
  }

  @Test func `init upgrades its CPU session when the threads for its children do not fit`() throws {
    let source = #"void component(void) { for (;;) sleep_ms(1000); }"#
    let children = (1...61).map { (name: "c\($0)", source: source) }
    let result = try run(children, quota: 1 << 20)
    #expect(result.initLines == ["upgrading quota donation for Env::CPU (8192 bytes)"])
    #expect(result.events.count { if case .childStarted = $0 { true } else { false } } == 63)
  }

  @Test func `nobody gets at a UTCB from outside`() throws {
    let source = #"void component(void) { say_number("none", ask(self, 9, 0, 0, 0, 0).badge == ~0UL); }"#
    let result = try run([("curious", source)])
    #expect(result.lines == ["none 1"])
    let signature = "virtual Genode::Dataspace_capability Genode::Cpu_thread_component::utcb()"
    #expect(result.warnings == ["Error: \(signature): not implemented"])
  }
}
