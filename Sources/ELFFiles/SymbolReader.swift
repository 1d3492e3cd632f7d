import CLibelf
import Glibc

/// The symbols of the first `.symtab`, by address; none if there is no such section.
func symbolTable(_ elf: OpaquePointer, _ limits: ELFLimits) throws(ELFError) -> [ExecutableImage.Symbol] {
  var section = elf_nextscn(elf, nil)
  while let current = section {
    let header = try sectionHeader(current)
    if header.sh_type == UInt32(SHT_SYMTAB) { return try symbols(elf, current, header, limits) }
    section = elf_nextscn(elf, current)
  }
  return []
}

private func sectionHeader(_ section: OpaquePointer) throws(ELFError) -> GElf_Shdr {
  var header = GElf_Shdr()
  if gelf_getshdr(section, &header) == nil { throw .libelf("read a section header") }
  return header
}

private func symbols(
  _ elf: OpaquePointer, _ section: OpaquePointer, _ header: GElf_Shdr, _ limits: ELFLimits
) throws(ELFError) -> [ExecutableImage.Symbol] {
  let entryBytes = UInt64(MemoryLayout<Elf64_Sym>.size)
  if header.sh_entsize != entryBytes || header.sh_size % entryBytes != 0 {
    throw .symbolTable(expected: "whole entries of \(entryBytes) bytes", found: "\(header.sh_size) bytes")
  }
  if header.sh_size / entryBytes > limits.symbols {
    throw .tooLarge(what: "number of symbols", size: header.sh_size / entryBytes, limit: limits.symbols)
  }
  try checkPlain(header, "the symbols")
  guard let strings = elf_getscn(elf, Int(header.sh_link)) else {
    throw .symbolTable(expected: "a string table", found: "section \(header.sh_link)")
  }
  let stringHeader = try sectionHeader(strings)
  if stringHeader.sh_type != UInt32(SHT_STRTAB) {
    throw .symbolTable(expected: "a string table", found: "section type \(stringHeader.sh_type)")
  }
  try checkPlain(stringHeader, "the names")
  guard let data = elf_getdata(section, nil) else { throw .libelf("read the symbols") }
  var result: [ExecutableImage.Symbol] = []
  for index in 0..<(data.pointee.d_size / Int(entryBytes)) {
    var entry = GElf_Sym()
    if gelf_getsym(data, Int32(index), &entry) == nil { throw .libelf("read symbol \(index)") }
    if let symbol = try symbol(elf, entry, names: Int(header.sh_link), limits) { result.append(symbol) }
  }
  let order = result.indices.sorted { (result[$0].address, $0) < (result[$1].address, $1) }
  return order.map { result[$0] }
}

/// libelf would decompress; nobody compresses the symbols of a small static program, and a forged size costs memory.
private func checkPlain(_ header: GElf_Shdr, _ what: String) throws(ELFError) {
  if header.sh_flags & UInt64(SHF_COMPRESSED) != 0 {
    throw .symbolTable(expected: "\(what) uncompressed", found: "a compressed section")
  }
}

/// Nil for entries that name no place of the program: sections, source files, undefined names and the `$x`, `$d`
/// marks that tell a disassembler where code begins.
private func symbol(
  _ elf: OpaquePointer, _ entry: GElf_Sym, names: Int, _ limits: ELFLimits
) throws(ELFError) -> ExecutableImage.Symbol? {
  let kind: ExecutableImage.Symbol.Kind
  switch Int32(entry.st_info & 0xf) {
  case STT_FUNC: kind = .function
  case STT_OBJECT: kind = .object
  case STT_NOTYPE: kind = .other
  default: return nil
  }
  if entry.st_shndx == UInt16(SHN_UNDEF) || entry.st_name == 0 { return nil }
  guard let text = elf_strptr(elf, names, Int(entry.st_name)) else { throw .libelf("read the name of a symbol") }
  let length = strnlen(text, Int(limits.symbolNameBytes) + 1)
  if UInt64(length) > limits.symbolNameBytes {
    throw .tooLarge(what: "length of a symbol's name", size: UInt64(length), limit: limits.symbolNameBytes)
  }
  let name = String(cString: text)
  if name.hasPrefix("$") || name.isEmpty { return nil }
  return ExecutableImage.Symbol(name: name, address: entry.st_value, size: entry.st_size, kind: kind)
}
