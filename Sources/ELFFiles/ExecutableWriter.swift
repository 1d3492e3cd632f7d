import CLibelf

/// The bytes of a static riscv64 executable with program headers for a loader and sections for people's tools:
/// gdb, objdump and readelf show its names and disassemble it.
///
/// The result is read back before it is returned, so whatever the reader refuses is never written.
public func elfExecutable(_ parts: ExecutableParts) throws(ELFError) -> [UInt8] {
  if parts.data == nil && parts.zeroedBytes > 0 {
    throw .inconsistent("zeroed variables need the address of a data block")
  }
  // Checked before any sum is formed; whether everything fits together is left to the reader.
  let addressEnd = ELFLimits.standard.addressEnd
  for block in [parts.text, parts.readOnlyData, parts.data].compactMap({ $0 }) where block.address >= addressEnd {
    throw .tooLarge(what: "address of a block", size: block.address, limit: addressEnd - 1)
  }
  if parts.zeroedBytes > addressEnd {
    throw .tooLarge(what: "zeroed variables", size: parts.zeroedBytes, limit: addressEnd)
  }
  let layout = ExecutableLayout(parts)
  let symbols = try SymbolTableBytes(parts.symbols, in: layout.sections)
  let bytes = try elfFile(
    segments: layout.segments, sections: layout.sections + layout.tables(symbols), loadedEnd: layout.loadedEnd,
    entry: parts.entry, machineFlags: parts.machineFlags)
  _ = try ExecutableImage(bytes: bytes)
  return bytes
}

/// A file with these segments and sections, whose places were chosen already; the names of the sections come last.
func elfFile(
  segments: [GElf_Phdr], sections: [SectionPlan], loadedEnd: UInt64, entry: UInt64, machineFlags: UInt32
) throws(ELFError) -> [UInt8] {
  try elfBytes { (elf) throws(ELFError) in
    let names = SectionNames(sections)
    var end = sections.reduce(loadedEnd) { max($0, $1.header.sh_offset + $1.fileBytes) }
    let nameTable = SectionPlan(".shstrtab", type: SHT_STRTAB, offset: end, bytes: names.bytes)
    end += nameTable.fileBytes
    try startFile(elf, type: ET_EXEC, machineFlags: machineFlags, segmentCount: segments.count) {
      $0.e_entry = entry
      $0.e_shoff = end.roundedUp(to: 8)
      $0.e_shentsize = UInt16(sectionHeaderBytes)
      $0.e_shstrndx = UInt16(sections.count + 1)
    }
    for (index, segment) in segments.enumerated() { try setProgramHeader(elf, index, segment) }
    let buffers = SectionBuffers()
    for section in sections + [nameTable] { try buffers.add(section, named: names, to: elf) }
    return buffers
  }
}

/// One section before libelf sees it. Its header's name and bytes are filled in late.
struct SectionPlan {
  var name: String
  var header: GElf_Shdr
  var bytes: [UInt8]
  var contents: Elf_Type

  init(_ name: String, type: Int32, flags: Int32 = 0, address: UInt64 = 0, offset: UInt64, bytes: [UInt8]) {
    self.name = name
    self.bytes = bytes
    self.contents = ELF_T_BYTE
    self.header = GElf_Shdr()
    header.sh_type = UInt32(type)
    header.sh_flags = UInt64(flags)
    header.sh_addr = address
    header.sh_offset = offset
    header.sh_size = UInt64(bytes.count)
    header.sh_addralign = 1
  }

  /// Zeroed variables take memory, but no place in the file.
  var fileBytes: UInt64 { UInt64(bytes.count) }
}

/// Names of all sections in one string table; "" is the name of the null section.
struct SectionNames {
  private(set) var bytes: [UInt8] = [0]
  private var offsets: [(name: String, offset: UInt32)] = []

  init(_ sections: [SectionPlan]) {
    for name in sections.map(\.name) + [".shstrtab"] {
      offsets.append((name, UInt32(bytes.count)))
      bytes += Array(name.utf8) + [0]
    }
  }

  func offset(of name: String) -> UInt32 { offsets.first { $0.name == name }?.offset ?? 0 }
}

/// Owns the bytes of the sections while libelf points at them.
private final class SectionBuffers {
  private var buffers: [UnsafeMutableRawBufferPointer] = []

  func add(_ plan: SectionPlan, named names: SectionNames, to elf: OpaquePointer) throws(ELFError) {
    guard let section = elf_newscn(elf), let data = elf_newdata(section) else { throw .libelf("add \(plan.name)") }
    var header = GElf_Shdr()
    if gelf_getshdr(section, &header) == nil { throw .libelf("add \(plan.name)") }
    header = plan.header
    header.sh_name = names.offset(of: plan.name)
    if gelf_update_shdr(section, &header) == 0 { throw .libelf("describe \(plan.name)") }
    data.pointee.d_type = plan.contents
    data.pointee.d_align = Int(header.sh_addralign)
    data.pointee.d_size = Int(header.sh_size)
    if plan.bytes.isEmpty { return }
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: plan.bytes.count, alignment: 16)
    buffer.copyBytes(from: plan.bytes)
    buffers.append(buffer)
    data.pointee.d_buf = buffer.baseAddress
  }

  deinit {
    for buffer in buffers { buffer.deallocate() }
  }
}
