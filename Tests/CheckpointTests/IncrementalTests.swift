import CheckpointRestore
import Determinism
import FiascoKernel
import Genode
import Testing

/// Managed dataspaces: only what was touched since the last checkpoint is copied, and nothing is missed.
@Suite struct IncrementalTests {
  static func checkpoint(_ milliseconds: UInt64, _ name: String = "c1") -> TimedCommand {
    TimedCommand(atMicroseconds: milliseconds * 1_000, .checkpoint(target: "sheep", as: name))
  }
  static let restore = [
    TimedCommand(atMicroseconds: 75_000, .kill(target: "sheep")),
    TimedCommand(atMicroseconds: 77_000, .restore(checkpoint: "c1")),
  ]

  private func run(
    _ commands: [TimedCommand], milliseconds: Int64 = 140, granularity: Int = 1,
    profile: KernelProfile.Name = .modern, release: GenodeRelease.Name = .genode1902,
    components: String = Components.sheep,
    configure: (inout CheckpointerConfiguration) -> Void = { _ in }
  ) throws -> CheckpointedRun {
    try runCheckpointed(
      components, commands: commands, milliseconds: milliseconds, profile: profile, release: .named(release)
    ) {
      $0.strategy = .incremental
      $0.granularity = granularity
      configure(&$0)
    }
  }

  private func bytesCopied(_ run: CheckpointedRun) -> [UInt64] {
    run.events.compactMap {
      if case .phaseEnded(.dump, _, let totals) = $0.event { totals.bytes } else { nil }
    }
  }

  private func counts(_ run: CheckpointedRun) -> [Int] { run.lines.compactMap { Int($0.prefix { $0.isNumber }) } }

  @Test(arguments: KernelProfile.Name.allCases)
  func `the count goes on from the last of three checkpoints`(_ profile: KernelProfile.Name) throws {
    let run = try run([25, 45, 65].map { Self.checkpoint($0) } + Self.restore, profile: profile)
    let taken = try #require(run.at { if case .checkpointStarted = $0 { true } else { false } }.last)
    let back = try #require(run.at { if case .restoreFinished = $0 { true } else { false } }.first)
    let before = run.logged.prefix { $0.at < taken }.count
    let after = run.logged.filter { $0.at > back }.map(\.text)
    #expect(after.count > 2)
    #expect(after == (before + 1...before + max(after.count, 1)).map { "\($0) sheep" })
    #expect(!run.events.contains { if case .refused = $0.event { true } else { false } })
    #expect(run.constructs == 1)
  }

  @Test func `the first checkpoint copies everything, the next one what was touched`() throws {
    let run = try run([25, 45, 65].map { Self.checkpoint($0) })
    let bytes = bytesCopied(run)
    #expect(bytes.count == 3)
    #expect(bytes[1] < bytes[0] / 4)
    #expect(bytes[2] < bytes[0] / 4)
    #expect(bytes[1] > 0)
    let touched = run.events.count { if case .partTouched = $0.event { true } else { false } }
    #expect(touched > 0)
  }

  /// More pages in a part: fewer faults, more bytes.
  @Test func `granularity trades faults for bytes`() throws {
    var faults: [Int] = []
    var bytes: [UInt64] = []
    for granularity in [1, 4, 16] {
      let run = try run([25, 45].map { Self.checkpoint($0) }, milliseconds: 80, granularity: granularity)
      faults.append(run.events.count { if case .partTouched = $0.event { true } else { false } })
      bytes.append(bytesCopied(run)[1])
    }
    #expect(faults == faults.sorted(by: >) && faults[0] > faults[2])
    #expect(bytes == bytes.sorted() && bytes[0] < bytes[2])
  }

  /// The image is the component's memory at that instant, whatever was copied for it.
  @Test(arguments: [1, 3, 16])
  func `an incremental image holds what was written before and since the last one`(_ granularity: Int) throws {
    let commands = [25, 45, 65].map { Self.checkpoint($0) } + [Self.checkpoint(85, "c2")]
    let run = try run(commands, milliseconds: 110, granularity: granularity)
    for name in ["c1", "c2"] {
      let image = try #require(run.images[name])
      let taken = try #require(
        run.at { if case .checkpointStarted(name, _) = $0 { true } else { false } }.last)
      let before = run.logged.prefix { $0.at < taken }.count
      #expect(image.inconsistency == nil)
      #expect(image.dataspaces.contains { $0.size == 4096 && $0.contents == [UInt8(before)] })
      let place = try #require(image.capabilityMapPlace)
      #expect(image.dataspaces[place.dataspace].contents.count > Int(place.offset) + 8 * 0x200)
    }
  }

  /// Core of 2016 reaches a managed dataspace in the address space, but not one in a managed dataspace in it, as a
  /// stack is. It does not matter here: the copy attaches each dirty part to the checkpointer, and the detach that ends
  /// this attachment takes the page from every address space.
  @Test(arguments: [GenodeRelease.Name.genode1608, .genode1902])
  func `writes to stacks are noticed even with the one-level unmap of 2016`(_ release: GenodeRelease.Name) throws {
    let run = try run([25, 45, 65].map { Self.checkpoint($0) }, milliseconds: 90, release: release)
    let image = try #require(run.images["c1"])
    let stacks = image.regions.filter { image.regionMaps[$0.map].name == "stack area" }.map {
      image.dataspaces[$0.dataspaceIndex].badge
    }
    #expect(stacks.count == 3)
    let touched = run.events.contains {
      if case .partTouched(_, let badge, _) = $0.event { stacks.contains(badge) } else { false }
    }
    #expect(touched)
  }
}
