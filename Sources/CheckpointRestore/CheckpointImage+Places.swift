import FiascoABI
import Genode

// Where things of the image are: questions a restorer asks.

extension ThreadImage {
  /// The thread's place in its protection domain, which fixes UTCB and capability slots.
  public var place: Int {
    utcbAddress >= ComponentLayout.utcbAreaBase ? Int((utcbAddress - ComponentLayout.utcbAreaBase) / UTCB.size) : 0
  }

  /// The 37 words that set these registers: an exception message.
  public static func exceptionWords(registers: [UInt64], pc: UInt64, status: UInt64) -> [UInt64] {
    var words = [UInt64](repeating: 0, count: ExceptionMessage.words)
    for index in 1..<registerCount { words[ExceptionMessage.registers + index - 1] = registers[index] }
    words[ExceptionMessage.instructionPointer] = pc
    words[ExceptionMessage.status] = status
    return words
  }

  /// x0...x31 out of an exception message.
  public static func registers(exceptionWords words: [UInt64]) -> [UInt64] {
    [0] + words[ExceptionMessage.registers..<ExceptionMessage.registers + registerCount - 1]
  }
}

extension CheckpointImage {
  /// The dataspace behind an address of the component and the offset in it, through nested region maps.
  public func place(of address: UInt64) -> (dataspace: Int, offset: UInt64)? {
    var map = 0
    var current = address
    for _ in 0..<regionMaps.count + 1 {
      guard
        let region = regions.first(where: { $0.map == map && current >= $0.address && current - $0.address < $0.size })
      else { return nil }
      current = current - region.address + region.offset
      guard let inner = regionMaps.firstIndex(where: { $0.dataspaceIndex == region.dataspaceIndex }) else {
        return (region.dataspaceIndex, current)
      }
      map = inner
    }
    return nil
  }

  /// Dataspace and offset of the capability map; nil if it is unknown or lies in no attached dataspace.
  public var capabilityMapPlace: (dataspace: Int, offset: UInt64)? {
    capabilityMapAddress == 0 ? nil : place(of: capabilityMapAddress)
  }
}
