import ELFFiles
import Testing

@Suite struct FileAccessTests {
  let scratch = Scratch()

  @Test(arguments: [0, 1, 4095, 4096, 4097, 200_000]) func `a file of any size comes back`(size: Int) throws {
    var chance = Chance(seed: UInt64(size))
    let bytes = chance.bytes(size)
    try replaceFile(scratch.file("a"), with: bytes)
    #expect(try readFile(scratch.file("a")) == bytes)
    #expect(Tool.run("ls -A '\(scratch.path)'").output == "a\n")
  }

  @Test func `what is no regular file is refused without waiting`() {
    #expect(throws: ELFError.notARegularFile(path: "/dev/zero")) { _ = try readFile("/dev/zero") }
    #expect(Tool.run("mkfifo '\(scratch.file("pipe"))'").status == 0)
    #expect(throws: ELFError.notARegularFile(path: scratch.file("pipe"))) { _ = try readFile(scratch.file("pipe")) }
    #expect(throws: ELFError.notARegularFile(path: scratch.path)) { _ = try readFile(scratch.path) }
    let error = #expect(throws: ELFError.self) { _ = try readFile(scratch.file("none")) }
    #expect(error?.description == "\(scratch.file("none")): cannot open: No such file or directory")
  }

  @Test func `a file above the limit is refused`() throws {
    try replaceFile(scratch.file("a"), with: [1, 2, 3])
    #expect(try readFile(scratch.file("a"), limit: 3) == [1, 2, 3])
    #expect(throws: ELFError.tooLarge(what: scratch.file("a"), size: 3, limit: 2)) {
      _ = try readFile(scratch.file("a"), limit: 2)
    }
  }

  @Test func `a failed replacement leaves the old file and nothing else`() throws {
    #expect(Tool.run("mkdir '\(scratch.file("a"))' && touch '\(scratch.file("a/b"))'").status == 0)
    #expect(throws: ELFError.self) { try replaceFile(scratch.file("a"), with: [1]) }
    #expect(Tool.run("ls -A '\(scratch.path)' '\(scratch.file("a"))'").output.contains(".tmp") == false)
    #expect(throws: ELFError.self) { try replaceFile(scratch.file("none/a"), with: [1]) }
  }

  @Test func `a temporary file left behind by a crash does not block`() throws {
    #expect(Tool.run("touch '\(scratch.path)'/.a.tmp.$PPID.0").status == 0)
    try replaceFile(scratch.file("a"), with: [9])
    #expect(try readFile(scratch.file("a")) == [9])
  }
}
