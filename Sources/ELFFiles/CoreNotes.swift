import CLibelf
import CheckpointRestore
import FoundationEssentials

/// The notes of a core file. Layouts of the first two are those of Linux on riscv64, because that is what
/// debuggers read; ours carry a vendor name and types no debugger takes for its own.
enum CoreNotes {
  static let vendor = "STASIS"
  static let imageType: UInt32 = 0x5354_0001
  static let digestType: UInt32 = 0x5354_0002

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

/// The checkpoint as JSON, without the bytes of its dataspaces, which stand in the file where `bodies` says.
///
/// Keys are sorted, so equal checkpoints give equal files.
struct ImageNote: Codable {
  struct Body: Codable {
    var offset: UInt64
    var size: UInt64
  }

  var image: CheckpointImage
  var bodies: [Body]

  /// Decoded first: a later version may have other fields, which must not look like damage.
  private struct VersionOnly: Decodable {
    struct Image: Decodable { var version: UInt64 }
    var image: Image
  }

  init(_ image: CheckpointImage, bodies: [Body]) {
    self.image = image
    self.bodies = bodies
    for index in image.dataspaces.indices { self.image.dataspaces[index].contents = [] }
  }

  init(json: [UInt8]) throws(ELFError) {
    let decoder = JSONDecoder()
    do {
      let version = try decoder.decode(VersionOnly.self, from: Data(json)).image.version
      if version != UInt64(CheckpointImage.currentVersion) {
        throw ELFError.version(found: version, supported: UInt64(CheckpointImage.currentVersion))
      }
      self = try decoder.decode(ImageNote.self, from: Data(json))
    } catch let error as ELFError {
      throw error
    } catch {
      throw .note(expected: "a checkpoint in JSON", found: "\(error)")
    }
  }

  func json() throws(ELFError) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    do {
      return [UInt8](try encoder.encode(self))
    } catch {
      throw .note(expected: "a checkpoint that can be written as JSON", found: "\(error)")
    }
  }
}
