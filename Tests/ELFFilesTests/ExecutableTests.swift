import ELFFiles
import Testing

@Suite struct ExecutableTests {
  @Test func `what was written is read back`() throws {
    let image = try ExecutableImage(bytes: elfExecutable(Sample.parts))
    #expect(image.entry == 0x10000)
    #expect(image.machineFlags == 1)
    #expect(image.segments.map(\.address) == [0x10000, 0x11000, 0x12000])
    #expect(image.segments.map(\.fileBytes) == [Sample.bytes(Sample.code), Array("constant".utf8), [42, 0, 0, 0]])
    #expect(image.segments.map(\.memorySize) == [44, 8, 0x2010])
    #expect(
      image.segments.map { [$0.readable, $0.writable, $0.executable] }
        == [[true, false, true], [true, false, false], [true, true, false]])
    #expect(image.symbols == Sample.parts.symbols)
  }

  @Test func `a symbol is found by name and by address`() throws {
    let image = try ExecutableImage(bytes: elfExecutable(Sample.parts))
    #expect(image.symbol(named: "answer")?.address == 0x12000)
    #expect(image.symbol(named: "question") == nil)
    #expect(image.function(at: 0x10008)?.name == "_start")
    #expect(image.function(at: 0x1002b)?.name == "work")
    #expect(image.function(at: 0x1002c) == nil)
  }

  @Test func `every combination of blocks can be written`() throws {
    for readOnly in [nil, ExecutableParts.Block(address: 0x11000, bytes: [1])] {
      for data in [nil, ExecutableParts.Block(address: 0x12000, bytes: []), .init(address: 0x12000, bytes: [1, 2])] {
        for zeroed: UInt64 in data == nil ? [0] : [0, 1, 4096] {
          var parts = Sample.parts
          parts.readOnlyData = readOnly
          parts.data = data
          parts.zeroedBytes = zeroed
          parts.symbols = []
          let image = try ExecutableImage(bytes: elfExecutable(parts))
          let expected = 1 + (readOnly == nil ? 0 : 1) + ((data?.bytes.count ?? 0) + Int(zeroed) > 0 ? 1 : 0)
          #expect(image.segments.count == expected)
        }
      }
    }
  }

  @Test func `parts that no loader could map are not written`() {
    func refusal(_ change: (inout ExecutableParts) -> Void) -> String? {
      var parts = Sample.parts
      change(&parts)
      do throws(ELFError) {
        _ = try elfExecutable(parts)
        return nil
      } catch {
        return error.description
      }
    }
    #expect(refusal { _ in } == nil)
    #expect(refusal { $0.entry = 0x11000 }?.contains("executable segment") == true)
    #expect(refusal { $0.entry = 0x10001 }?.contains("even") == true)
    #expect(refusal { $0.text.bytes = [] }?.contains("inside one of the sections") == true)
    #expect(
      refusal {
        $0.readOnlyData?.address = 0x10800; $0.symbols = []
      } != nil)
    #expect(
      refusal {
        $0.data?.address = 0x11000; $0.symbols = []
      }?.contains("no page shared") == true)
    #expect(
      refusal {
        $0.data?.address = 0x40_0000_0000; $0.symbols = []
      }?.contains("address of a block") == true)
    #expect(refusal { $0.symbols[0].size = 45 }?.contains("_start inside one of the sections") == true)
    #expect(refusal { $0.symbols[0].name = "" }?.contains("a name") == true)
    #expect(
      refusal {
        $0.data = nil; $0.symbols = []
      }?.contains("zeroed variables") == true)
    #expect(refusal { $0.zeroedBytes = .max }?.contains("zeroed variables") == true)
    #expect(
      refusal {
        $0.zeroedBytes = 1 << 30; $0.symbols = []
      }?.contains("memory of all segments") == true)
  }
}

@Suite struct RefusalTests {
  /// Offset, bytes to put there, and what the sentence must name.
  static let damage: [(offset: Int, bytes: [UInt8], sentence: String)] = [
    (0, [0x7e], "not an ELF file"), (4, [1], "class"), (5, [2], "byte order"), (16, [3], "type"),
    (18, [62], "machine"), (24, [1, 0], "entry"), (54, [57], "program header size"), (56, [0xff], "program headers"),
    (32, [0xff, 0xff, 0xff, 0xff], "header"),
    (64, [3], "static executable"),  // an interpreter
    (64 + 8 + 7, [0x80], "cut off"),  // file offset
    (64 + 8, [1], "same place in a page"), (64 + 16 + 7, [0x80], "addresses below"),
    (64 + 40, [1], "at least 44 bytes"), (64 + 40 + 4, [1], "limit"), (64 + 40 + 3, [1], "no page shared"),
  ]

  @Test(arguments: damage.indices) func `a file that is something else is refused with a reason`(index: Int) throws {
    var bytes = try elfExecutable(Sample.parts)
    let damage = Self.damage[index]
    bytes.replaceSubrange(damage.offset..<damage.offset + damage.bytes.count, with: damage.bytes)
    let error = #expect(throws: ELFError.self) { _ = try ExecutableImage(bytes: bytes) }
    #expect(error?.description.contains(damage.sentence) == true, "\(error?.description ?? "")")
  }

  @Test func `a program cut off anywhere is parsed or refused`() throws {
    let bytes = try elfExecutable(Sample.parts)
    var refused = 0
    for length in 0..<bytes.count where length < 400 || length % 7 == 0 || length > 0x3000 {
      do throws(ELFError) {
        _ = try ExecutableImage(bytes: Array(bytes[..<length]))
      } catch {
        refused += 1
        #expect(!error.description.isEmpty)
      }
    }
    // Without its section table the program can still be loaded; without a byte of a segment it cannot.
    #expect(refused > 400 + (0x3000 - 400) / 7)
  }

  @Test(arguments: 0..<8) func `a program with flipped bits is parsed or refused`(seed: UInt64) throws {
    let bytes = try elfExecutable(Sample.parts)
    // Damage to the code itself is nobody's business here: aim at the headers and tables.
    let targets = Array(0..<(64 + 3 * 56)) + Array(0x3004..<bytes.count)
    var chance = Chance(seed: seed)
    var refused = 0
    for _ in 0..<1500 {
      var damaged = bytes
      for _ in 0...chance.below(3) { damaged[targets[chance.below(targets.count)]] ^= 1 << UInt8(chance.below(8)) }
      do throws(ELFError) {
        let image = try ExecutableImage(bytes: damaged)
        #expect(image.segments.allSatisfy { UInt64($0.fileBytes.count) <= $0.memorySize })
      } catch {
        refused += 1
      }
    }
    #expect(refused > 100 && refused < 1500)
  }

  @Test func `limits are refused by name`() throws {
    let bytes = try elfExecutable(Sample.parts)
    func refusal(_ change: (inout ELFLimits) -> Void) -> String? {
      var limits = ELFLimits.standard
      change(&limits)
      return #expect(throws: ELFError.self) { _ = try ExecutableImage(bytes: bytes, limits: limits) }?.description
    }
    #expect(refusal { $0.fileBytes = 100 } == "executable: \(bytes.count) is more than the limit of 100")
    #expect(refusal { $0.segments = 2 } == "number of program headers: 3 is more than the limit of 2")
    #expect(refusal { $0.memoryBytes = 8000 } == "memory of all segments: 8260 is more than the limit of 8000")
    #expect(refusal { $0.symbols = 6 } == "number of symbols: 7 is more than the limit of 6")
    #expect(refusal { $0.symbolNameBytes = 5 }?.hasPrefix("length of a symbol's name") == true)
  }
}
