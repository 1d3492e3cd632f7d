import CLibelf

// Program headers of a core file.

extension CoreLayout {
  static func noteHeader(offset: UInt64, size: UInt64) -> GElf_Phdr {
    var header = GElf_Phdr()
    header.p_type = UInt32(PT_NOTE)
    header.p_flags = UInt32(PF_R)
    header.p_offset = offset
    header.p_filesz = size
    header.p_align = 4
    return header
  }

  /// What follows the bytes of the file is zero, in the parent, a hole: debuggers read it as zeros.
  static func loadHeader(_ placement: CorePlacement, body: UInt64) -> GElf_Phdr {
    var header = GElf_Phdr()
    header.p_type = UInt32(PT_LOAD)
    header.p_flags =
      UInt32(PF_R) | (placement.writable ? UInt32(PF_W) : 0) | (placement.executable ? UInt32(PF_X) : 0)
    header.p_offset = placement.present > 0 ? body + placement.bodyOffset : 0
    header.p_vaddr = placement.address
    header.p_filesz = placement.present
    header.p_memsz = placement.size
    header.p_align = header.p_offset % pageBytes == placement.address % pageBytes ? pageBytes : 1
    return header
  }

  static func windowHeader(_ segment: KernelWindow.Segment, offset: UInt64) -> GElf_Phdr {
    var header = GElf_Phdr()
    header.p_type = UInt32(PT_LOAD)
    header.p_flags = UInt32(PF_R)
    header.p_offset = offset
    header.p_vaddr = segment.address
    header.p_filesz = UInt64(segment.bytes.count)
    header.p_memsz = header.p_filesz
    header.p_align = pageBytes
    return header
  }
}
