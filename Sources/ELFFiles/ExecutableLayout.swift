import CLibelf

/// Places the blocks in the file: every segment starts on a page of the file, so that a loader can map it.
struct ExecutableLayout {
  private(set) var segments: [GElf_Phdr] = []
  /// The sections that are loaded, in the order of their numbers from 1.
  private(set) var sections: [SectionPlan] = []
  /// Where the loaded bytes end in the file.
  private(set) var loadedEnd: UInt64 = pageBytes

  init(_ parts: ExecutableParts) {
    addSegment(".text", parts.text, flags: SHF_EXECINSTR, rights: PF_R | PF_X)
    if let readOnlyData = parts.readOnlyData, !readOnlyData.bytes.isEmpty {
      addSegment(".rodata", readOnlyData, flags: 0, rights: PF_R)
    }
    guard let data = parts.data, !data.bytes.isEmpty || parts.zeroedBytes > 0 else { return }
    addSegment(".data", data, flags: SHF_WRITE, rights: PF_R | PF_W)
    if parts.zeroedBytes > 0 { addZeroed(parts) }
  }

  private mutating func addSegment(_ name: String, _ block: ExecutableParts.Block, flags: Int32, rights: Int32) {
    let offset = loadedEnd.roundedUp(to: pageBytes)
    var section = SectionPlan(
      name, type: SHT_PROGBITS, flags: SHF_ALLOC | flags, address: block.address, offset: offset, bytes: block.bytes)
    section.header.sh_addralign = 16
    sections.append(section)
    var segment = GElf_Phdr()
    segment.p_type = UInt32(PT_LOAD)
    segment.p_flags = UInt32(rights)
    segment.p_offset = offset
    segment.p_vaddr = block.address
    segment.p_paddr = block.address
    segment.p_filesz = UInt64(block.bytes.count)
    segment.p_memsz = segment.p_filesz
    segment.p_align = pageBytes
    segments.append(segment)
    loadedEnd = offset + segment.p_filesz
  }

  private mutating func addZeroed(_ parts: ExecutableParts) {
    var section = SectionPlan(
      ".bss", type: SHT_NOBITS, flags: SHF_ALLOC | SHF_WRITE, address: parts.zeroedAddress, offset: loadedEnd, bytes: []
    )
    section.header.sh_size = parts.zeroedBytes
    section.header.sh_addralign = 16
    sections.append(section)
    let last = segments.count - 1
    segments[last].p_memsz = parts.zeroedAddress + parts.zeroedBytes - segments[last].p_vaddr
  }

  /// The sections nobody loads: names, and the instruction set for disassemblers.
  func tables(_ symbols: SymbolTableBytes) -> [SectionPlan] {
    var attributes = SectionPlan(
      ".riscv.attributes", type: riscvAttributes, offset: loadedEnd, bytes: Self.instructionSet)
    attributes.header.sh_addralign = 1
    var table = SectionPlan(
      ".symtab", type: SHT_SYMTAB, offset: (loadedEnd + attributes.fileBytes).roundedUp(to: 8), bytes: symbols.entries)
    table.contents = ELF_T_SYM
    table.header.sh_entsize = UInt64(MemoryLayout<Elf64_Sym>.size)
    table.header.sh_addralign = 8
    table.header.sh_link = UInt32(sections.count + 3)
    table.header.sh_info = symbols.localCount
    let names = SectionPlan(
      ".strtab", type: SHT_STRTAB, offset: table.header.sh_offset + table.fileBytes, bytes: symbols.names)
    return [attributes, table, names]
  }

  /// Says RV64IMAC. Without it a disassembler shows multiplications and atomics as unknown.
  private static var instructionSet: [UInt8] {
    let architecture = [5] + Array("rv64i2p1_m2p0_a2p1_c2p0".utf8) + [0]
    var file: [UInt8] = [1]
    file.append(littleEndian: UInt32(5 + architecture.count))
    file += architecture
    let vendor = Array("riscv".utf8) + [0]
    var section: [UInt8] = [0x41]
    section.append(littleEndian: UInt32(4 + vendor.count + file.count))
    return section + vendor + file
  }
}

/// `SHT_RISCV_ATTRIBUTES`, which older headers lack.
private let riscvAttributes: Int32 = 0x7000_0003
