import CheckpointRestore
import Testing

/// What an image says about each page of memory, and where it says it comes from.
@Suite struct PageTests {
  private func run(
    _ names: [(UInt64, String)], keeping generations: Int = 1, _ strategy: CaptureStrategy = .incremental
  ) throws -> CheckpointedRun {
    let commands = names.map { TimedCommand(atMicroseconds: $0 * 1_000, .checkpoint(target: "sheep", as: $1)) }
    return try runCheckpointed(Components.sheep, commands: commands, milliseconds: 110) {
      $0.strategy = strategy
      $0.keptGenerations = generations
    }
  }

  @Test func `a first image has no parent, the next one names it and has only what was touched`() throws {
    let run = try run([(25, "c1"), (45, "c2"), (65, "c3")])
    let images = try ["c1", "c2", "c3"].map { try #require(run.images[$0]) }
    #expect(images.map(\.generation) == [1, 2, 3])
    #expect(images.map { $0.parent?.name } == [nil, "c1", "c2"])
    #expect(images.map { $0.parent?.generation } == [nil, 1, 2])
    #expect(images[0].pages(.inParent) == 0 && images[0].pages(.captured) > 0 && images[0].pages(.zero) > 0)
    for image in images.dropFirst() {
      #expect(image.inconsistency == nil)
      #expect(image.pages(.inParent) > 4 * image.pages(.captured))
      #expect(image.pages(.captured) > 0)
    }
    let copied = run.events.compactMap {
      if case .phaseEnded(.dump, _, let totals) = $0.event { totals.pages } else { nil }
    }
    #expect(images.map { $0.pages(.captured) + $0.pages(.zero) } == copied.map(UInt64.init))
  }

  @Test func `pages that are in the parent are equal there`() throws {
    let run = try run([(25, "c1"), (45, "c2")])
    let (parent, image) = (try #require(run.images["c1"]), try #require(run.images["c2"]))
    var compared = 0
    for dataspace in image.dataspaces {
      let before = parent.dataspaces.first { $0.badge == dataspace.badge }
      var page: UInt64 = 0
      for run in dataspace.pageRuns {
        for number in page..<page + run.count where run.provenance == .inParent {
          let old = try #require(before)
          #expect(Self.bytes(old, number) == Self.bytes(dataspace, number))
          compared += 1
        }
        page += run.count
      }
    }
    #expect(compared > 20)
  }

  @Test func `without a parent every page is captured, zero, or somebody else's`() throws {
    let image = try #require(try run([(25, "c1"), (45, "c1")], .stopAndCopy).images["c1"])
    #expect(image.parent == nil && image.generation == 2 && image.name == "c1")
    #expect(image.pages(.inParent) == 0)
    for dataspace in image.dataspaces where dataspace.provenance == .captured {
      var page: UInt64 = 0
      for run in dataspace.pageRuns {
        for number in page..<page + run.count { #expect(dataspace.isZero(page: number) == (run.provenance == .zero)) }
        page += run.count
      }
      #expect(page == dataspace.pageCount)
    }
    #expect(image.pages(.rom) > 0)
  }

  @Test func `a flattened image needs no parent and has the same bytes`() throws {
    let image = try #require(try run([(25, "c1"), (45, "c2")]).images["c2"])
    let flat = image.flattened()
    #expect(flat.parent == nil && flat.pages(.inParent) == 0 && flat.inconsistency == nil)
    #expect(flat.dataspaces.map(\.contents) == image.dataspaces.map(\.contents))
    #expect(flat.pages(.captured) > image.pages(.captured))
    #expect(flat.flattened() == flat)
  }

  static let contradictions: [(name: String, change: @Sendable (inout CheckpointImage) -> Void)] = [
    ("there is none", { $0.parent = nil }), ("describes", { $0.dataspaces[0].pages.removeLast() }),
    ("does not have", { $0.dataspaces[0].pages.append(PageRun(.zero, .max)) }),
    ("does not have", { $0.dataspaces[0].pages.append(PageRun(.zero, 0)) }),
    ("said to be zero", { $0.dataspaces[0].pages = [PageRun(.zero, 3)] }),
    ("not captured", { $0.dataspaces[0].provenance = .rom }),
  ]

  @Test(arguments: contradictions.indices) func `pages that cannot be are a contradiction`(_ index: Int) {
    var image = CheckpointImage(componentName: "a")
    image.parent = ParentImage(name: "p", generation: 1)
    image.dataspaces = [DataspaceImage(badge: 1, size: 3 * 4096 - 1, contents: [UInt8](repeating: 1, count: 4097))]
    image.dataspaces[0].pages = [PageRun(.inParent, 1), PageRun(.captured, 1), PageRun(.zero, 1)]
    #expect(image.inconsistency == nil)
    let (name, change) = Self.contradictions[index]
    change(&image)
    #expect(image.inconsistency?.contains(name) == true, "\(image.inconsistency ?? "none")")
  }

  private static func bytes(_ dataspace: DataspaceImage, _ page: UInt64) -> [UInt8] {
    let contents = dataspace.contents.dropFirst(Int(page * 4096)).prefix(4096)
    return contents + [UInt8](repeating: 0, count: 4096 - contents.count)
  }
}
