import Foundation
import Testing

/// The behaviours of Genode 16.x on Fiasco.OC that a faithful model must show, by number, and which test shows each.
///
/// 1-10 start-up; 11-28 faults, managed dataspaces and unmap; 29-46 threads, pause and state; 47-54 capabilities and
/// IPC; 55-60 signals, timer and sessions. A test that shows one carries `B` and the number at the start of its name.
@Suite struct BehaviourListTests {
  private static let behaviours = 1...60

  /// Numbers without a test here, and why.
  private static let absent: [Int: String] = [
    48: "object pools as trees: the tables of the components here are searched by badge, so no order can be violated",
    49: "forged capabilities: the components' runtime compares, but nobody here hands out one badge for two objects",
  ]

  private static func numbers() throws -> [Int] {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
    var found: [Int] = []
    while let file = files?.nextObject() as? URL {
      guard file.pathExtension == "swift" else { continue }
      for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") where line.contains("func `B") {
        let words = line.drop { $0 != "`" }.dropFirst().split(separator: " ")
        found += words.prefix { $0.first == "B" && Int($0.dropFirst()) != nil }.compactMap { Int($0.dropFirst()) }
      }
    }
    return found
  }

  @Test func `every behaviour has a test or a reason`() throws {
    let tested = try Self.numbers()
    for number in Self.behaviours {
      #expect(tested.contains(number) != (Self.absent[number] != nil), "behaviour \(number)")
    }
    #expect(tested.allSatisfy(Self.behaviours.contains))
  }
}
