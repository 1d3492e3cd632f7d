import Determinism
import FiascoKernel
import Testing

@testable import Genode

/// Signals, timers, and capabilities that are not what they were.
@Suite struct SignalBehaviourTests {
  @Test(arguments: KernelProfile.Name.allCases)
  func `B55 three submits before the receiver looks are one signal of three`(_ profile: KernelProfile.Name) throws {
    let source =
      ManagedMemory.prelude + #"""
        void component(void) {
          open_signals(); Cap c = context(1); W one = 1;
          for (int i = 0; i < 3; i++) number(pd, 5, 1, &one, 1, &c);
          say_number("count", signal());
        }
        """#
    #expect(try run([("signals", source)], profile: .of(profile)).lines == ["count 3"])
  }

  @Test func `B56 a signal pending in core dies with its protection domain`() throws {
    var host = CoreHost()
    func open() throws -> (pd: UInt64, context: UInt64, source: UInt64) {
      let pd = try #require(host.session("PD", quota: SessionQuota.pd)?.capability?.badge)
      let context = try #require(host.request(pd, PDOpcode.allocContext, [0x77])?.capability?.badge)
      return (pd, context, try #require(host.request(pd, PDOpcode.allocSignalSource)?.capability?.badge))
    }
    let first = try open()
    _ = host.request(host.pd, PDOpcode.submit, [2], [first.context])
    _ = host.request(host.parent, ParentOpcode.close, [], [first.pd])
    let second = try open()
    #expect(host.request(second.source, SignalSourceOpcode.wait)?.words == [0, 0, 0])
  }

  @Test(arguments: KernelProfile.Name.allCases)
  func `B56 who holds the signal source can take out what is pending and submit it again`(
    _ profile: KernelProfile.Name
  ) throws {
    let source =
      ManagedMemory.prelude + #"""
        static W out[3];
        static void fetch(void) { rpc(source, 0, 0, 0, 0, 0, out, 3, 0, 0, 0); }
        void component(void) {
          open_signals(); Cap a = context(0x11), b = context(0x22); W one = 1, two = 2;
          number(pd, 5, 1, &two, 1, &a); number(pd, 5, 1, &one, 1, &b);
          W imprints[2], counts[2];
          for (int i = 0; i < 2; i++) { fetch(); imprints[i] = out[0]; counts[i] = out[1]; }
          say_number("imprint", imprints[0]); say_number("imprint", imprints[1]);
          number(pd, 5, 1, &counts[0], 1, &a); number(pd, 5, 1, &counts[1], 1, &b);
          say_number("count", signal()); fetch(); say_number("count", out[1]);
        }
        """#
    #expect(
      try run([("drained", source)], profile: .of(profile)).lines == ["imprint 11", "imprint 22", "count 2", "count 1"])
  }

  @Test(arguments: KernelProfile.Name.allCases)
  func `B57 a context with another imprint than the component knows is dead`(_ profile: KernelProfile.Name) throws {
    let counter = #"""
      { "name": "sheep", "construct": [ { "forever": [ { "log": "awake" }, { "sleep": "10ms" } ] } ] }
      """#
    let world = try StandardWorld(counter, milliseconds: 34, profile: profile)
    let before = world.lines.count { $0 == "awake" }
    let pd = world.pd(of: "sheep")
    world.run(milliseconds: 40) { core in
      for row in core.contexts.live where core.contexts[row].pd == pd { core.contexts[row].imprint += 8 }
    }
    #expect(before > 1)
    #expect(world.lines.count { $0 == "awake" } == before)
    #expect(world.lines.last == "Warning: encountered dead signal context")
  }

  @Test(arguments: KernelProfile.Name.allCases)
  func `B58 half a millisecond takes until the next tick, and elapsed time counts from the session`(
    _ profile: KernelProfile.Name
  ) throws {
    let source =
      ManagedMemory.prelude + #"""
        static W elapsed(Cap t) { return number(t, 3, 0, 0, 0, 0); }
        void component(void) {
          open_signals(); Cap c = context(1), old = session("Timer", "ram_quota=8K, label=\"\"");
          sleep_ms(20); Cap fresh = session("Timer", "ram_quota=8K, label=\"\"");
          say_number("old", elapsed(old) >= 20); say_number("fresh", elapsed(fresh));
          number(fresh, 2, 0, 0, 1, &c);
          W us = 500; say("armed"); number(fresh, 0, 1, &us, 0, 0); signal(); say("fired");
        }
        """#
    let result = try run([("timed", source)], profile: .of(profile))
    #expect(result.lines == ["old 1", "fresh 0", "armed", "fired"])
    let span = (result.times[3] - result.times[2]).picoseconds
    #expect(span >= 500_000_000 && span < 2_500_000_000)
  }

  @Test func `B59 a session that nobody upgrades refuses the same request again and again`() throws {
    let source =
      ManagedMemory.prelude + #"""
        void component(void) {
          rm = session("RM", "ram_quota=20K, label=\"\""); map_create(4096);
          W refused = 0; for (int i = 0; i < 3; i++) refused += map_create(4096).badge == ~0UL;
          say_number("refused", refused);
          upgrade(rm, "ram_quota=12K"); say_number("made", map_create(4096).badge != ~0UL);
        }
        """#
    #expect(try run([("poor", source)]).lines == ["refused 3", "made 1"])
  }
}

/// Capabilities and their badges.
@Suite struct CapabilityBehaviourTests {
  @Test func `B51 no capability can be installed behind the last slot`() throws {
    var host = CoreHost()
    let native = try #require(host.request(host.pd, PDOpcode.nativePD)?.capability?.badge)
    #expect(host.request(native, NativePDOpcode.install, [0xfff], [host.ram])?.exception == nil)
    for slot in [0x1000, 1 << 40] as [UInt64] {
      #expect(host.request(native, NativePDOpcode.install, [slot], [host.ram])?.exception == .invalidArgs)
    }
  }

  @Test func `B53 of five capabilities in one message the fifth is dropped`() {
    let five = (1...5).map { RPCCapability(slot: .thread, badge: 4 * UInt64($0)) }
    let message = EncodedMessage(first: 4, capabilities: five, payload: [1, 2])
    #expect(message.words[1] == 4)
    #expect(message.tag.items == 4)
    #expect(Array(message.words[2..<8]) == [4, 8, 12, 16, 1, 2])
  }

  @Test(arguments: KernelProfile.Name.allCases)
  func `B54 an id is given again, and a slot that kept the old object sends nothing`(
    _ profile: KernelProfile.Name
  ) throws {
    let source =
      ManagedMemory.prelude + #"""
        void component(void) {
          open_signals(); Cap old = context(1); number(pd, 4, 0, 0, 1, &old);
          Cap new = context(2); say_number("same id", old.badge == new.badge);
          W *u = utcb(); u[0] = 2; u[1] = old.slot << 12;
          W tag = l4((W)-11 << 16 | 2, 1ul << 12 | 3, NEVER, 0); say_number("valid", tag >> 16);
        }
        """#
    #expect(try run([("reuser", source)], profile: .of(profile)).lines == ["same id 1", "valid 0"])
  }
}
