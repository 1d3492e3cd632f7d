import CheckpointRestore
import ELFFiles
import Glibc

/// A seeded source of damage and of random images; the same seed gives the same test on every machine.
struct Chance {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func word() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
    return mixed ^ mixed >> 31
  }

  mutating func below(_ bound: Int) -> Int { Int(word() % UInt64(bound)) }
  mutating func flag() -> Bool { word() & 1 == 1 }
  mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8(truncatingIfNeeded: word()) } }
}

enum Sample {
  /// `_start` calls `work`, which adds up and returns; then the program leaves with the value of `answer` (42).
  /// Words of RV64 code with the Linux convention for exit, so that qemu can run it.
  static let code: [UInt32] = [
    0x0100_00ef,  // 10000: jal ra, work
    0x05d0_0893,  // 10004: li a7, 93
    0x0000_0073,  // 10008: ecall
    0x0000_006f,  // 1000c: j .
    0x0000_2517,  // 10010: work: auipc a0, 2
    0xff05_2503,  // 10014: lw a0, -16(a0)   answer at 0x12000
    0x0000_3597,  // 10018: auipc a1, 3
    0xff85_a583,  // 1001c: lw a1, -8(a1)    zeroed at 0x13010
    0x02b5_0633,  // 10020: mul a2, a0, a1
    0x00c5_0533,  // 10024: add a0, a0, a2
    0x0000_8067,  // 10028: ret
  ]

  static func bytes(_ words: [UInt32]) -> [UInt8] {
    words.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) } }
  }

  static let parts = ExecutableParts(
    entry: 0x10000, text: .init(address: 0x10000, bytes: bytes(code)),
    readOnlyData: .init(address: 0x11000, bytes: Array("constant".utf8)),
    data: .init(address: 0x12000, bytes: [42, 0, 0, 0]), zeroedBytes: 0x2000,
    symbols: [
      .init(name: "_start", address: 0x10000, size: 16, kind: .function),
      .init(name: "statement.3", address: 0x10008, size: 0, kind: .other),
      .init(name: "work", address: 0x10010, size: 28, kind: .function),
      .init(name: "text", address: 0x11000, size: 8, kind: .object),
      .init(name: "answer", address: 0x12000, size: 4, kind: .object),
      .init(name: "zeroed", address: 0x12010, size: 0x2000, kind: .object),
    ])

  /// Three threads, one of them never started; a dataspace attached twice, one attached nowhere, a stack inside
  /// a managed dataspace, a region whose end was never touched.
  static func image() -> CheckpointImage {
    var registers = [UInt64](repeating: 0, count: 32)
    registers[1] = 0x10004
    registers[2] = 0x4000_0ff0
    registers[10] = 42
    registers[31] = .max
    return CheckpointImage(
      componentName: "counter of sheep", romName: "sheep_counter", takenAtPicoseconds: 3_000_000_000_000,
      kernelProfile: "r67",
      threads: [
        ThreadImage(
          name: "ep", kernelID: 77, registers: registers, pc: 0x10014, utcbAddress: 0x3f_ffff_0000,
          utcb: (0..<128).map { UInt64.max - $0 }, priority: 128, situation: .replyAndWait, errorCode: 3),
        ThreadImage(name: "signal", registers: registers, pc: 0x10008, registersValid: false),
        ThreadImage(name: "later", started: false, situation: .unknown),
      ],
      capabilities: [.init(slot: 0x200, badge: 9, kind: "pd"), .init(slot: 0x217, badge: 0, kind: "irq")],
      regionMaps: [.addressSpace, .init(name: "stack area", badge: 5, size: 0x1000_0000, dataspaceIndex: 3)],
      regions: [
        .init(address: 0x10000, size: 0x1000, dataspaceIndex: 0, writable: false, executable: true, source: .rom),
        .init(address: 0x12000, size: 0x3000, dataspaceIndex: 1),
        .init(address: 0x20000, size: 0x1000, dataspaceIndex: 1, offset: 0x1000, writable: false),
        .init(address: 0x4000_0000, size: 0x1000_0000, dataspaceIndex: 3, source: .managed),
        .init(map: 1, address: 0, size: 0x1000, dataspaceIndex: 4),
      ],
      dataspaces: [
        .init(badge: 21, size: 0x1000, contents: bytes(code), provenance: .rom),
        .init(badge: 22, size: 0x3000, contents: [UInt8](repeating: 0xa5, count: 0x1800)),
        .init(badge: 23, size: 0x1000, contents: Array("attached nowhere".utf8)),
        .init(badge: 24, size: 0x1000_0000, provenance: .managed),
        .init(badge: 25, size: 0x1000, contents: [UInt8](repeating: 7, count: 0x1000)),
      ],
      sessions: [.init(service: "LOG", arguments: "label=\"counter\", ram_quota=8K", upgrades: ["8K"], badge: 31)],
      signalContexts: [.init(badge: 41, sourceBadge: 42, imprint: 0xffff_ffff_ffff_fff0, pendingCount: 1)],
      timers: [.init(sessionBadge: 51, handlerBadge: 41, timeoutPicoseconds: 1_000_000_000, periodic: true)],
      objectCounts: [.init(kind: "thread", count: 3)])
  }
}

/// A folder for one test's files, gone when the test is over.
final class Scratch {
  let path: String

  init() {
    var template = Array("/tmp/elf-files-XXXXXX".utf8CString)
    path = mkdtemp(&template) == nil ? "/tmp" : String(decoding: template.dropLast().map(UInt8.init), as: UTF8.self)
  }

  deinit { if path != "/tmp" { _ = Tool.run("rm -r '\(path)'") } }

  func file(_ name: String) -> String { "\(path)/\(name)" }
}

/// Programs of the machine that give a second opinion.
enum Tool {
  /// Output of both streams, and the exit status.
  static func run(_ command: String) -> (output: String, status: Int32) {
    guard let stream = popen("{ \(command); } 2>&1", "r") else { return ("cannot run", -1) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65536)
    while true {
      let count = fread(&buffer, 1, buffer.count, stream)
      if count == 0 { break }
      bytes += buffer[..<count]
    }
    let status = pclose(stream)
    return (String(decoding: bytes, as: UTF8.self), status & 0x7f == 0 ? status >> 8 & 0xff : -1)
  }

  static func exists(_ name: String) -> Bool { run("command -v \(name)").status == 0 }
}
