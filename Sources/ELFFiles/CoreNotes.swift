import CLibelf
import CheckpointRestore

/// The notes of a core file. Layouts of the first two are those of Linux on riscv64, because that is what
/// debuggers read; ours carry a vendor name and types no debugger takes for its own.
enum CoreNotes {
  static let vendor = "STASIS"
  /// What the checkpointer found, in JSON, without what the other notes hold.
  static let imageType: UInt32 = 0x5354_0001
  /// Length, identity and checksum of the file: its last bytes.
  static let digestType: UInt32 = 0x5354_0002
  static let capabilityType: UInt32 = 0x5354_0003
  static let objectType: UInt32 = 0x5354_0004
  static let messageType: UInt32 = 0x5354_0005
  /// Where each page comes from, and where those in the file are.
  static let pageType: UInt32 = 0x5354_0006
  /// Checksum of each segment.
  static let segmentType: UInt32 = 0x5354_0007

  /// Appends one note: sizes, type, name and description, each padded to 4 bytes also in 64-bit files.
  static func append(_ name: String, _ type: UInt32, _ description: [UInt8], to bytes: inout [UInt8]) {
    let text = Array(name.utf8) + [0]
    bytes.append(littleEndian: UInt32(text.count))
    bytes.append(littleEndian: UInt32(description.count))
    bytes.append(littleEndian: type)
    bytes += text
    bytes.pad(to: 4)
    bytes += description
    bytes.pad(to: 4)
  }

  /// The descriptions of our notes among others. Stops where the sizes make no sense.
  static func vendorNotes(in bytes: ArraySlice<UInt8>) -> [(type: UInt32, description: ArraySlice<UInt8>)] {
    var notes: [(type: UInt32, description: ArraySlice<UInt8>)] = []
    let name = Array(vendor.utf8) + [0]
    var rest = bytes
    while rest.count >= 12 {
      let sizes = (0..<3).map { word in
        (0..<4).reduce(UInt32(0)) { $0 | UInt32(rest[rest.startIndex + 4 * word + $1]) << UInt32(8 * $1) }
      }
      let padded = sizes[..<2].map { UInt64($0).roundedUp(to: 4) }
      guard 12 + padded[0] + UInt64(sizes[1]) <= UInt64(rest.count) else { break }
      let start = rest.startIndex + 12
      let description = start + Int(padded[0])
      if rest[start..<start + Int(sizes[0])].elementsEqual(name) {
        notes.append((sizes[2], rest[description..<description + Int(sizes[1])]))
      }
      rest = rest.dropFirst(Int(12 + padded[0] + padded[1]))
    }
    return notes
  }

  /// `NT_PRSTATUS`: pc and x1...x31 at 112, the thread's number (from 1) where a debugger expects a process id.
  static func status(of thread: ThreadImage, number: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 376)
    bytes.replace(at: 32, littleEndian: UInt32(number))
    bytes.replace(at: 112, littleEndian: thread.pc)
    for index in 1..<ThreadImage.registerCount {
      bytes.replace(at: 112 + 8 * index, littleEndian: thread.registers[index])
    }
    return bytes
  }

  /// `NT_PRPSINFO`: name of the program file and of the component, cut to 16 and 80 bytes with the closing zero.
  /// gdb compares the first with the name of the file it is given and warns if they differ.
  static func process(program: String, component: String) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 136)
    bytes[1] = UInt8(ascii: "S")
    bytes.replace(at: 24, littleEndian: UInt32(1))
    for (index, byte) in program.utf8.prefix(15).enumerated() { bytes[40 + index] = byte }
    for (index, byte) in component.utf8.prefix(79).enumerated() { bytes[56 + index] = byte }
    return bytes
  }
}
