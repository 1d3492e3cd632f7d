import CheckpointRestore
import ELFFiles
import RISCV

/// The instructions of a checkpointed component, from its memory or from its program file.
struct CodeView {
  let image: CheckpointImage
  let program: ExecutableImage?

  /// How far around an instruction pointer is shown, in bytes.
  private static let reach: UInt64 = 16

  /// The function an address lies in, with the distance from its start.
  func place(of address: UInt64) -> String? {
    program?.function(at: address).map { "\($0.name)+\(hexadecimal(address - $0.address))" }
  }

  /// Disassembled instructions; the one at the pointer is marked, because it is what runs next.
  func lines(around pc: UInt64) -> [[String]] {
    var lines: [[String]] = []
    for start in starts(upTo: pc) + [pc] {
      guard let bits = word(at: start) else { continue }
      lines.append(line(start, bits, pc))
    }
    var address = pc
    while address < pc + CodeView.reach, let bits = word(at: address) {
      if address != pc { lines.append(line(address, bits, pc)) }
      address += UInt64(Disassembler.text(for: bits, at: address).length)
    }
    return lines
  }

  private func line(_ address: UInt64, _ bits: UInt32, _ pc: UInt64) -> [String] {
    [address == pc ? ">" : "", hexadecimal(address), Disassembler.text(for: bits, at: address).text]
  }

  /// Starts of the instructions before `pc`. Lengths differ, so only a way that ends exactly at `pc` can be right.
  private func starts(upTo pc: UInt64) -> [UInt64] {
    for distance in stride(from: min(CodeView.reach, pc), to: 0, by: -2) {
      var address = pc - distance
      var found: [UInt64] = []
      while address < pc, let bits = word(at: address) {
        found.append(address)
        address += UInt64(Disassembler.text(for: bits, at: address).length)
      }
      if address == pc, !found.isEmpty { return found }
    }
    return []
  }

  /// Four bytes, or two at the end of what is known.
  private func word(at address: UInt64) -> UInt32? {
    guard let bytes = captured(at: address) ?? inProgram(at: address), bytes.count >= 2 else { return nil }
    return bytes.reversed().reduce(0) { $0 << 8 | UInt32($1) }
  }

  private func captured(at address: UInt64) -> ArraySlice<UInt8>? {
    for region in image.regions where region.map == 0 && address >= region.address {
      let distance = address - region.address
      guard distance < region.size else { continue }
      let contents = image.dataspaces[region.dataspaceIndex].contents
      let offset = Int(region.offset + distance)
      return offset < contents.count ? contents[offset..<min(offset + 4, contents.count)] : nil
    }
    return nil
  }

  private func inProgram(at address: UInt64) -> ArraySlice<UInt8>? {
    for segment in program?.segments ?? [] where address >= segment.address {
      let offset = Int(address - segment.address)
      if offset < segment.fileBytes.count {
        return segment.fileBytes[offset..<min(offset + 4, segment.fileBytes.count)]
      }
    }
    return nil
  }
}
