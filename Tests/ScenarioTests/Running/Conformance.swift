import Foundation

/// The cases whose output was taken from the real kernel.
enum Conformance {
  /// First words of the expected lines, such as `ckpt/a-W`.
  static let cases: Set<String> = {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("Conformance/expected")
    var found: Set<String> = []
    for name in (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? [] {
      let text = (try? String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)) ?? ""
      for line in text.split(separator: "\n") { found.insert(String(line.prefix { $0 != " " })) }
    }
    return found
  }()
}
