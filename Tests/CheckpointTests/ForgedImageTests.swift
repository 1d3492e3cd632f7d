import CheckpointRestore
import Foundation
import Testing

/// Images that were changed by hand: each is refused or restored somehow, and nothing of it reaches the simulator.
@Suite struct ForgedImageTests {
  private static let original: Result<CheckpointImage, any Error> = Result {
    let commands = [TimedCommand(atMicroseconds: 25_000, .checkpoint(target: "sheep", as: "c1"))]
    return try #require(try runCheckpointed(Components.sheep, commands: commands, milliseconds: 40).images["c1"])
  }

  /// Paths to the numbers of a document, without the long lists of bytes and registers.
  private static func numbers(_ value: Any, _ path: [String] = []) -> [[String]] {
    if let object = value as? [String: Any] {
      return object.keys.sorted().flatMap { numbers(object[$0] ?? 0, path + [$0]) }
    }
    if let list = value as? [Any] {
      if ["contents", "utcb", "registers"].contains(path.last ?? "") { return [] }
      return list.indices.flatMap { numbers(list[$0], path + ["\($0)"]) }
    }
    return value is NSNumber ? [path] : []
  }

  private static func changed(_ value: Any, _ path: ArraySlice<String>, to number: NSNumber) -> Any {
    guard let first = path.first else { return number }
    if var object = value as? [String: Any] {
      object[first] = changed(object[first] ?? 0, path.dropFirst(), to: number)
      return object
    }
    guard var list = value as? [Any], let index = Int(first) else { return value }
    list[index] = changed(list[index], path.dropFirst(), to: number)
    return list
  }

  private static let values: [NSNumber] = [
    0, 1, 3, 4097, 0x7fff_ffff, 0xffff_ffff, NSNumber(value: UInt64(1) << 47), NSNumber(value: UInt64(1) << 62),
    NSNumber(value: UInt64.max - 4095), NSNumber(value: UInt64.max),
  ]

  /// What decodes and does not contradict itself, from one of several starting points.
  private func forgeries(_ share: Int, of shares: Int) throws -> [(path: String, image: CheckpointImage)] {
    let original = try Self.original.get()
    // Bytes of memory are no numbers of interest, and most of the document.
    var bare = original
    for index in bare.dataspaces.indices { bare.dataspaces[index].contents = [] }
    let document = try JSONSerialization.jsonObject(with: JSONEncoder().encode(bare))
    let paths = Self.numbers(document)
    #expect(paths.count > 200, "the document must have been walked")
    var found: [(path: String, image: CheckpointImage)] = []
    for (index, path) in paths.enumerated() where index % shares == share {
      for value in Self.values {
        let forged = Self.changed(document, path[...], to: value)
        let data = try JSONSerialization.data(withJSONObject: forged)
        guard var image = try? JSONDecoder().decode(CheckpointImage.self, from: data) else { continue }
        for (index, dataspace) in original.dataspaces.enumerated() where index < image.dataspaces.count {
          image.dataspaces[index].contents = dataspace.contents
        }
        guard image.inconsistency == nil, image.obstacleToRestore == nil else { continue }
        found.append(("\(path.joined(separator: ".")) = \(value)", image))
      }
    }
    return found
  }

  @Test(arguments: 0..<4) func `a number that was changed is refused or restored, and the machine goes on`(
    _ share: Int
  ) throws {
    let forged = try forgeries(share, of: 4)
    #expect(!forged.isEmpty)
    // One of them in a run, in turn: a run costs far more than the decision whether to play it.
    for (path, image) in forged.enumerated().filter({ $0.offset % 97 == 0 }).map(\.element) {
      let run = try runCheckpointed(
        Components.sheep,
        commands: [
          TimedCommand(atMicroseconds: 2_000, .kill(target: "sheep")),
          TimedCommand(atMicroseconds: 3_000, .restore(checkpoint: "given")),
        ], milliseconds: 12
      ) { $0.images = [.init(name: "given", image: image)] }
      #expect(!run.events.isEmpty, "\(path)")
    }
  }

  @Test func `plans and differences of forged images are made`() throws {
    let image = try Self.original.get()
    for (path, forged) in try forgeries(5, of: 12) {
      #expect(!RestorePlan(forged).nodes.isEmpty, "\(path)")
      _ = ImageDifference(from: image, to: forged)
      _ = forged.flattened()
    }
  }

  static let obstacles: [(name: String, change: @Sendable (inout CheckpointImage) -> Void)] = [
    ("threads", { $0.threads += [ThreadImage](repeating: $0.threads[0], count: 126) }),
    ("outside the area", { $0.threads[0].utcbAddress = .max }), ("priority", { $0.threads[0].priority = 256 }),
    ("bytes of RAM", { $0.ramQuota = .max }), ("whole pages", { $0.dataspaces[0].size += 1 }),
    ("begin and end", { $0.regions[0].offset = 1 }), ("than its dataspace", { $0.regions[0].size += 1 << 20 }),
    ("no capability slot", { $0.capabilities[0].slot = .max }),
    ("not inside a dataspace", { $0.capabilityMapAddress += 4 }),
    ("no clock reaches", { $0.timers[0].timeoutPicoseconds = .max }),
    ("letters", { $0.sessions[0].arguments = String(repeating: "a", count: 2000) }),
  ]

  @Test(arguments: obstacles.indices) func `what no component has is refused with the reason`(_ index: Int) throws {
    var image = try Self.original.get()
    #expect(image.obstacleToRestore == nil)
    let (name, change) = Self.obstacles[index]
    change(&image)
    #expect(image.obstacleToRestore?.contains(name) == true, "\(image.obstacleToRestore ?? "nothing")")
    let run = try runCheckpointed(
      Components.sheep, commands: [TimedCommand(atMicroseconds: 3_000, .restore(checkpoint: "given"))], milliseconds: 6
    ) { $0.images = [.init(name: "given", image: image)] }
    #expect(run.events.contains { if case .refused(.inconsistentImage) = $0.event { true } else { false } })
  }
}
