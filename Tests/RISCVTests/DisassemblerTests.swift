import Determinism
import Foundation
import RISCV
import Testing

/// What llvm-objdump says of raw code: text by address, in the form of `normalised`.
private func objdump(_ code: [UInt8]) throws -> [UInt64: String] {
  let (objdump, objcopy) = (try #require(ExternalTools.objdump), try #require(ExternalTools.objcopy))
  let listing = try ExternalTools.withTemporaryFolder { folder in
    let (raw, object) = (folder.appendingPathComponent("code").path, folder.appendingPathComponent("code.o").path)
    _ = FileManager.default.createFile(atPath: raw, contents: Data(code))
    _ = try ExternalTools.run(objcopy, ["-I", "binary", "-O", "elf64-littleriscv", raw, object])
    return try ExternalTools.run(objdump, ["-D", "-j", ".data", "--mattr=+m,+a,+f,+d,+c,+zihintpause", object]).output
  }
  var texts: [UInt64: String] = [:]
  for line in String(decoding: listing, as: UTF8.self).split(separator: "\n") {
    let columns = line.split(separator: "\t", omittingEmptySubsequences: false)
    guard columns.count > 1, let colon = columns[0].firstIndex(of: ":"),
      let address = UInt64(columns[0][..<colon].drop { $0 == " " }, radix: 16)
    else { continue }
    texts[address] = normalised(columns.dropFirst().joined(separator: " "))
  }
  return texts
}

/// Name and operands without symbols and superfluous blanks, all numbers in decimal, hints in their long form; empty for
/// what is no instruction.
private func normalised(_ text: String) -> String {
  let words = text.utf8.split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") || $0 == UInt8(ascii: ",") }
  let parts = words.map { String(Substring($0)) }.prefix { !$0.hasPrefix("<") }
  guard let name = parts.first else { return "" }
  var operands = parts.dropFirst().map(decimal)
  if !name.hasPrefix("c.") { return "\(name) \(operands.joined(separator: ","))" }
  // A hint: shown by its short name, with the destination once.
  let long = name.dropFirst(2)
  switch long {
  case "slli64", "srli64", "srai64": return "\(long.dropLast(2)) \(operands[0]),\(operands[0]),0"
  case "slli", "add": operands.insert(operands[0], at: 0)
  case "addi": return "mv \(operands[0]),\(operands[0])"
  default: break
  }
  return "\(long) \(operands.joined(separator: ","))"
}

/// `0x1c(sp)` becomes `28(sp)`.
private func decimal(_ operand: String) -> String {
  let isNegative = operand.hasPrefix("-")
  let number = operand.dropFirst(isNegative ? 1 : 0)
  guard number.hasPrefix("0x") else { return operand }
  let digits = number.dropFirst(2).prefix { $0.isHexDigit }
  return (isNegative ? "-" : "") + String(UInt64(digits, radix: 16) ?? 0) + number.dropFirst(2 + digits.count)
}

private let toolsPresent = ExternalTools.objdump != nil && ExternalTools.objcopy != nil

@Suite struct DisassemblerTests {
  @Test(.enabled(if: toolsPresent, "llvm-objdump is not in the toolchain"))
  func `all 16-bit instructions read as by llvm-objdump`() throws {
    let halves = (0...UInt16.max).filter { $0 & 3 != 3 }
    let theirs = try objdump(halves.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] })
    var differing = 0
    for (index, half) in halves.enumerated() {
      let pc = UInt64(index * 2)
      let (text, length) = Disassembler.text(for: UInt32(half) | 0xabcd_0000, at: pc)
      let ours = text.hasPrefix(".half") ? "" : normalised(text)
      let expected = theirs[pc] ?? "nothing"
      if length == 2 && ours == expected { continue }
      differing += 1
      if differing <= 20 { Issue.record("\(String(half, radix: 16)): ours \(text), theirs \(expected)") }
    }
    #expect(differing == 0)
  }

  @Test(.enabled(if: toolsPresent, "llvm-objdump is not in the toolchain"))
  func `random 32-bit instructions read as by llvm-objdump`() throws {
    var random = SeededGenerator(seed: 5)
    let opcodes: [UInt32] = [
      0x03, 0x0f, 0x13, 0x17, 0x1b, 0x23, 0x2f, 0x33, 0x37, 0x3b, 0x63, 0x67, 0x6f, 0x73, 0x07, 0x27, 0x53, 0x5b,
      0x43, 0x47, 0x4b, 0x4f, 0x53, 0x53, 0x53,
    ]
    let upper: [UInt32] = [
      0, 1, 0x20, 0x10, 0x08, 0x0c, 0x7f, 0x40, 0x60, 0x61, 0x50, 0x51, 0x68, 0x69, 0x70, 0x71, 0x78, 0x2c, 0x2d,
    ]
    var words: [UInt32] = []
    for _ in 0..<15_000 {
      var word = UInt32(truncatingIfNeeded: random.next()) & ~0x7f | opcodes[random.next(below: opcodes.count)]
      if random.next(below: 2) == 0 { word = word & 0x01ff_ffff | upper[random.next(below: upper.count)] << 25 }
      // x0 here and there, and small immediates: they decide about the pseudo-names.
      if random.next(below: 4) == 0 { word &= ~0xf80 }
      if random.next(below: 4) == 0 { word &= ~0xf_8000 }
      if random.next(below: 4) == 0 { word &= ~0x1f0_0000 }
      words.append(word)
    }
    for funct3 in 0..<8 as Range<UInt32> {
      for csr in [0xc00, 0xc01, 0xc02, 0xc03, 0x100, 1, 2, 3] as [UInt32] {
        words.append(0x573 | funct3 << 12 | csr << 20)
      }
      for value in [0, 1, 255, 0xfff] as [UInt32] { words.append(0x5_8513 | funct3 << 12 | value << 20) }
      for value in [0, 1, 0xfff] as [UInt32] { words.append(0x5_851b | funct3 << 12 | value << 20) }
    }
    words += [0x73, 0x10_0073, 0xc000_1073, 0x0ff0_000f, 0x0100_000f, 0x8330_000f, 0x100f, 0x8067, 0x13]
    let theirs = try objdump(words.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) } })
    var differing = 0
    for (index, word) in words.enumerated() {
      let pc = UInt64(index * 4)
      let text = Disassembler.text(for: word, at: pc).text
      let expected = theirs[pc] ?? "nothing"
      if agree(text, expected) { continue }
      differing += 1
      if differing <= 20 { Issue.record("\(String(word, radix: 16)): ours \(text), theirs \(expected)") }
    }
    #expect(differing == 0)
  }

  /// Our machine has no privileged instructions and few CSRs; the other knows them. Fields of fences that
  /// are reserved are ignored by us, as the specification wants, and refused by the other.
  private func agree(_ ours: String, _ theirs: String) -> Bool {
    if ours.hasPrefix(".word") {
      let name = theirs.prefix { $0 != " " }
      let privileged = ["wfi", "mret", "sret", "uret", "dret", "mnret", "sfence.vma", "hfence.vvma", "hfence.gvma"]
      return theirs.isEmpty || name.hasPrefix("csr")
        || privileged.contains(String(name)) || name == "rdcycleh" || name == "unimp"
    }
    // A rounding mode where nothing is rounded: encoded by nobody, and refused by the other.
    let isExact = ["fcvt.d.s ", "fcvt.d.w ", "fcvt.d.wu "].contains { ours.hasPrefix($0) }
    if isExact && theirs.isEmpty { return true }
    if ours.hasPrefix("fence") && theirs.isEmpty { return true }
    return normalised(ours) == theirs
  }

  @Test func `our own instructions have names`() {
    let store = CustomInstruction.bulkStore.encoded(rd: .a0, rs1: .a1, rs2: .a2)
    #expect(Disassembler.text(for: store, at: 0) == ("bulk.store a0,a1,a2", 4))
    #expect(
      Disassembler.text(for: CustomInstruction.bulkLoad.encoded(rd: .a0, rs1: .a1), at: 0).text == "bulk.load a0,a1")
    #expect(Disassembler.text(for: CustomInstruction.work.encoded(rd: .s3), at: 0).text == "work s3")
  }
}
