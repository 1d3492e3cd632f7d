import CLibelf
import Glibc

/// Runs `body` with a libelf handle on a private copy of `bytes`: libelf may write into what it reads, and asks
/// for an aligned start.
func withELF<Result>(
  reading bytes: [UInt8], _ body: (OpaquePointer) throws(ELFError) -> Result
) throws(ELFError) -> Result {
  elf_version(UInt32(EV_CURRENT))
  let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: max(bytes.count, 1), alignment: 16)
  defer { copy.deallocate() }
  copy.copyBytes(from: bytes)
  let image = copy.baseAddress?.assumingMemoryBound(to: CChar.self)
  guard let elf = elf_memory(image, bytes.count) else { throw .libelf("open the file") }
  defer { elf_end(elf) }
  return try body(elf)
}

/// Returns the file that libelf lays out after `body` has described it. Written to memory, not to a disk, so
/// that a caller can seal the bytes before anybody sees them. What `body` returns lives until libelf has written:
/// the owner of the buffers that libelf points at.
func elfBytes<Buffers>(_ body: (OpaquePointer) throws(ELFError) -> Buffers) throws(ELFError) -> [UInt8] {
  elf_version(UInt32(EV_CURRENT))
  let descriptor = memfd_create("elf", UInt32(MFD_CLOEXEC))
  if descriptor < 0 { throw .file(path: "memory file", step: .open, errorNumber: errno) }
  defer { close(descriptor) }
  guard let elf = elf_begin(descriptor, ELF_C_WRITE, nil) else { throw .libelf("begin a file") }
  defer { elf_end(elf) }
  // We choose every offset: the pages of a segment must sit where the page table wants them.
  if elf_flagelf(elf, ELF_C_SET, UInt32(ELF_F_LAYOUT)) == 0 { throw .libelf("leave the layout to us") }
  let buffers = try body(elf)
  let size = withExtendedLifetime(buffers) { elf_update(elf, ELF_C_WRITE) }
  if size < 0 { throw .libelf("write the headers") }
  return try readAll(descriptor, path: "memory file", expecting: Int(size), limit: .max)
}

/// Writes the header and room for `segmentCount` program headers right behind it.
func startFile(
  _ elf: OpaquePointer, type: Int32, machineFlags: UInt32, segmentCount: Int,
  _ adjust: (inout GElf_Ehdr) -> Void = { _ in }
) throws(ELFError) {
  if gelf_newehdr(elf, Int32(ELFCLASS64)) == nil { throw .libelf("make a header") }
  if gelf_newphdr(elf, segmentCount) == nil { throw .libelf("make program headers") }
  var header = GElf_Ehdr()
  if gelf_getehdr(elf, &header) == nil { throw .libelf("read the header back") }
  withUnsafeMutableBytes(of: &header.e_ident) { identification in
    identification[Int(EI_DATA)] = UInt8(ELFDATA2LSB)
    identification[Int(EI_VERSION)] = UInt8(EV_CURRENT)
  }
  header.e_type = UInt16(type)
  header.e_machine = UInt16(EM_RISCV)
  header.e_version = UInt32(EV_CURRENT)
  header.e_phoff = headerBytes
  header.e_flags = machineFlags
  adjust(&header)
  if gelf_update_ehdr(elf, &header) == 0 { throw .libelf("write the header") }
}

func setProgramHeader(_ elf: OpaquePointer, _ index: Int, _ header: GElf_Phdr) throws(ELFError) {
  var header = header
  if gelf_update_phdr(elf, Int32(index), &header) == 0 { throw .libelf("write program header \(index)") }
}

/// Sizes of the ELF64 structures at the start of every file.
let headerBytes: UInt64 = 64
let programHeaderBytes: UInt64 = 56
let sectionHeaderBytes: UInt64 = 64

extension ELFError {
  /// libelf keeps its last error per thread; zero means that it has no opinion.
  static func libelf(_ step: String) -> ELFError {
    let number = elf_errno()
    let message = number == 0 ? nil : elf_errmsg(number).map { String(cString: $0) }
    return .libelfRefused(step: step, message: message ?? "no reason given")
  }
}
