import CheckpointRestore
import FiascoABI
import Genode
import Testing

@Suite struct PlanTests {
  static func thread(_ name: String, place: Int) -> ThreadImage {
    ThreadImage(name: name, utcbAddress: ComponentLayout.utcb(ofThread: place))
  }

  /// Three threads with a hole between them, a stack in a nested map, a service, a signal source, a timer.
  static func image() -> CheckpointImage {
    var image = CheckpointImage(
      componentName: "c", threads: [thread("c", place: 0), thread("worker", place: 3), thread("ep", place: 1)],
      capabilities: [CapabilityImage(slot: 0x204, badge: 4, kind: "ram-session")],
      regionMaps: [
        .addressSpace, RegionMapImage(name: "stack area", badge: 5, size: 1 << 28, dataspaceIndex: 2),
      ],
      regions: [
        RegionImage(address: 0x200_0000, size: 0x9000, dataspaceIndex: 0),
        RegionImage(address: 0x4000_0000, size: 1 << 28, dataspaceIndex: 2, source: .managed),
        RegionImage(map: 1, address: 0xf_0000, size: 0x1000, dataspaceIndex: 1),
      ],
      dataspaces: [
        DataspaceImage(badge: 8, size: 0x9000), DataspaceImage(badge: 12, size: 0x1000),
        DataspaceImage(badge: 16, size: 1 << 28, provenance: .managed),
      ],
      sessions: [
        SessionImage(service: "RAM", arguments: "", badge: 4), SessionImage(service: "Timer", arguments: "", badge: 24),
      ],
      rpcObjects: [RPCObjectImage(badge: 28, threadIndex: 2)],
      signals: SignalSourceImage(badge: 32, interruptBadge: 36, threadIndex: 1),
      signalContexts: [SignalContextImage(badge: 40, sourceBadge: 32, imprint: 0x1000)],
      timers: [TimerImage(sessionBadge: 24, handlerBadge: 40, timeoutPicoseconds: 1)])
    image.capabilityMapAddress = 0x200_1000
    return image
  }

  @Test func `every step comes after everything it needs, once`() throws {
    let plan = RestorePlan(Self.image())
    let order = try #require(plan.order)
    #expect(order.count == plan.nodes.count)
    #expect(Set(order).count == order.count)
    for node in plan.nodes {
      let at = try #require(order.firstIndex(of: node.step))
      for need in node.needs { #expect(try #require(order.firstIndex(of: plan.nodes[need.node].step)) < at) }
    }
  }

  @Test func `threads are created in the order of their places, with placeholders in the holes`() throws {
    let order = try #require(RestorePlan(Self.image()).order)
    let creations = order.filter {
      switch $0 {
      case .thread, .placeholder: true
      default: false
      }
    }
    #expect(creations == [.thread(0), .thread(2), .placeholder(place: 2), .thread(1)])
    #expect(order.contains(.killPlaceholder(place: 2)))
  }

  @Test func `the capability map is patched before the memory that holds it is copied, and only that`() throws {
    let image = Self.image()
    #expect(image.capabilityMapPlace?.dataspace == 0)
    #expect(image.capabilityMapPlace?.offset == 0x1000)
    let order = try #require(RestorePlan(image).order)
    let patch = try #require(order.firstIndex(of: .capabilityMap))
    #expect(try #require(order.firstIndex(of: .contents(0))) > patch)
  }

  @Test func `an inner region map is filled before it is attached`() throws {
    let order = try #require(RestorePlan(Self.image()).order)
    #expect(try #require(order.firstIndex(of: .region(2))) < #require(order.firstIndex(of: .region(1))))
  }

  @Test func `servers run before clients, and timers run last`() throws {
    let order = try #require(RestorePlan(Self.image()).order)
    let starts = order.filter { if case .start = $0 { true } else { false } }
    #expect(starts == [.start(1), .start(2), .start(0)])
    #expect(order.last == .timer(0))
  }

  @Test func `a region map of an RM session comes after its session and before its dataspace`() throws {
    var image = Self.image()
    image.dataspaces.append(DataspaceImage(badge: 44, size: 1 << 20, provenance: .managed))
    image.sessions.append(SessionImage(service: "RM", arguments: "", badge: 52))
    var inner = RegionMapImage(name: "inner", badge: 48, size: 1 << 20, dataspaceIndex: 3)
    inner.sessionBadge = 52
    image.regionMaps.append(inner)
    let order = try #require(RestorePlan(image).order)
    let map = try #require(order.firstIndex(of: .regionMap(2)))
    #expect(try #require(order.firstIndex(of: .session(2))) < map)
    #expect(try #require(order.firstIndex(of: .dataspace(3))) > map)
  }

  @Test func `the plan reads aloud in its order`() {
    let image = Self.image()
    let lines = RestorePlan(image).lines([image])
    #expect(lines.map(\.number) == Array(1...lines.count))
    let thread = lines.first { $0.what == "create thread c" }
    #expect(thread?.needs.map(\.why) == [.ownSession])
    #expect(thread?.needs.first?.numbers == [1])
    #expect(lines.contains { $0.what.contains("new badges into the stored capability map") })
    #expect(lines.last?.what == "arm timer 0")
    // Everything but the first step waits for something, and only for what comes before.
    #expect(lines.dropFirst().allSatisfy { !$0.needs.isEmpty })
    #expect(lines.allSatisfy { line in line.needs.flatMap(\.numbers).allSatisfy { $0 < line.number } })
  }
}

@Suite struct CapabilityMapTests {
  static let new = RPCCapability(slot: CapabilitySlot(0x300), badge: 0x84)

  static func translation() -> BadgeTranslation {
    var translation = BadgeTranslation()
    translation.add(old: 0x40, new: new)
    return translation
  }

  @Test func `only used entries with a badge are capabilities`() {
    let words = [
      0, CapMapLayout.word(badge: 0x40, references: 2), CapMapLayout.word(badge: 0x44, references: 0),
      CapMapLayout.word(badge: 0, references: 1),
    ]
    let entries = CapabilityMapPatch.entries(words)
    #expect(entries.map(\.slot) == [1])
    #expect(entries.map(\.badge) == [0x40])
  }

  @Test func `a patch changes badges and nothing else`() {
    let words = [
      CapMapLayout.word(badge: 0x40, references: 3) | 0xab00, CapMapLayout.word(badge: 0x44, references: 1), 0,
      CapMapLayout.word(badge: 0x40, references: 0),
    ]
    let patched = CapabilityMapPatch.patched(words, by: Self.translation())
    #expect(patched[0] == CapMapLayout.word(badge: 0x84, references: 3) | 0xab00)
    #expect(Array(patched[1...]) == Array(words[1...]))
  }

  @Test func `the object found first owns a badge that was used twice`() {
    var translation = Self.translation()
    translation.add(old: 0x40, new: RPCCapability(slot: CapabilitySlot(1), badge: 4))
    translation.add(old: 0, new: RPCCapability(slot: CapabilitySlot(1), badge: 4))
    #expect(translation[0x40] == Self.new)
    #expect(translation[0] == nil)
  }
}
