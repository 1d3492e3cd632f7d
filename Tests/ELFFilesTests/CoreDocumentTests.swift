import CheckpointRestore
import Testing

@testable import ELFFiles

/// A core file as JSON, and back.
@Suite struct CoreDocumentTests {
  let scratch = Scratch()

  private func roundTrip(_ bytes: [UInt8]) throws -> [UInt8] {
    let json = try CoreDocument(readCoreFile(bytes: bytes)).json()
    return try coreBytes(CoreDocument(json: json).core())
  }

  @Test(arguments: 0..<60) func `a random file comes back byte for byte`(seed: UInt64) throws {
    var chance = Chance(seed: seed)
    let bytes = try coreBytes(CoreFile(image: RandomImage.make(&chance), machineFlags: UInt32(chance.below(8))))
    #expect(try roundTrip(bytes) == bytes)
  }

  @Test func `the files of a chain come back byte for byte, without their parents`() throws {
    for path in try Chain.write(Chain.images(), to: scratch.path) {
      let bytes = try readFile(path)
      #expect(Tool.run("mv '\(path)' '\(scratch.file("elsewhere"))'").status == 0)
      #expect(try roundTrip(bytes) == bytes)
    }
  }

  @Test func `what is changed in the document is changed in the file`() throws {
    let json = try CoreDocument(CoreFile(image: Sample.image())).json()
    let text = String(decoding: json, as: UTF8.self)
    let changed = text.replacing("counter of sheep", with: "counter of goats")
    #expect(changed != text)
    let core = try CoreDocument(json: Array(changed.utf8)).core()
    #expect(try readCore(bytes: coreBytes(core)).componentName == "counter of goats")
  }

  @Test(arguments: [
    ("{", "a document of `stasis image export`"), ("[]", "a document"), (#"{"format":"x","version":4}"#, "found x"),
    (#"{"format":"stasis-core","version":3}"#, "version 3 is unknown"),
    (#"{"format":"stasis-core","version":4}"#, "a checkpoint in JSON"),
  ])
  func `another document is refused with the reason`(_ text: String, _ reason: String) {
    let error = #expect(throws: ELFError.self) { _ = try CoreDocument(json: Array(text.utf8)) }
    #expect(error?.description.contains(reason) == true, "\(String(describing: error))")
  }

  @Test(arguments: 0..<8) func `a damaged document never crashes`(seed: UInt64) throws {
    let bytes = try CoreDocument(CoreFile(image: Sample.image())).json()
    var chance = Chance(seed: seed)
    var refused = 0
    for _ in 0..<40 {
      var damaged = bytes
      for _ in 0...chance.below(3) { damaged[chance.below(bytes.count)] = UInt8(chance.below(128)) }
      do throws(ELFError) {
        #expect(try CoreDocument(json: damaged).core().image.inconsistency == nil)
      } catch {
        refused += 1
      }
    }
    #expect(refused > 0)
  }

  @Test(arguments: [
    ("\"length\" : 44", "\"length\" : 45000"), ("\"length\" : 44", "\"length\" : 18446744073709551615"),
    ("\"size\" : 4096", "\"size\" : 18446744073709551615"), ("\"size\" : 4096", "\"size\" : 0"),
    ("\"slot\" : 512", "\"slot\" : -1"), ("\"version\" : 4", "\"version\" : 400"),
  ])
  func `numbers that cannot be are refused`(_ before: String, _ after: String) throws {
    let text = String(decoding: try CoreDocument(CoreFile(image: Sample.image())).json(), as: UTF8.self)
    #expect(text.contains(before))
    let changed = text.replacing(before, with: after)
    #expect(throws: ELFError.self) { _ = try coreBytes(CoreDocument(json: Array(changed.utf8)).core()) }
  }
}
