import CheckpointRestore
import Testing

@testable import ELFFiles

@Suite struct CoreDamageTests {
  /// Small, but with notes, padding, two bodies and a mapped tail that is not in the file.
  static func sample() throws -> [UInt8] {
    var image = CheckpointImage(componentName: "small")
    image.threads = [ThreadImage(name: "ep", pc: 0x10000)]
    image.dataspaces = [.init(badge: 1, size: 64, contents: [1, 2, 3]), .init(badge: 2, size: 64, contents: [4])]
    image.regions = [.init(address: 0x10000, size: 64, dataspaceIndex: 0)]
    return try coreBytes(image, executable: nil)
  }

  @Test func `no byte can change unnoticed`() throws {
    let bytes = try Self.sample()
    _ = try readCore(bytes: bytes)
    var damaged = bytes
    for index in bytes.indices {
      damaged[index] ^= 1 << UInt8(index % 8)
      #expect(throws: ELFError.self, "byte \(index)") { _ = try readCore(bytes: damaged) }
      damaged[index] = bytes[index]
    }
  }

  @Test func `no bit of the first and the last kilobyte can change unnoticed`() throws {
    let bytes = try Self.sample()
    var damaged = bytes
    for index in Array(0..<1024) + Array(bytes.count - 1024..<bytes.count) {
      for bit in 0..<8 {
        damaged[index] ^= 1 << UInt8(bit)
        #expect(throws: ELFError.self, "byte \(index)") { _ = try readCore(bytes: damaged) }
        damaged[index] = bytes[index]
      }
    }
  }

  @Test func `a file cut off anywhere is refused`() throws {
    let bytes = try Self.sample()
    for length in bytes.indices {
      #expect(throws: ELFError.self, "\(length)") { _ = try readCore(bytes: Array(bytes[..<length])) }
    }
    #expect(throws: ELFError.self) { _ = try readCore(bytes: bytes + [0]) }
    let error = #expect(throws: ELFError.self) { _ = try readCore(bytes: bytes.dropLast(100)) }
    #expect(error?.description.contains("is cut off: needs \(bytes.count) bytes") == true)
  }

  /// The digest keeps such files out; this is about those who forge it.
  @Test(arguments: 0..<8) func `damage under a valid digest never crashes`(seed: UInt64) throws {
    let bytes = try Self.sample()
    let text = 64 + 5 * 56..<(bytes.count / 4)
    var chance = Chance(seed: seed)
    var refused = 0
    for _ in 0..<250 {
      var damaged = bytes
      for _ in 0...chance.below(3) {
        let target = chance.flag() ? chance.below(bytes.count) : text.lowerBound + chance.below(text.count)
        damaged[target] ^= 1 << UInt8(chance.below(8))
      }
      CoreDigest.seal(&damaged)
      do throws(ELFError) {
        #expect(try readCore(bytes: damaged).inconsistency == nil)
      } catch {
        refused += 1
      }
    }
    #expect(refused > 20 && refused < 250)
  }

  @Test func `each refusal says what is wrong`() throws {
    func refusal(_ change: (inout [UInt8]) -> Void) throws -> String {
      var bytes = try Self.sample()
      change(&bytes)
      return #expect(throws: ELFError.self) { _ = try readCore(bytes: bytes) }?.description ?? ""
    }
    #expect(try refusal { $0[4096] ^= 1 }.hasPrefix("the file was changed or damaged"))
    #expect(try refusal { $0[$0.count - 0x1000] ^= 1 }.hasPrefix("the file was changed or damaged in dataspace 1: "))
    #expect(
      try refusal {
        $0[64 + 5 * 56 + 40] ^= 1; CoreDigest.seal(&$0)
      }.contains("headers and notes have the digest"))
    #expect(try refusal { $0 = [] } == "not an ELF file: expected it to start with 7f 45 4c 46, found nothing")
    #expect(try refusal { $0[16] = 2 }.contains("core file"))
    #expect(
      try refusal {
        $0.replaceVersion(with: "7"); CoreDigest.seal(&$0)
      }.contains("version 7 is unknown"))
    #expect(
      try refusal {
        $0.replaceVersion(with: "x"); CoreDigest.seal(&$0)
      }.contains("a checkpoint in JSON"))
  }

  @Test func `the core file of somebody else is no checkpoint`() throws {
    let vendor = Array("STASIS".utf8)
    var bytes = try Self.sample()
    for index in bytes.indices where Array(bytes[index...].prefix(6)) == vendor { bytes[index] = 0x58 }
    #expect(throws: ELFError.notACheckpoint) { _ = try readCore(bytes: bytes) }
  }
}

extension [UInt8] {
  /// The only place where the note says `"version":1`.
  fileprivate mutating func replaceVersion(with text: String) {
    let key = Array("\"version\":".utf8)
    for index in indices where Array(self[index...].prefix(key.count)) == key {
      self[index + key.count] = Array(text.utf8)[0]
    }
  }
}
