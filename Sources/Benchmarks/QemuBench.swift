import Glibc
import RISCV

/// The interpreter's programs under `qemu-riscv64`, which compiles them to host code: not a peer, but the distance to one.
enum QemuBench {
  private static let base: UInt64 = 0x3f_f000

  /// Nanoseconds of CPU time of one instruction, the start of the process included; nil if qemu is not there.
  static func nanosecondsEach(_ program: InterpreterProgram, retired: UInt64) -> Double? {
    guard shell("command -v qemu-riscv64").status == 0 else { return nil }
    let path = "\(Workspace.folder)/\(program.name)"
    guard write(executable(program), to: path) else { return nil }
    let start = childrenNanoseconds()
    guard shell("qemu-riscv64 '\(path)'").status == 0 else { return nil }
    return Double(childrenNanoseconds() - start) / Double(retired)
  }

  /// The program with a start that loads its argument and with its `ecall` replaced by a jump to an exit.
  private static func executable(_ program: InterpreterProgram) -> [UInt8] {
    let bytes = program.words.flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) } }
    let end = stride(from: 0, to: bytes.count - 4, by: 2).first { Array(bytes[$0..<($0 + 4)]) == [0x73, 0, 0, 0] } ?? 0
    var code = Assembler(base: base)
    code.li(.a0, Int64(program.rounds))
    code.j("program")
    code.label("exit")
    code.li(.a0, 0)
    code.li(.a7, 93)
    code.ecall()
    code.align(4096)
    code.label("program")
    code.data(Array(bytes[..<end]))
    code.j("exit")
    code.data(Array(bytes[(end + 4)...]))
    do throws(AssemblyError) {
      return elf(try code.assemble())
    } catch {
      preconditionFailure("a benchmark program does not assemble: \(error)")
    }
  }

  /// An ELF file of one loadable segment with two megabytes of zeros behind it.
  private static func elf(_ program: AssembledProgram) -> [UInt8] {
    var file = Assembler(base: 0)
    file.data([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0] + [UInt8](repeating: 0, count: 8))
    file.half(2)
    file.half(243)
    file.word(1)
    for word in [program.base, 64, 0] as [UInt64] { file.double(word) }
    file.word(1)
    for half in [64, 56, 1, 0, 0, 0] as [UInt16] { file.half(half) }
    file.word(1)
    file.word(7)
    let size = UInt64(program.bytes.count)
    for word in [4096, program.base, program.base, size, size + 2 << 20, 4096] as [UInt64] { file.double(word) }
    file.align(4096)
    file.data(program.bytes)
    return file.bytes
  }

  private static func write(_ bytes: [UInt8], to path: String) -> Bool {
    guard let file = fopen(path, "w") else { return false }
    let written = fwrite(bytes, 1, bytes.count, file)
    return fclose(file) == 0 && written == bytes.count && chmod(path, 0o755) == 0
  }
}
