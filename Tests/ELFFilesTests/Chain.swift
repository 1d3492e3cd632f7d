import CheckpointRestore
import ELFFiles

/// Five generations of a component with three dataspaces: each changes a few pages, and the last one has a new
/// dataspace. Contents are complete, as a checkpointer leaves them.
enum Chain {
  static func images(length: Int = 5, seed: UInt64 = 7) -> [CheckpointImage] {
    var chance = Chance(seed: seed)
    var memory = (0..<3).map { index in
      DataspaceImage(badge: UInt64(21 + index), size: 16 * 4096, contents: chance.bytes((4 * index + 3) * 4096 + 5))
    }
    var images: [CheckpointImage] = []
    for generation in 1...length {
      if generation == length { memory.append(DataspaceImage(badge: 77, size: 4096, contents: [1, 2, 3])) }
      var image = CheckpointImage(componentName: "sheep", romName: "sheep", kernelProfile: "modern")
      image.name = "c\(generation)"
      image.generation = UInt64(generation)
      image.takenAtPicoseconds = UInt64(generation) * 1_000
      image.threads = [ThreadImage(name: "ep", pc: UInt64(0x10000 + 4 * generation))]
      image.capabilities = (0..<UInt64(generation)).map { CapabilityImage(slot: 0x200 + $0, badge: $0, kind: "x") }
      if let before = images.last { image.parent = ParentImage(name: before.name, generation: before.generation) }
      for index in memory.indices {
        change(&memory[index], isNew: images.last?.dataspaces.count ?? 0 <= index, &chance)
      }
      image.dataspaces = memory
      image.regions = memory.indices.map {
        RegionImage(address: UInt64(1 + $0) << 24, size: memory[$0].size, dataspaceIndex: $0)
      }
      images.append(image)
    }
    return images
  }

  /// Writes at most two pages, beyond the end of the contents, too, or with zeros.
  private static func change(_ dataspace: inout DataspaceImage, isNew: Bool, _ chance: inout Chance) {
    var touched: [UInt64] = []
    for _ in 0..<chance.below(3) where !isNew {
      let page = UInt64(chance.below(Int(dataspace.pageCount)))
      let end = Int(page + 1) * 4096
      if dataspace.contents.count < end {
        dataspace.contents += [UInt8](repeating: 0, count: end - dataspace.contents.count)
      }
      let bytes = chance.flag() ? chance.bytes(4096) : [UInt8](repeating: 0, count: 4096)
      dataspace.contents.replaceSubrange(end - 4096..<end, with: bytes)
      touched.append(page)
    }
    var runs: [PageRun] = []
    for page in 0..<dataspace.pageCount {
      let isRead = isNew || touched.contains(page)
      runs.add(isRead ? (dataspace.isZero(page: page) ? .zero : .captured) : .inParent)
    }
    dataspace.pages = runs
  }

  /// The files of a folder, as `stasis run` writes them.
  static func write(_ images: [CheckpointImage], to folder: String) throws -> [String] {
    var store = CoreStore(folder: folder)
    return try store.write(images.map { ($0, nil) })
  }
}
