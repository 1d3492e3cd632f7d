import CheckpointRestore
import Testing

@testable import ELFFiles

@Suite struct CoreTests {
  let scratch = Scratch()

  @Test func `a checkpoint survives the file`() throws {
    let image = Sample.image()
    #expect(image.inconsistency == nil)
    try writeCore(image, executable: nil, to: scratch.file("core"))
    #expect(try readCore(scratch.file("core")) == image)
  }

  @Test(arguments: 0..<60) func `a random checkpoint survives, and gives the same bytes again`(seed: UInt64) throws {
    var chance = Chance(seed: seed)
    let image = RandomImage.make(&chance)
    #expect(image.inconsistency == nil)
    let bytes = try coreBytes(image, executable: nil)
    let back = try readCore(bytes: bytes)
    #expect(back == image)
    #expect(try coreBytes(back, executable: nil) == bytes)
  }

  @Test func `a dataspace attached twice is stored once`() throws {
    var image = CheckpointImage(componentName: "a")
    image.dataspaces = [.init(badge: 1, size: 1 << 20, contents: [UInt8](repeating: 1, count: 1 << 20))]
    image.regions = (0..<4).map { .init(address: 1 << 20 + UInt64($0) << 24, size: 1 << 20, dataspaceIndex: 0) }
    #expect(try coreBytes(image, executable: nil).count < 1 << 20 + 1 << 16)
  }

  @Test func `what no reader would take is not written`() throws {
    var limits = ELFLimits.standard
    limits.fileBytes = UInt64(try coreBytes(Sample.image(), executable: nil).count)
    #expect(throws: Never.self) { _ = try coreBytes(Sample.image(), executable: nil, limits: limits) }
    limits.fileBytes -= 1
    #expect(throws: ELFError.self) { _ = try coreBytes(Sample.image(), executable: nil, limits: limits) }
    limits = .standard
    limits.coreMemoryBytes = 100
    #expect(throws: ELFError.self) { _ = try coreBytes(Sample.image(), executable: nil, limits: limits) }
    limits = .standard
    limits.coreSegments = 3
    #expect(throws: ELFError.tooLarge(what: "number of mapped pieces", size: 4, limit: 3)) {
      _ = try coreBytes(Sample.image(), executable: nil, limits: limits)
    }
  }

  @Test func `the machine flags are those of the program`() throws {
    var parts = Sample.parts
    parts.machineFlags = 0
    let program = try ExecutableImage(bytes: elfExecutable(parts))
    #expect(try coreBytes(Sample.image(), executable: program)[48] == 0)
    #expect(try coreBytes(Sample.image(), executable: nil)[48] == 1)
  }

  @Test func `region maps inside each other become plain addresses`() throws {
    var image = Sample.image()
    // The window of the second map starts in the middle of what is attached there.
    image.regions[3].offset = 0x800
    let stored = image.dataspaces.map { StoredPages($0) }
    let stack = try #require(try image.placements(stored, limit: 100).last)
    #expect(stack.address == 0x4000_0000)
    #expect(stack.size == 0x800 && stack.present == 0x800)
    #expect(stack.offset == 0x800 && stack.bodyOffset == 0x800)
  }

  @Test func `region maps in a circle are refused`() {
    var image = Sample.image()
    image.regions[4].dataspaceIndex = 3
    #expect(throws: ELFError.tooLarge(what: "nesting of region maps", size: 9, limit: 8)) {
      _ = try coreBytes(image, executable: nil)
    }
  }

  static let contradictions: [(name: String, change: @Sendable (inout CheckpointImage) -> Void)] = [
    ("more than any address space", { $0.dataspaces[3].size = .max }),
    ("region map 1 has", { $0.regionMaps[1].size = .max }),
    ("31 registers", { $0.threads[0].registers.removeLast() }), ("in x0", { $0.threads[0].registers[0] = 1 }),
    ("UTCB words", { $0.threads[0].utcb.removeLast() }), ("bytes, its size", { $0.dataspaces[2].size = 3 }),
    ("no address space", { $0.regionMaps = [] }), ("claims to be", { $0.regionMaps[0].dataspaceIndex = 3 }),
    ("region map 1", { $0.regionMaps[1].dataspaceIndex = 9 }), ("no existing region map", { $0.regions[4].map = 2 }),
    ("no existing dataspace", { $0.regions[0].dataspaceIndex = -1 }), ("region 0 is empty", { $0.regions[0].size = 0 }),
    ("ends outside", { $0.regions[4].address = 0x1000_0000 }), ("wraps", { $0.regions[0].offset = .max }),
    ("regions 0 and 1 overlap", { $0.regions[0].size = 0x2001 }),
  ]

  @Test(arguments: contradictions.indices) func `a contradiction is neither written nor read`(index: Int) throws {
    let (name, change) = Self.contradictions[index]
    var image = Sample.image()
    change(&image)
    #expect(image.inconsistency?.contains(name) == true, "\(image.inconsistency ?? "consistent")")
    #expect(throws: ELFError.self) { _ = try coreBytes(image, executable: nil) }
  }

  @Test func `adjacent regions do not overlap`() {
    var image = Sample.image()
    image.regions[0].size = 0x2000
    #expect(image.inconsistency == nil)
  }
}

/// Consistent images with every list between empty and a few entries.
enum RandomImage {
  static func make(_ chance: inout Chance) -> CheckpointImage {
    var image = CheckpointImage(
      componentName: text(&chance), romName: text(&chance), takenAtPicoseconds: chance.word(),
      kernelProfile: text(&chance))
    image.name = text(&chance)
    image.generation = chance.word()
    image.origin.seed = chance.word()
    image.origin.eventNumber = chance.word()
    for _ in 0..<chance.below(5) {
      image.threads.append(
        ThreadImage(
          name: text(&chance), kernelID: chance.word(), registers: [0] + (1..<32).map { _ in chance.word() },
          pc: chance.word(), registersValid: chance.flag(), utcbAddress: chance.word(),
          utcb: chance.flag() ? [] : (0..<128).map { _ in chance.word() }, priority: UInt32(chance.below(256)),
          started: chance.flag(), situation: ThreadImage.Situation.allCases[chance.below(8)],
          errorCode: chance.word()))
    }
    for _ in 0..<chance.below(4) {
      let size = chance.below(3 * 4096) + 1
      image.dataspaces.append(
        DataspaceImage(
          badge: chance.word(), size: UInt64(size), contents: chance.bytes(chance.below(size + 1)),
          provenance: DataspaceImage.Provenance.allCases[chance.below(5)]))
      if chance.flag() { describePages(&image.dataspaces[image.dataspaces.count - 1]) }
    }
    addRegions(&image, &chance)
    image.capabilities = (0..<chance.below(4)).map { _ in
      CapabilityImage(slot: chance.word(), badge: chance.word(), kind: text(&chance))
    }
    image.sessions = (0..<chance.below(3)).map { _ in
      SessionImage(service: text(&chance), arguments: text(&chance), upgrades: [text(&chance)], badge: chance.word())
    }
    image.signalContexts = (0..<chance.below(3)).map { _ in
      SignalContextImage(badge: chance.word(), sourceBadge: chance.word(), imprint: chance.word(), pendingCount: 2)
    }
    image.timers = (0..<chance.below(3)).map { _ in
      TimerImage(
        sessionBadge: chance.word(), handlerBadge: chance.word(), timeoutPicoseconds: chance.word(),
        remainingPicoseconds: chance.flag() ? nil : chance.word(), periodic: chance.flag())
    }
    image.objectCounts = [ObjectCount(kind: text(&chance), count: UInt32(chance.below(9)))]
    return image
  }

  /// What a checkpointer that looked at every page would say.
  private static func describePages(_ dataspace: inout DataspaceImage) {
    guard dataspace.provenance == .captured else { return }
    var runs: [PageRun] = []
    for page in 0..<dataspace.pageCount { runs.add(dataspace.isZero(page: page) ? .zero : .captured) }
    dataspace.pages = runs
  }

  private static func addRegions(_ image: inout CheckpointImage, _ chance: inout Chance) {
    guard !image.dataspaces.isEmpty else { return }
    var next: UInt64 = 0x1000
    for _ in 0..<chance.below(6) {
      let size = UInt64(chance.below(4 * 4096) + 1)
      image.regions.append(
        RegionImage(
          address: next, size: size, dataspaceIndex: chance.below(image.dataspaces.count),
          offset: UInt64(chance.below(3)) * 0x1000, writable: chance.flag(), executable: chance.flag(),
          source: RegionImage.Source.allCases[chance.below(3)]))
      next += size + UInt64(chance.below(2) * 4096)
    }
  }

  private static func text(_ chance: inout Chance) -> String {
    let letters = Array("ab/\\\"\n\u{0}é→🐑")
    return String((0..<chance.below(100)).map { _ in letters[chance.below(letters.count)] })
  }
}
