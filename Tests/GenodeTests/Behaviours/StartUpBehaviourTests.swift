import Determinism
import FiascoABI
import FiascoKernel
import Scenarios
import Testing

@testable import Genode

/// From init's configuration to `Component::construct`.
@Suite struct StartUpBehaviourTests {
  private static let silent = #"{ "name": "sheep", "construct": [ { "forever": [ { "sleep": "10ms" } ] } ] }"#

  @Test func `B1 all children are built and started before the first of them gets an answer`() throws {
    let idle = #"void component(void) { for (;;) sleep_ms(50); }"#
    let events = try run([("a", idle), ("b", idle), ("c", idle)]).events
    func index(_ matches: (GenodeEvent) -> Bool) throws -> Int {
      let found = events.firstIndex(where: matches)
      return try #require(found)
    }
    func started(_ name: String) throws -> Int {
      try index { if case .threadStarted("init -> \(name)", _, _) = $0 { true } else { false } }
    }
    func firstSession(_ name: String) throws -> Int {
      try index { if case .sessionOpened("LOG", "init -> \(name)", _) = $0 { true } else { false } }
    }
    let built = try ["a", "b", "c"].map { try started($0) }
    #expect(built == built.sorted())
    for name in ["a", "b", "c"] { #expect(try firstSession(name) > built[2]) }
  }

  @Test func `B2 a quantum of 10 MiB gives what init believes, and init pays what core really takes`() throws {
    let source = #"void component(void) { say_number("quota", number(ram, 4, 0, 0, 0, 0)); }"#
    let quota: UInt64 = 10_485_760 - (163_840 + 32_768 + 36_864)
    let log = SessionQuota.log
    #expect(try run([("ten", source)], quota: 10 << 20).lines == ["quota \(String(quota - log, radix: 16))"])
    var host = CoreHost()
    let before = host.core.ramSessions[host.core.initial.ram].limit
    for (service, bytes) in [("PD", SessionQuota.pd), ("RAM", SessionQuota.ram), ("CPU", SessionQuota.cpu)] {
      _ = host.session(service, quota: bytes)
    }
    #expect(before - host.core.ramSessions[host.core.initial.ram].limit == 320 << 10)
  }

  @Test func `B3 the LOG session is opened with the first line, inside construct, and never without one`() throws {
    let loud = #"{ "name": "sheep", "construct": [ { "sleep": "10ms" }, { "log": "mäh" } ] }"#
    func isLog(_ event: GenodeEvent) -> Bool {
      if case .sessionOpened("LOG", "init -> sheep", _) = event { true } else { false }
    }
    let silent = try StandardWorld(Self.silent)
    #expect(!silent.genodeEvents.contains(where: isLog))
    let spoken = try StandardWorld(loud)
    let kinds = spoken.records.compactMap { record -> String? in
      switch record.event {
      case .hint(_, MachineHint.construct.rawValue, _): "construct"
      case .genode(let event) where isLog(event): "LOG"
      default: nil
      }
    }
    #expect(kinds == ["construct", "LOG"])
  }

  @Test(arguments: KernelProfile.Name.allCases)
  func `B4 a component has three threads with the places, slots and UTCBs of their order`(
    _ profile: KernelProfile.Name
  ) throws {
    let world = try StandardWorld(Self.silent, profile: profile)
    let pd = world.pd(of: "sheep")
    let threads = world.core.pds[pd].places.compactMap { $0 }.map { world.core.threads[$0] }
    #expect(threads.map(\.name) == ["sheep", "ep", "signal handler"])
    #expect(threads.map(\.utcb) == [0x4800_0000, 0x4800_0400, 0x4800_0800])
    let task = world.task(of: pd)
    // Parent, then gate, pager and IRQ of each thread, and nothing behind.
    #expect((1..<0x200).filter { world.hasCapability(task, at: $0) } == [1] + Array(8...0x11))
    #expect(threads.map { ComponentSlots.gate(ofThread: $0.place).index } == [9, 0xc, 0xf])
  }

  @Test(arguments: KernelProfile.Name.allCases)
  func `B5 user capabilities begin behind the window, with a hole of four for the server`(
    _ profile: KernelProfile.Name
  ) throws {
    let world = try StandardWorld(Self.silent, profile: profile)
    let pd = world.pd(of: "sheep")
    let task = world.task(of: pd)
    let taken = (0x200..<0x240).filter { world.hasCapability(task, at: $0) }
    // A capability that was known already leaves its copy behind in the window.
    #expect((0x200..<0x204).allSatisfy { CapMapLayout.badge(inWord: world.capMapWord(pd, slot: $0)) == 0 })
    #expect(taken.first { $0 >= 0x204 } == 0x204)
    let last = try #require(taken.last)
    let holes = (0x204...last).filter { !taken.contains($0) }
    #expect(holes.count >= 4)
    #expect(Array(holes.prefix(4)) == Array(holes[0]..<holes[0] + 4))
    let source = try #require(world.slot(pd, ofBadge: world.core.pds[pd].sourceBadge))
    #expect(world.slot(pd, ofBadge: world.core.pds[pd].irqBadge) == source + 1)
  }

  @Test func `a component allocates and attaches in the order of its start`() throws {
    let world = try StandardWorld(Self.silent)
    let core = world.core
    let pd = world.pd(of: "sheep")
    let names = [
      core.regionMaps[core.pds[pd].addressSpace].badge: "space",
      core.regionMaps[core.pds[pd].stackArea].badge: "stacks",
    ]
    let steps = world.records.drop {
      if case .genode(.threadStarted("init -> sheep", "sheep", _)) = $0.event { false } else { true }
    }.compactMap { record -> String? in
      guard case .genode(let event) = record.event else { return nil }
      switch event {
      case .dataspaceAllocated(_, let bytes): return "alloc \(bytes >> 10)K"
      case .regionAttached(let map, let address, let bytes):
        let place = names[map] == "stacks" || bytes > 1 << 20 ? " at \(String(address, radix: 16))" : ""
        return names[map].map { "\($0) \(bytes >> 10)K" + place }
      case .threadCreated(_, let name, _, _): return name
      case .threadStarted(_, let name, _): return "start \(name)"
      default: return nil
      }
    }
    #expect(
      steps == [
        "start sheep", "space 262144K at 40000000", "alloc 16K", "alloc 128K", "stacks 128K at e0000", "space 8K",
        "alloc 128K", "stacks 128K at 1e0000", "ep", "space 8K", "start ep", "alloc 32K", "stacks 32K at 2f8000",
        "signal handler", "space 8K", "start signal handler",
      ])
  }

  @Test func `B6 B50 each thread attaches the trace control memory, under one capability with three references`() throws
  {
    let world = try StandardWorld(Self.silent)
    let pd = world.pd(of: "sheep")
    let core = world.core
    let session = try #require(core.cpuSessions.live.first { core.cpuSessions[$0].label == "init -> sheep" })
    let control = try #require(core.cpuSessions[session].traceControl)
    let regions = core.regionMaps[core.pds[pd].addressSpace].regions.filter { $0.dataspace == control }
    #expect(regions.map(\.size) == [8192, 8192, 8192])
    let slot = try #require(world.slot(pd, ofBadge: core.dataspaces[control].badge))
    #expect(CapMapLayout.references(inWord: world.capMapWord(pd, slot: slot)) == 3)
  }

  @Test func `B9 while core zeroes 1 MiB for one component the small request of another waits`() throws {
    let small = #"""
      static W now(void) { register W t __asm__("a0"); __asm__ volatile(".word 0xc0102573" : "=r"(t)); return t; }
      void component(void) {
        Cap ds = alloc(4096); W slowest = 0;
        for (int i = 0; i < 20; i++) {
          sleep_ms(1); W start = now(); W at = attach(space, ds, 0, 0, 0, 0), taken = now() - start;
          if (taken > slowest) slowest = taken;
          number(space, 1, 1, &at, 0, 0);
        }
        say_number("", slowest); for (;;) sleep_ms(100);
      }
      """#
    let big = #"""
      void component(void) { for (;;) { Cap ds = alloc(0x100000); next_slot--; number(ram, 1, 0, 0, 1, &ds); } }
      """#
    func slowest(_ sources: [(String, String)]) throws -> Int {
      let lines = try run(sources.map { (name: $0.0, source: $0.1) }, milliseconds: 150, cpus: ["small": 1]).lines
      return try #require(lines.first.flatMap { Int($0.dropFirst(), radix: 16) })
    }
    let alone = try slowest([("small", small)])
    #expect(try slowest([("small", small), ("big", big)]) > 5 * alone)
  }

  @Test func `B39 without a program everything is made but nothing loaded and nothing started`() throws {
    let none = RPCCapability(slot: CapabilitySlot(0x300), badge: 4)
    let resources = ChildLoader.Resources(localMap: none, pd: none, ram: none, mainThread: none, parent: none)
    var loader = ChildLoader(
      .none, resources, slots: [CapabilitySlot(0x301), CapabilitySlot(0x302)], costs: .free)
    var opcodes: [UInt64] = []
    var progress = ChildLoader.Progress.running
    while progress == .running {
      var script = Script()
      while true {
        var attempt = loader
        script.rewind()
        if let next = try? attempt.step(&script) {
          (loader, progress) = (attempt, next)
          break
        }
        guard case .invoke(let call)? = script.pending else {
          Issue.record("only calls are expected")
          return
        }
        // Opcodes stand behind the badge, the number of capabilities and their badges.
        opcodes.append(call.words[2 + Int(call.words[1])])
        script.complete(.returned(.accepted))
      }
    }
    #expect(progress == .finished)
    #expect(opcodes == [PDOpcode.addressSpace.rawValue, PDOpcode.assignParent.rawValue])
  }
}
