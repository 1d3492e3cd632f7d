import Testing

@testable import Scenarios

@Suite struct FuzzTests {
  /// A good file with a few bytes changed, removed, doubled or moved.
  static func damaged(_ bytes: [UInt8], _ random: inout SplitMix) -> [UInt8] {
    var result = bytes
    let interesting: [UInt8] = Array("{}[]\",:0-.eE\\u/ntrue \n\t&'|<".utf8) + [0, 0x7F, 0x80, 0xC3, 0xED, 0xF0, 0xFF]
    for _ in 0..<Int.random(in: 1...4, using: &random) where !result.isEmpty {
      let index = Int.random(in: 0..<result.count, using: &random)
      let length = min(Int.random(in: 1...20, using: &random), result.count - index)
      switch UInt8.random(in: 0...4, using: &random) {
      case 0: result[index] = UInt8.random(in: 0...255, using: &random)
      case 1: result[index] = interesting[Int.random(in: 0..<interesting.count, using: &random)]
      case 2: result.removeSubrange(index..<index + length)
      case 3:
        result.insert(contentsOf: result[index..<index + length], at: Int.random(in: 0...result.count, using: &random))
      default: result.removeSubrange(index...)
      }
    }
    return result
  }

  @Test(arguments: Corpus.good)
  func `a damaged file never stops the reader and every complaint has a place in the file`(name: String) throws {
    let good = try Corpus.bytes(name)
    var random = SplitMix(state: 1)
    var refused = 0
    for round in 0..<400 {
      let bytes = FuzzTests.damaged(good, &random)
      guard case .failure(let failure) = parseScenario(bytes: bytes, file: "f") else { continue }
      refused += 1
      let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
      #expect(!failure.errors.isEmpty)
      for error in failure.errors {
        let position = try #require(error.position, "round \(round): \(error.message)")
        let line = Int(position.line)
        try #require((1...lines.count).contains(line), "round \(round): \(error.description)")
        #expect((1...lines[line - 1].count + 1).contains(Int(position.column)), "round \(round): \(error.description)")
        #expect(!error.description.isEmpty)
      }
    }
    #expect(refused > 100)
  }

  @Test(.enabled(if: Python.hasJSON, "python3 is missing"))
  func `what is JSON and what is not is decided as python does`() throws {
    var random = SplitMix(state: 2)
    let good = try Corpus.good.map { try Corpus.bytes($0) }
    let documents = (0..<2000).map { FuzzTests.damaged(good[$0 % good.count], &random) }
    let verdicts = try Python.verdicts(on: documents)
    #expect(verdicts.count == documents.count)
    #expect(verdicts.contains(true))
    #expect(verdicts.contains(false))
    for (document, verdict) in zip(documents, verdicts) {
      let (value, diagnostics) = JSONReader.read(document, depthLimit: 1000)
      let accepted = value != nil && diagnostics.isEmpty
      #expect(accepted == verdict, "\(String(decoding: document, as: UTF8.self)) \(diagnostics)")
    }
  }
}
