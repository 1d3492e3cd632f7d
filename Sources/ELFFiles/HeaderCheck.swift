import CLibelf

/// Checks by hand what identifies the file, so that the refusal says what it is instead of "libelf failed",
/// and returns the header.
///
/// - Parameter type: the one acceptable `e_type`, `ET_EXEC` or `ET_CORE`.
func checkedHeader(_ elf: OpaquePointer, type: Int32) throws(ELFError) -> GElf_Ehdr {
  var header = GElf_Ehdr()
  if gelf_getehdr(elf, &header) == nil { throw .libelf("read the header") }
  func require(_ field: String, _ value: some BinaryInteger, _ expected: Int32, _ name: String) throws(ELFError) {
    if Int64(value) != Int64(expected) {
      throw .header(field: field, expected: "\(name) (\(expected))", found: "\(value)")
    }
  }
  try require("type", header.e_type, type, type == ET_EXEC ? "static executable" : "core file")
  try require("machine", header.e_machine, EM_RISCV, "RISC-V")
  try require("version", header.e_version, EV_CURRENT, "current")
  try require("header size", header.e_ehsize, Int32(headerBytes), "ELF64")
  try require("program header size", header.e_phentsize, Int32(programHeaderBytes), "ELF64")
  return header
}

/// The bytes before anything is given to libelf: magic, class and byte order.
func checkIdentification(_ bytes: [UInt8]) throws(ELFError) {
  if bytes.count < 4 || Array(bytes[..<4]) != [0x7f, 0x45, 0x4c, 0x46] { throw .notELF(found: Array(bytes.prefix(4))) }
  if UInt64(bytes.count) < headerBytes {
    throw .truncated(what: "ELF header", needed: headerBytes, available: UInt64(bytes.count))
  }
  if bytes[Int(EI_CLASS)] != UInt8(ELFCLASS64) {
    throw .header(field: "class", expected: "64-bit (2)", found: "\(bytes[Int(EI_CLASS)])")
  }
  if bytes[Int(EI_DATA)] != UInt8(ELFDATA2LSB) {
    throw .header(field: "byte order", expected: "little endian (1)", found: "\(bytes[Int(EI_DATA)])")
  }
  if bytes[Int(EI_VERSION)] != UInt8(EV_CURRENT) {
    throw .header(field: "identification version", expected: "1", found: "\(bytes[Int(EI_VERSION)])")
  }
}

/// All program headers, after their table was found to lie inside the file.
func programHeaders(
  _ elf: OpaquePointer, _ header: GElf_Ehdr, fileBytes: UInt64, limit: UInt64
) throws(ELFError) -> [GElf_Phdr] {
  var count = 0
  if elf_getphdrnum(elf, &count) != 0 { throw .libelf("count the program headers") }
  if UInt64(count) > limit { throw .tooLarge(what: "number of program headers", size: UInt64(count), limit: limit) }
  let (end, overflow) = header.e_phoff.addingReportingOverflow(UInt64(count) * programHeaderBytes)
  if overflow || end > fileBytes {
    throw .truncated(what: "program header table", needed: overflow ? .max : end, available: fileBytes)
  }
  var headers: [GElf_Phdr] = []
  for index in 0..<count {
    var one = GElf_Phdr()
    if gelf_getphdr(elf, Int32(index), &one) == nil { throw .libelf("read program header \(index)") }
    headers.append(one)
  }
  return headers
}
