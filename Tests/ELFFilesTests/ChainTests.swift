import CheckpointRestore
import Testing

@testable import ELFFiles

/// Incremental images: what each file holds, how a reader puts them together, and what it refuses.
@Suite struct ChainTests {
  let scratch = Scratch()

  @Test(arguments: 0..<20) func `every image of a chain comes back whole`(seed: UInt64) throws {
    let images = Chain.images(length: 6, seed: seed)
    let paths = try Chain.write(images, to: scratch.path)
    for (image, path) in zip(images, paths) {
      var back = try readCore(path)
      #expect(back.parent?.digest.count == (image.parent == nil ? nil : 64))
      back.parent?.digest = ""
      #expect(back == image)
    }
  }

  @Test func `a file holds what its image has and the parent has not`() throws {
    let images = Chain.images()
    let paths = try Chain.write(images, to: scratch.path)
    for (image, path) in zip(images, paths) {
      let core = try readCoreFile(path)
      #expect(core.image.pages(.captured) == image.pages(.captured))
      let headers = Tool.run("readelf -lW '\(path)'").output.split(separator: "\n").filter { $0.contains(" LOAD ") }
      let bytes = headers.dropLast(2).reduce(UInt64(0)) { sum, line in
        let fields = line.split(separator: " ")
        return sum + (UInt64(fields[4].dropFirst(2), radix: 16) ?? 0)
      }
      #expect(bytes == image.pages(.captured) * 4096)
    }
    let sizes = try paths.map { try readFile($0).count }
    #expect(sizes.dropFirst().allSatisfy { $0 < sizes[0] / 2 })
  }

  @Test func `a flattened chain has the segments of a full image`() throws {
    let images = Chain.images()
    let paths = try Chain.write(images, to: scratch.path)
    let last = try #require(images.last)
    let flat = try coreBytes(readCore(paths[4]).flattened(), executable: nil)
    #expect(flat == (try coreBytes(last.flattened(), executable: nil)))
    #expect(try readCore(bytes: flat) == last.flattened())
  }

  @Test(arguments: 0..<4) func `a parent that is not there is named`(gone: Int) throws {
    let paths = try Chain.write(Chain.images(), to: scratch.path)
    #expect(Tool.run("mv '\(paths[gone])' '\(scratch.file("elsewhere"))'").status == 0)
    for (index, path) in paths.enumerated() where index != gone {
      guard index > gone else {
        #expect(throws: Never.self) { _ = try readCore(path) }
        continue
      }
      let error = #expect(throws: ELFError.self) { _ = try readCore(path) }
      #expect(error?.description.hasPrefix("its parent `c\(gone + 1)` (generation \(gone + 1)) is missing: ") == true)
    }
    #expect(throws: ELFError.self) { _ = try readCore(bytes: readFile(paths[3])) }
  }

  @Test func `another name does not hide a parent, another content does`() throws {
    let images = Chain.images()
    let paths = try Chain.write(images, to: scratch.path)
    #expect(Tool.run("mv '\(paths[0])' '\(scratch.file("zebra.core"))'").status == 0)
    #expect(try readCore(paths[4]).dataspaces == images[4].dataspaces)
    try writeCore(Chain.images(seed: 99)[0], executable: nil, to: scratch.file("zebra.core"))
    #expect(throws: ELFError.self) { _ = try readCore(paths[4]) }
    try writeCore(Chain.images(seed: 99)[0], executable: nil, to: paths[0])
    let error = #expect(throws: ELFError.self) { _ = try readCore(paths[4]) }
    #expect(error?.description.hasSuffix("the file of that name is another one") == true)
  }

  @Test func `a damaged parent is refused with its own reason`() throws {
    let paths = try Chain.write(Chain.images(), to: scratch.path)
    var bytes = try readFile(paths[1])
    bytes[bytes.count - 5000] ^= 1
    try replaceFile(paths[1], with: bytes)
    let error = #expect(throws: ELFError.self) { _ = try readCore(paths[2]) }
    #expect(error?.description.hasPrefix("its parent `c2` (generation 2) is missing: \(paths[1]): the file") == true)
  }

  @Test func `a parent without the dataspace is a contradiction, and a long chain hits a limit`() throws {
    let paths = try Chain.write(Chain.images(), to: scratch.path)
    var limits = ELFLimits.standard
    limits.coreChain = 3
    #expect(throws: Never.self) { _ = try readCore(paths[2], limits: limits) }
    #expect(throws: ELFError.tooLarge(what: "number of parents", size: 3, limit: 3)) {
      _ = try readCore(paths[3], limits: limits)
    }
    var core = try readCoreFile(paths[1])
    core.image.dataspaces[0].badge = 9
    try writeCore(core, to: paths[1])
    let error = #expect(throws: ELFError.self) { _ = try readCore(paths[1]) }
    #expect(error?.description.contains("no dataspace with badge 0x9") == true)
  }

  @Test func `an image whose parent was never written is not written`() throws {
    let error = #expect(throws: ELFError.self) { _ = try coreBytes(Chain.images()[1], executable: nil) }
    #expect(error?.description.contains("`c1` has not been written") == true)
  }

  // MARK: Generations

  @Test(arguments: 1...5) func `what is kept can be read, and begins with a full image`(count: Int) throws {
    var images = Chain.images()
    for index in images.indices {
      images[index].name = "c"
      images[index].parent?.name = "c"
    }
    _ = try Chain.write(images, to: scratch.path)
    let kept = Array(images.suffix(count))
    let paths = try Chain.write(kept, to: scratch.path)
    let names = (0..<count - 1).map { "c.g\(5 - count + 1 + $0).core" } + ["c.core"]
    #expect(paths.map { $0.split(separator: "/").last.map(String.init) } == names)
    #expect(Tool.run("ls '\(scratch.path)'").output.split(separator: "\n").map(String.init).sorted() == names.sorted())
    for (path, image) in zip(paths, kept) {
      #expect(try readCore(path).dataspaces.map(\.contents) == image.dataspaces.map(\.contents))
    }
    #expect(try readCoreFile(paths[0]).image.parent == nil)
  }

  @Test func `a name that would leave the folder is refused`() {
    var image = Chain.images()[0]
    for name in ["../c", "", "a/b"] {
      image.name = name
      #expect(throws: ELFError.self) { _ = try Chain.write([image], to: scratch.path) }
    }
  }
}
