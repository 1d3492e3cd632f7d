import FiascoKernel
import Genode
import Testing

/// Page faults in managed dataspaces. B and a number name a line of the list in `BehaviourListTests`.
@Suite struct FaultBehaviourTests {
  private func inside(_ faults: [UInt64]) -> Int { faults.count { (0x2000_0000..<0x2001_0000).contains($0) } }

  @Test(arguments: KernelProfile.Name.allCases)
  func `B11 a fault in an empty managed dataspace is one warning, one signal and an aligned address`(
    _ profile: KernelProfile.Name
  ) throws {
    let source =
      ManagedMemory.handled + #"""
        static void toucher(void) { *(volatile char *)0x20001123; }
        void component(void) {
          open_managed(); spawn("toucher", 1, toucher);
          say_number("count", signal()); say_state(map);
        }
        """#
    let result = try run([("managed", source)], profile: .of(profile))
    #expect(result.lines == ["count 1", "state 1", "at 1120"])
    #expect(result.warnings.count == 1)
    #expect(result.warnings.first?.hasPrefix("Warning: could not resolve pf=0x20001120 ip=0x1000") == true)
  }

  @Test func `B11 since 16_11 the warning names protection domain and thread`() throws {
    let source =
      ManagedMemory.handled + #"""
        static void toucher(void) { WORD(0x20001120) = 1; }
        void component(void) { open_managed(); spawn("toucher", 1, toucher); signal(); }
        """#
    let result = try run([("managed", source)], release: .named(.genode1611))
    let prefix = "Warning: page-fault, pager_object: pd='init -> managed' thread='toucher' ip=0x1000"
    #expect(result.warnings.first?.hasPrefix(prefix) == true)
    #expect(result.warnings.first?.hasSuffix(" pf-addr=0x20001120") == true)
  }

  @Test(arguments: KernelProfile.Name.allCases)
  func `B12 a handled access faults twice and the next ones do not fault`(_ profile: KernelProfile.Name) throws {
    let source =
      ManagedMemory.handled + #"""
        static volatile W seen = 99;
        static void toucher(void) { for (int i = 0; i < 9; i++) seen = WORD(0x20000100 + 8 * i); say_number("read", seen); }
        void component(void) {
          open_managed(); spawn("toucher", 1, toucher); signal();
          attach(map, alloc(4096), 0, 0, 1, 0); sleep_ms(2); say_state(map);
        }
        """#
    let result = try run([("managed", source)], profile: .of(profile))
    #expect(result.lines == ["read 0", "state 0", "at 0"])
    #expect(inside(result.faults) == 2)
  }

  @Test func `B13 an attach at another page wakes nobody and leaves the state`() throws {
    let source =
      ManagedMemory.handled + #"""
        static volatile W done;
        static void toucher(void) { WORD(0x20001120) = 7; done = 1; }
        void component(void) {
          open_managed(); spawn("toucher", 1, toucher); signal();
          attach(map, alloc(4096), 0, 0, 1, 0x3000); sleep_ms(2); say_number("done", done); say_state(map);
          attach(map, alloc(4096), 0, 0, 1, 0x1000); sleep_ms(2); say_number("done", done); say_state(map);
        }
        """#
    let result = try run([("managed", source)])
    #expect(result.lines == ["done 0", "state 2", "at 1120", "done 1", "state 0", "at 0"])
  }

  @Test(arguments: KernelProfile.Name.allCases)
  func `B14 faults before the handler runs are one signal, and state shows one after the other`(
    _ profile: KernelProfile.Name
  ) throws {
    let source =
      ManagedMemory.handled + #"""
        static void one(void) { WORD(0x20001000) = 1; }
        static void two(void) { WORD(0x20002000); say("two"); }
        void component(void) {
          open_managed(); spawn("one", 1, one); sleep_ms(2); spawn("two", 2, two); sleep_ms(2);
          say_number("count", signal()); say_state(map);
          attach(map, alloc(4096), 0, 0, 1, 0x1000); say_state(map);
          attach(map, alloc(4096), 0, 0, 1, 0x2000); sleep_ms(2); get_map_state(map); say_number("state", state_kind);
        }
        """#
    let result = try run([("managed", source)], profile: .of(profile))
    #expect(result.lines == ["count 2", "state 2", "at 1000", "state 1", "at 2000", "two", "state 0"])
  }

  @Test func `B15 one attach over the range wakes all who wait in it`() throws {
    let source =
      ManagedMemory.handled + #"""
        static volatile W done;
        static void one(void) { WORD(0x20001000) = 1; done++; }
        static void two(void) { WORD(0x20008008) = 1; done++; }
        static void three(void) { WORD(0x2000fff8) = 1; done++; }
        void component(void) {
          open_managed(); spawn("one", 1, one); spawn("two", 2, two); spawn("three", 3, three); sleep_ms(3);
          attach(map, alloc(0x10000), 0, 0, 1, 0); sleep_ms(3); say_number("done", done);
        }
        """#
    #expect(try run([("managed", source)]).lines == ["done 3"])
  }

  @Test(arguments: [(GenodeRelease.genode1608, "at 120"), (.mended, "at 2120")])
  func `B16 the offset under which a managed dataspace is attached is forgotten by faults`(
    _ release: GenodeRelease, _ line: String
  ) throws {
    let source =
      ManagedMemory.prelude + #"""
        static void toucher(void) { WORD(0x30000120) = 1; }
        void component(void) {
          open_signals(); open_rm(); Cap map = map_create(0x10000); set_handler(map, context(1));
          attach(space, map_dataspace(map), 0, 0x2000, 1, 0x30000000);
          spawn("toucher", 1, toucher); signal(); get_map_state(map); say_number("at", state_address);
        }
        """#
    #expect(try run([("managed", source)], release: release).lines == [line])
  }

  @Test(arguments: [(GenodeRelease.genode1608, false), (.mended, true)])
  func `B25 after a write to a boot module no attach wakes the thread`(
    _ release: GenodeRelease, _ isWoken: Bool
  ) throws {
    let source =
      ManagedMemory.prelude + #"""
        static volatile W done;
        static void toucher(void) { WORD(0x30000000) = 1; done = 1; }
        void component(void) {
          Cap rom = session("ROM", "ram_quota=4K, label=\"broken.elf\"");
          attach(space, ask(rom, 0, 0, 0, 0, 0), 0x1000, 0, 1, 0x30000000);
          spawn("toucher", 1, toucher); sleep_ms(2);
          detach(space, 0x30000000); attach(space, alloc(4096), 0, 0, 1, 0x30000000); sleep_ms(2);
          say_number("done", done);
        }
        """#
    let result = try run([("broken", source)], release: release)
    #expect(result.lines == [isWoken ? "done 1" : "done 0"])
    #expect(result.warnings.first?.hasPrefix("attempted write at read-only memory (WRITE pf_addr=0x30000000") == true)
  }

  @Test(arguments: [(4096, 256), (65_536, 16)])
  func `B27 the granularity decides how many faults a sweep costs`(_ bytes: Int, _ pieces: Int) throws {
    let source =
      ManagedMemory.prelude + #"""
        static void sweep(void) { for (W at = 0; at < 0x100000; at += 4096) WORD(0x20000000 + at) = at; say("swept"); }
        void component(void) {
          open_signals(); open_rm(); upgrade(ram, "ram_quota=64K"); Cap map = map_create(0x100000); set_handler(map, context(1));
          attach(space, map_dataspace(map), 0, 0, 1, 0x20000000);
          spawn("sweep", 1, sweep);
          for (int i = 0; i < \#(pieces); i++) {
            signal(); get_map_state(map); attach(map, alloc(\#(bytes)), 0, 0, 1, state_address & ~(\#(bytes)ul - 1));
          }
          sleep_ms(5);
        }
        """#
    let result = try run([("sweeper", source)], milliseconds: 400)
    #expect(result.lines == ["swept"])
    #expect(result.faults.count { (0x2000_0000..<0x2010_0000).contains($0) } == 2 * pieces)
  }
}
