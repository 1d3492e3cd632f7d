import CLibelf
import CheckpointRestore

/// A file for debuggers beside a core file: names and types of what the core file holds about the kernel, and nothing
/// else. `gdb-multiarch companion core` prints `kernel_threads`, `kernel_objects`, `ipc_in_flight`, `checkpoint` and
/// `capability_slots` like variables; beside a program it comes in by `add-symbol-file`.
public func companionBytes(of core: CoreFile) throws(ELFError) -> [UInt8] {
  let window = KernelWindow(core.image)
  var sections: [SectionPlan] = []
  var segments: [GElf_Phdr] = []
  // The core file has the bytes: here the sections only give the variables a place.
  for (segment, name) in zip(window.segments, [".kernel", ".capabilities"]) {
    var section = SectionPlan(
      name, type: SHT_NOBITS, flags: SHF_ALLOC, address: segment.address, offset: pageBytes, bytes: [])
    section.header.sh_size = UInt64(segment.bytes.count)
    section.header.sh_addralign = 16
    sections.append(section)
    var header = GElf_Phdr()
    header.p_type = UInt32(PT_LOAD)
    header.p_flags = UInt32(PF_R)
    header.p_vaddr = segment.address
    header.p_offset = pageBytes
    header.p_memsz = section.header.sh_size
    header.p_align = pageBytes
    segments.append(header)
  }
  let symbols = try SymbolTableBytes(
    window.variables.map {
      ExecutableImage.Symbol(name: $0.name, address: $0.address, size: $0.size, kind: .object)
    }, in: sections)
  let debug = DebugInformation(window.variables)
  var next = pageBytes
  func add(_ name: String, _ type: Int32, _ bytes: [UInt8], alignment: UInt64 = 1) -> SectionPlan {
    next = next.roundedUp(to: alignment)
    var section = SectionPlan(name, type: type, offset: next, bytes: bytes)
    section.header.sh_addralign = alignment
    next += section.fileBytes
    return section
  }
  sections.append(add(".debug_abbrev", SHT_PROGBITS, debug.abbreviations))
  sections.append(add(".debug_info", SHT_PROGBITS, debug.entries))
  var table = add(".symtab", SHT_SYMTAB, symbols.entries, alignment: 8)
  table.contents = ELF_T_SYM
  table.header.sh_entsize = UInt64(MemoryLayout<Elf64_Sym>.size)
  table.header.sh_link = UInt32(sections.count + 2)
  table.header.sh_info = symbols.localCount
  sections.append(table)
  sections.append(add(".strtab", SHT_STRTAB, symbols.names))
  return try elfFile(
    segments: segments, sections: sections, loadedEnd: next, entry: 0, machineFlags: core.machineFlags)
}

public func writeCompanion(of core: CoreFile, to path: String) throws(ELFError) {
  try replaceFile(path, with: companionBytes(of: core))
}
