import Foundation
import Testing

/// Images as files: made by `run`, compared, put together, turned into JSON and back, opened by debuggers.
@Suite struct ImageCommandTests {
  /// A counter in a component that is checkpointed every 20 ms.
  static func scenario(_ strategy: String, _ timeline: String, expect: String = "") -> Data {
    Data(
      """
      { "title": "Counts", "machine": { "platform": "riscv-virt", "kernel": "modern" }, "components": [
          { "name": "counter", "variables": { "n": { "initial": 0 } },
            "construct": [ { "forever": [ { "set": "n", "to": "n + 1" }, { "log": "{n}" }, { "sleep": "10ms" } ] } ] } ],
        "checkpointer": { "strategy": "\(strategy)", "restore": { "child": "without-elf", "blocked": "reissue" } },
        "timeline": [ \(timeline) ], "expect": [ \(expect) ] }
      """.utf8)
  }

  /// Three checkpoints of one name, or with names of their own and a restore of the last one.
  static func generations(_ strategy: String = "incremental") -> Data {
    scenario(
      strategy,
      #"{ "at": "25ms", "every": "20ms", "checkpoint": "counter", "as": "c" }, { "at": "80ms", "stop": true }"#)
  }

  static func chain(_ strategy: String = "incremental", ending: String = "150ms") -> Data {
    let checkpoints = (1...3).map {
      "{ \"at\": \"\(20 * $0 + 5)ms\", \"checkpoint\": \"counter\", \"as\": \"c\($0)\" }"
    }
    return scenario(
      strategy,
      checkpoints.joined(separator: ", ")
        + #", { "at": "85ms", "kill": "counter" }, { "at": "90ms", "restore": "c3" }, "#
        + "{ \"at\": \"\(ending)\", \"stop\": true }",
      expect: #"{ "restored": "c3", "verdict": "equivalent" }"#)
  }

  /// A folder with `scenario.json` and the images of one run.
  private func withImages<T>(
    _ scenario: Data, _ options: [String] = [], _ body: (_ folder: String) throws -> T
  ) throws -> T {
    try Command.withFile("scenario.json", scenario) { path in
      let folder = (path as NSString).deletingLastPathComponent
      let result = try Command.run(["run", path, "--image-dir", "\(folder)/images"] + options)
      #expect(result.exitCode == 0, "\(result.output)\(result.errors)")
      return try body(folder)
    }
  }

  private func bytes(_ path: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: path)) }

  private func names(_ folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
  }

  /// A line of the shell, with what it prints.
  private func shell(_ line: String) throws -> (output: String, status: Int32) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", "{ \(line); } 2>&1"]
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (String(decoding: data, as: UTF8.self), process.terminationStatus)
  }

  // MARK: Chains and generations

  @Test func `a chain is flattened into an image that stands alone`() throws {
    try withImages(Self.chain()) { folder in
      let flat = try Command.run(["image", "flatten", "\(folder)/images/c3.core", "-o", "\(folder)/flat.core"])
      #expect(flat.exitCode == 0 && flat.output.isEmpty, "\(flat.errors)")
      let same = try Command.run(["diff", "\(folder)/images/c3.core", "\(folder)/flat.core"])
      #expect(same.exitCode == 0 && same.output.isEmpty)
      try FileManager.default.removeItem(atPath: "\(folder)/images/c2.core")
      let broken = try Command.run(["inspect", "\(folder)/images/c3.core"])
      #expect(broken.exitCode == 2 && broken.output.isEmpty)
      #expect(broken.errors.contains("c3.core: its parent `c2` (generation 2) is missing"), "\(broken.errors)")
      #expect(try Command.run(["inspect", "\(folder)/flat.core"]).exitCode == 0)
    }
  }

  @Test func `generations are kept as asked, and an older run's are removed`() throws {
    try withImages(Self.generations(), ["--keep", "3"]) { folder in
      #expect(try names("\(folder)/images") == ["c.core", "c.g1.core", "c.g2.core", "counter"])
      let list = try Command.run(["inspect", "\(folder)/images"])
      #expect(list.exitCode == 0 && list.output.contains("newest complete image"), "\(list.output)")
      #expect(list.output.contains("c.g2.core") && list.output.contains("checkpoint `c`, generation 3"))
      let two = try Command.run(
        ["run", "\(folder)/scenario.json", "--image-dir", "\(folder)/images", "--keep", "2"])
      #expect(two.exitCode == 0)
      #expect(try names("\(folder)/images") == ["c.core", "c.g2.core", "counter"])
    }
    for wrong in ["0", "-1", "x", "1001"] {
      #expect(try Command.run(["run", "Scenarios/checkpoint/sheep-counter.json", "--keep", wrong]).exitCode == 2)
    }
  }

  @Test func `a torn newest image gives way to the one before, and the list says why`() throws {
    try withImages(Self.generations("stop-and-copy"), ["--keep", "3"]) { folder in
      let newest = "\(folder)/images/c.core"
      let whole = try bytes(newest)
      try whole.prefix(whole.count / 2).write(to: URL(fileURLWithPath: newest))
      let report = try Command.run(["inspect", "\(folder)/images"])
      #expect(report.exitCode == 0)
      #expect(report.output.contains("checkpoint `c`, generation 2"), "\(report.output)")
      #expect(report.output.contains("refused") && report.output.contains("is cut off"))
      for name in ["c.g1.core", "c.g2.core"] { try Data().write(to: URL(fileURLWithPath: "\(folder)/images/\(name)")) }
      let none = try Command.run(["inspect", "\(folder)/images"])
      #expect(none.exitCode == 2 && none.errors.contains("there is no complete image in this folder"))
    }
  }

  // MARK: Restoring from a file

  @Test func `a checkpoint of an earlier run is restored in another process`() throws {
    try withImages(Self.chain("stop-and-copy")) { folder in
      let scenario = "\(folder)/scenario.json"
      let given = try Command.run(["run", scenario, "--given", "c3=\(folder)/images/c3.core"])
      #expect(given.exitCode == 0, "\(given.output)\(given.errors)")
      #expect(given.output.contains("given: an earlier run took it at 65.006 ms"))
      #expect(given.output.contains("restored c3") && given.output.contains("verdict: equivalent"), "\(given.output)")
      let unknown = try Command.run(["run", scenario, "--given", "c9=\(folder)/images/c3.core"])
      #expect(unknown.exitCode == 2 && unknown.errors.contains("no checkpoint `c9`; there are c1, c2, c3"))
      let malformed = try Command.run(["run", scenario, "--given", "c3"])
      #expect(malformed.exitCode == 2 && malformed.errors.contains("expected a checkpoint's name"))
    }
  }

  @Test func `an image of another scenario is refused with both digests`() throws {
    try withImages(Self.chain("stop-and-copy")) { folder in
      try Self.chain("stop-and-copy", ending: "140ms").write(to: URL(fileURLWithPath: "\(folder)/other.json"))
      let other = try Command.run(["run", "\(folder)/other.json", "--given", "c3=\(folder)/images/c3.core"])
      #expect(other.exitCode == 2 && other.output.isEmpty)
      #expect(other.errors.contains("the image is of another scenario: its SHA-256 is "), "\(other.errors)")
      let sheep = try Command.run(
        ["run", "Scenarios/checkpoint/sheep-counter.json", "--given", "c1=\(folder)/images/c1.core"])
      #expect(sheep.exitCode == 2)
      #expect(sheep.errors.contains("the image is of the component `counter`, expected `sheep_counter`"))
      for path in ["\(folder)/scenario.json", "\(folder)/images/counter", "/dev/null", "\(folder)/none"] {
        let foreign = try Command.run(["run", "\(folder)/scenario.json", "--given", "c3=\(path)"])
        #expect(foreign.exitCode == 2 && foreign.output.isEmpty && foreign.errors.hasPrefix(path), "\(foreign.errors)")
      }
    }
  }

  // MARK: Comparison and JSON

  @Test func `differences are told, and the exit code says whether there are any`() throws {
    try withImages(Self.chain()) { folder in
      let (first, second) = ("\(folder)/images/c1.core", "\(folder)/images/c2.core")
      let same = try Command.run(["diff", first, first])
      #expect(same.exitCode == 0 && same.output.isEmpty && same.errors.isEmpty)
      let differs = try Command.run(["diff", first, second])
      #expect(differs.exitCode == 1)
      #expect(differs.output.contains("memory") && differs.output.contains("pages: 0x"), "\(differs.output)")
      #expect(differs.output.contains("0 lost, 0 appeared, "))
      let json = try Command.run(["diff", "--json", first, second])
      let document = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any]
      #expect(json.exitCode == 1 && document?["format"] as? String == "stasis-difference")
      #expect(try Command.run(["diff", first, "\(folder)/none"]).exitCode == 2)
      #expect(try Command.run(["diff", "\(folder)/scenario.json", first]).exitCode == 2)
    }
  }

  @Test func `export and import give the same bytes, also for an image with a parent`() throws {
    try withImages(Self.chain()) { folder in
      for name in ["c1", "c2"] {
        let image = "\(folder)/images/\(name).core"
        let export = try Command.run(["image", "export", image, "-o", "\(folder)/\(name).json"])
        #expect(export.exitCode == 0, "\(export.errors)")
        let back = try Command.run(["image", "import", "\(folder)/\(name).json", "-o", "\(folder)/\(name).core"])
        #expect(back.exitCode == 0, "\(back.errors)")
        #expect(try bytes(image) == bytes("\(folder)/\(name).core"))
      }
      let refused = try Command.run(["image", "import", "\(folder)/scenario.json", "-o", "\(folder)/x.core"])
      #expect(refused.exitCode == 2 && refused.errors.hasPrefix("\(folder)/scenario.json: "))
      #expect(!FileManager.default.fileExists(atPath: "\(folder)/x.core"))
    }
  }

  // MARK: Places that refuse

  /// A limit on the size of files stands for a full disk: the same call fails, at any byte one likes.
  @Test func `a disk that is full leaves the image that was there`() throws {
    try withImages(Self.chain("stop-and-copy")) { folder in
      let (image, target) = ("\(folder)/images/c1.core", "\(folder)/images/out.core")
      let whole = try bytes(image)
      try whole.write(to: URL(fileURLWithPath: target))
      let limits = [4096, 4097, 20_000, 40_000, whole.count - 1]
      for (round, limit) in limits.enumerated() {
        let command = "prlimit --fsize=\(limit) '\(Command.path)' image flatten '\(image)' -o '\(target)'"
        let full = try shell("trap '' XFSZ; exec \(command)")
        #expect(full.status == 2, "\(limit): \(full.output)")
        #expect(full.output.contains("cannot write: File too large"), "\(full.output)")
        #expect(try bytes(target) == whole)
        #expect(try names("\(folder)/images").count { $0.contains(".tmp.") } == round)
        // Without the trap the process is killed in the middle of the write.
        let killed = try shell("ulimit -c 0; \(command)")
        #expect(killed.status != 0 && killed.status != 2, "\(limit)")
        #expect(try bytes(target) == whole)
      }
      let list = try Command.run(["inspect", "\(folder)/images"])
      #expect(list.exitCode == 0 && list.output.contains("a writer ended before it was complete"), "\(list.output)")
      #expect(try names("\(folder)/images").count { $0.contains(".tmp.") } == limits.count)
    }
  }

  @Test func `a folder in which nothing can be made is refused`() throws {
    let run = try Command.run(["run", "Scenarios/checkpoint/sheep-counter.json", "--image-dir", "/proc/stasis"])
    #expect(run.exitCode == 2 && run.errors.contains("/proc/stasis"), "\(run.errors)")
    try withImages(Self.chain("stop-and-copy")) { folder in
      let flat = try Command.run(["image", "flatten", "\(folder)/images/c1.core", "-o", "/proc/c1.core"])
      #expect(flat.exitCode == 2 && flat.errors.hasPrefix("/proc/c1.core: cannot open: "), "\(flat.errors)")
    }
  }

  // MARK: What others say

  private static let strategies = [
    "stop-and-copy", "incremental", "pre-copy", "copy-on-write", "parallel", "dma", "redundant-memory", "vcpu",
    "core-state", "kernel-assisted",
  ]

  @Test func `debuggers and readers open the images of every strategy that can be played`() throws {
    var played: [String] = []
    for strategy in Self.strategies {
      let scenario = Self.chain(strategy)
      let check = try Command.withFile("scenario.json", scenario) { try Command.run(["check", $0]) }
      guard check.exitCode == 0 else { continue }
      played.append(strategy)
      try withImages(scenario) { folder in
        for name in ["c1", "c3"] {
          let image = "\(folder)/images/\(name).core"
          let readelf = try shell("readelf -aW '\(image)'")
          #expect(readelf.status == 0, "\(strategy)")
          #expect(!readelf.output.lowercased().contains("warning"), "\(strategy)")
          let notes = try shell("eu-readelf -n '\(image)'")
          #expect(notes.status == 0 && notes.output.contains("PRSTATUS"), "\(strategy): \(notes.output)")
          #expect(try Command.run(["image", "gdb", image, "-o", "\(folder)/kernel"]).exitCode == 0)
          let commands = [
            "add-symbol-file \(folder)/kernel", "info threads", "p checkpoint.name", "p capability_slots[0]",
          ]
          let arguments = commands.map { "-ex '\($0)'" }.joined(separator: " ")
          let gdb = try shell(
            "gdb-multiarch -q -nx --batch \(arguments) '\(folder)/images/counter' '\(image)'")
          #expect(gdb.status == 0)
          #expect(gdb.output.contains("LWP 3") && gdb.output.contains("$1 = \"\(name)\""), "\(strategy): \(gdb.output)")
          #expect(gdb.output.contains("$2 = {slot = ") && !gdb.output.contains("warning"), "\(strategy): \(gdb.output)")
        }
      }
    }
    #expect(played.contains("stop-and-copy") && played.contains("incremental"))
  }
}
