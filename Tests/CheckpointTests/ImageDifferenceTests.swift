import CheckpointRestore
import Testing

/// Lost, appeared, changed: thread by thread, capability by capability, region by region.
@Suite struct ImageDifferenceTests {
  private static let base: Result<CheckpointImage, any Error> = Result {
    let commands = [TimedCommand(atMicroseconds: 25_000, .checkpoint(target: "sheep", as: "c1"))]
    return try #require(try runCheckpointed(Components.sheep, commands: commands, milliseconds: 40).images["c1"])
  }

  typealias Change = @Sendable (inout CheckpointImage) -> Void

  struct Case: CustomTestStringConvertible, Sendable {
    var testDescription: String
    var subject: ImageDifference.Subject
    var change: Change

    init(_ name: String, _ subject: ImageDifference.Subject, _ change: @escaping Change) {
      (testDescription, self.subject, self.change) = (name, subject, change)
    }
  }

  static let changes = [
    Case("a register", .thread) { $0.threads[1].registers[10] ^= 1 },
    Case("a UTCB word", .thread) { $0.threads[1].utcb[7] ^= 1 }, Case("pc", .thread) { $0.threads[0].pc += 4 },
    Case("situation", .thread) { $0.threads[0].situation = .pageFault },
    Case("paused", .thread) { $0.threads[0].paused.toggle() },
    Case("processor", .thread) { $0.threads[0].cpu += 1 },
    Case("a badge", .capability) { $0.capabilities[3].badge += 1 },
    Case("a kind", .capability) { $0.capabilities[3].kind = "other" },
    Case("size of a region", .region) { $0.regions[2].size -= 4096 },
    Case("rights of a region", .region) { $0.regions[2].writable.toggle() },
    Case("offset of a region", .region) { $0.regions[2].offset += 4096 },
    Case("arguments", .session) { $0.sessions[0].arguments += ", x" },
    Case("an upgrade", .session) { $0.sessions[0].upgrades.append("ram_quota=1") },
    Case("a timer", .timer) { $0.timers[0].periodic.toggle() },
    Case("a pending signal", .signalContext) { $0.signalContexts[0].pendingCount += 1 },
    Case("an entrypoint", .rpcObject) { $0.rpcObjects[0].threadIndex = 0 },
    Case("the quota", .checkpoint) { $0.ramQuota += 1 },
    Case("a byte of memory", .memory) { image in
      let index = image.dataspaces.firstIndex { $0.provenance == .captured && $0.contents.count > 5000 } ?? 0
      image.dataspaces[index].contents[4999] ^= 1
    },
  ]

  @Test func `an image does not differ from itself`() throws {
    let image = try Self.base.get()
    #expect(ImageDifference(from: image, to: image).entries.isEmpty)
  }

  @Test(arguments: changes) func `one change is one difference, both ways`(_ one: Case) throws {
    let image = try Self.base.get()
    var other = image
    one.change(&other)
    for difference in [ImageDifference(from: image, to: other), ImageDifference(from: other, to: image)] {
      let subjects = difference.entries.filter { $0.subject != .memory || one.subject == .memory }.map(\.subject)
      #expect(subjects == [one.subject], "\(difference.entries)")
      #expect(difference.entries.allSatisfy { $0.change == .changed && !$0.details.isEmpty })
    }
  }

  @Test func `what is missing is lost one way and appears the other way`() throws {
    let image = try Self.base.get()
    let removals: [(ImageDifference.Subject, Change)] = [
      (.thread, { $0.threads.removeLast() }), (.capability, { $0.capabilities.removeLast() }),
      (.region, { $0.regions.removeLast() }), (.session, { $0.sessions.removeLast() }),
      (.timer, { $0.timers.removeLast() }), (.signalContext, { $0.signalContexts.removeLast() }),
      (.rpcObject, { $0.rpcObjects.removeLast() }),
    ]
    for (subject, remove) in removals {
      var other = image
      remove(&other)
      let lost = ImageDifference(from: image, to: other).entries
      #expect(lost.map(\.subject) == [subject] && lost.map(\.change) == [.lost], "\(lost)")
      let appeared = ImageDifference(from: other, to: image).entries
      #expect(appeared.map(\.subject) == [subject] && appeared.map(\.change) == [.appeared])
      #expect(appeared.first?.name == lost.first?.name)
    }
  }

  @Test func `memory that differs is named page by page`() throws {
    let image = try Self.base.get()
    let region = try #require(
      image.regions.first { image.dataspaces[$0.dataspaceIndex].contents.count > 5 * 4096 && $0.map == 0 })
    var other = image
    other.dataspaces[region.dataspaceIndex].contents[2 * 4096 + 5] ^= 1
    other.dataspaces[region.dataspaceIndex].contents[4 * 4096] ^= 1
    let entry = try #require(ImageDifference(from: image, to: other).entries.first { $0.subject == .memory })
    let first = String(region.address + 2 * 4096, radix: 16)
    let second = String(region.address + 4 * 4096, radix: 16)
    #expect(entry.details[0].hasPrefix("2 of ") && entry.details[0].hasSuffix(" pages: 0x\(first) 0x\(second)"))
  }

  @Test func `zeros at the end of memory are no difference`() throws {
    let image = try Self.base.get()
    var other = image
    for index in other.dataspaces.indices where other.dataspaces[index].provenance == .captured {
      let missing = Int(other.dataspaces[index].size) - other.dataspaces[index].contents.count
      other.dataspaces[index].contents += [UInt8](repeating: 0, count: missing)
    }
    #expect(ImageDifference(from: image, to: other).entries.isEmpty)
  }

  /// The second of two equal things is another thing.
  @Test func `equal names are paired in order`() {
    var image = CheckpointImage(componentName: "a")
    image.sessions = (0..<3).map { SessionImage(service: "LOG", arguments: "\($0)", badge: UInt64($0)) }
    var other = image
    other.sessions.removeFirst()
    let entries = ImageDifference(from: image, to: other).entries
    #expect(entries.map(\.name) == ["LOG", "LOG #2", "LOG #3"])
    #expect(entries.map(\.change) == [.changed, .changed, .lost])
  }
}

/// What follows from an image about the kernel.
@Suite struct KernelViewTests {
  @Test func `a blocked thread is a message in flight with its partner`() throws {
    let commands = [TimedCommand(atMicroseconds: 25_000, .checkpoint(target: "sheep", as: "c1"))]
    let run = try runCheckpointed(Components.sheep, commands: commands, milliseconds: 40)
    let image = try #require(run.images["c1"])
    let messages = image.messagesInFlight
    #expect(messages.count == image.threads.count { $0.situation.wasCutOff })
    let caller = try #require(messages.first { $0.phase == .callReceivePhase })
    #expect(caller.operation == 3 && caller.tag != nil && caller.slot != nil)
    #expect(caller.words.count == Int((caller.tag ?? 0) & 63))
    let partner = image.capabilities.first { $0.slot == caller.slot }
    #expect(caller.partnerBadge == partner?.badge && caller.partnerKind == partner?.kind)
  }

  @Test func `objects are the threads, their gates and what others can call`() throws {
    let commands = [TimedCommand(atMicroseconds: 25_000, .checkpoint(target: "sheep", as: "c1"))]
    let image = try #require(
      try runCheckpointed(Components.sheep, commands: commands, milliseconds: 40).images["c1"])
    let objects = image.kernelObjects
    #expect(objects.count { $0.kind == .thread } == image.threads.count)
    #expect(objects.count { $0.kind == .task } == 1 && objects.count { $0.kind == .irq } == 1)
    #expect(
      objects.count { $0.kind == .gate } == image.threads.count { $0.gateBadge != 0 } + image.rpcObjects.count
        + image.sessions.count)
    for object in objects {
      guard let slot = object.slot else { continue }
      #expect(image.capabilities.contains { $0.slot == slot && $0.badge == object.badge })
    }
  }
}
