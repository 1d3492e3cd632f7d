import CLibelf

/// A symbol table and its names, ready to be written: local symbols first, as the format demands.
struct SymbolTableBytes {
  private(set) var entries: [UInt8] = []
  private(set) var names: [UInt8] = [0]
  /// Number of local entries, the null entry included.
  private(set) var localCount: UInt32 = 1

  init(_ symbols: [ExecutableImage.Symbol], in sections: [SectionPlan]) throws(ELFError) {
    append(GElf_Sym())
    for symbol in symbols where symbol.kind == .other {
      try append(symbol, binding: STB_LOCAL, type: STT_NOTYPE, sections)
      localCount += 1
    }
    for symbol in symbols where symbol.kind != .other {
      try append(symbol, binding: STB_GLOBAL, type: symbol.kind == .function ? STT_FUNC : STT_OBJECT, sections)
    }
  }

  private mutating func append(
    _ symbol: ExecutableImage.Symbol, binding: Int32, type: Int32, _ sections: [SectionPlan]
  ) throws(ELFError) {
    let text = Array(symbol.name.utf8)
    if text.isEmpty || text.contains(0) || symbol.name.hasPrefix("$") {
      throw .symbolTable(expected: "a name without zero bytes that does not begin with $", found: symbol.name)
    }
    var entry = GElf_Sym()
    entry.st_name = UInt32(names.count)
    entry.st_info = UInt8(binding << 4 | type)
    entry.st_shndx = try Self.section(of: symbol, sections)
    entry.st_value = symbol.address
    entry.st_size = symbol.size
    names += text + [0]
    append(entry)
  }

  private mutating func append(_ entry: GElf_Sym) {
    withUnsafeBytes(of: entry) { entries.append(contentsOf: $0) }
  }

  /// The section that holds the symbol. A mark at the very end of a section belongs to it if no other begins there.
  private static func section(
    of symbol: ExecutableImage.Symbol, _ sections: [SectionPlan]
  ) throws(ELFError) -> UInt16 {
    func room(_ header: GElf_Shdr) -> UInt64? {
      guard header.sh_addr <= symbol.address, symbol.address - header.sh_addr <= header.sh_size else { return nil }
      return header.sh_size - (symbol.address - header.sh_addr)
    }
    let rooms = sections.map { room($0.header) }
    let holder = rooms.firstIndex { ($0 ?? 0) > 0 } ?? rooms.firstIndex { $0 != nil }
    guard let holder, let available = rooms[holder], symbol.size <= available else {
      throw .symbolTable(
        expected: "\(symbol.name) inside one of the sections",
        found: "\(symbol.size) bytes at \(ELFError.hexadecimal(symbol.address))")
    }
    return UInt16(holder + 1)
  }
}
