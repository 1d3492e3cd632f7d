import CheckpointRestore
import Testing

@testable import ELFFiles

/// A writer may end at any point, and a disk may lose the end of a file: nothing of it is taken for an image.
@Suite struct CoreFolderTests {
  let scratch = Scratch()

  private func generations() -> [CheckpointImage] {
    var images = Chain.images(length: 3)
    for index in images.indices {
      images[index].name = "c"
      images[index].parent?.name = "c"
      // Small files: every length of them is tried.
      images[index].dataspaces = [DataspaceImage(badge: 1, size: 4096, contents: [UInt8(index)])]
      images[index].regions = []
      images[index].parent = nil
    }
    return images
  }

  private func newest() throws -> UInt64? {
    let folder = try CoreFolder(scratch.path)
    guard let index = folder.newest, case .success(let image) = folder.entries[index].image else { return nil }
    return image.generation
  }

  @Test func `after every step of a write the folder has the old image or the new one`() throws {
    let images = generations()
    try writeCore(images[0], executable: nil, to: scratch.file("c.core"))
    let bytes = try coreBytes(images[1], executable: nil)
    for piece in [1, 1000, 4096, bytes.count] {
      try writeCore(images[0], executable: nil, to: scratch.file("c.core"))
      var replacement = try FileReplacement(of: scratch.file("c.core"))
      #expect(try newest() == 1)
      for start in stride(from: 0, to: bytes.count, by: max(piece, bytes.count / 64)) {
        let end = min(start + max(piece, bytes.count / 64), bytes.count)
        try replacement.write(Array(bytes[start..<end]))
        #expect(try newest() == 1, "after \(end) bytes")
        let unfinished = try CoreFolder(scratch.path).unfinished
        #expect(unfinished.count == 1)
      }
      try replacement.synchronize()
      #expect(try newest() == 1)
      try replacement.takeName()
      #expect(try newest() == 2)
      #expect(try CoreFolder(scratch.path).unfinished == [])
    }
  }

  @Test func `a first image that is not complete is no image`() throws {
    var replacement = try FileReplacement(of: scratch.file("c.core"))
    try replacement.write(coreBytes(generations()[0], executable: nil))
    try replacement.synchronize()
    #expect(try newest() == nil)
    #expect(try CoreFolder(scratch.path).entries.isEmpty)
  }

  @Test func `a newest image cut off anywhere gives way to the one before`() throws {
    let paths = try Chain.write(generations(), to: scratch.path)
    let bytes = try readFile(paths[2])
    #expect(try newest() == 3)
    for length in stride(from: 0, to: bytes.count, by: 97) {
      try replaceFile(paths[2], with: Array(bytes[..<length]))
      #expect(try newest() == 2, "\(length) bytes")
    }
    var torn = bytes
    // The end was never written to the disk.
    for index in bytes.count / 2..<bytes.count { torn[index] = 0 }
    try replaceFile(paths[2], with: torn)
    #expect(try newest() == 2)
    let folder = try CoreFolder(scratch.path)
    #expect(folder.entries.count == 3)
    #expect(Tool.run("rm '\(paths[1])' '\(paths[0])'").status == 0)
    #expect(try newest() == nil)
  }

  @Test func `an image is not complete without its parents`() throws {
    let paths = try Chain.write(Chain.images(), to: scratch.path)
    #expect(try newest() == 5)
    #expect(Tool.run("truncate -s -1 '\(paths[2])'").status == 0)
    #expect(try newest() == 2)
    let refused = try CoreFolder(scratch.path).entries.compactMap { entry -> String? in
      if case .failure(let error) = entry.image { "\(entry.name): \(error)" } else { nil }
    }
    #expect(refused.count == 3)
    #expect(refused[0].contains("c3.core: core file") && refused[0].contains("cut off"), "\(refused[0])")
    #expect(refused[1].hasPrefix("c4.core: its parent `c3`"))
  }

  @Test func `a folder that cannot be read is refused`() {
    #expect(throws: ELFError.self) { _ = try CoreFolder(scratch.file("none")) }
    #expect(throws: ELFError.self) { _ = try CoreFolder("/dev/null") }
  }

  // MARK: Places where nothing can be written

  @Test func `a folder in which nothing can be made is refused, and stays as it was`() {
    for folder in ["/proc", scratch.file("none")] {
      let error = #expect(throws: ELFError.self) {
        _ = try writeCore(generations()[0], executable: nil, to: "\(folder)/c.core")
      }
      #expect(error?.description.hasPrefix("\(folder)/c.core: cannot open: ") == true)
    }
  }
}
