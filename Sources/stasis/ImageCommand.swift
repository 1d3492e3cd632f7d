import ArgumentParser
import CheckpointRestore
import ELFFiles

struct ImageCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "image", abstract: "Turn checkpoint images into something else.",
    discussion: """
      EXAMPLES
        stasis image flatten images/c3.core -o whole.core
        stasis image export images/c1.core -o c1.json
        stasis image import c1.json -o again.core
        stasis image gdb images/c1.core -o c1.kernel
        gdb-multiarch --batch -ex 'p kernel_threads' -ex 'p capability_slots' c1.kernel images/c1.core
      """, subcommands: [Flatten.self, Export.self, Import.self, Debugger.self])

  /// Where the result goes; every subcommand writes one file.
  struct Output: ParsableArguments {
    @Option(name: .shortAndLong, help: "The file to write; it appears complete or not at all.", completion: .file())
    var output: String
  }

  struct Flatten: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make one full image of an incremental one and its parents.",
      discussion: "The parents are looked for in the folder of the image, by their digests.")

    @Argument(help: "A checkpoint image.", completion: .file(extensions: ["core"]))
    var image: String

    @OptionGroup var target: Output

    func run() throws {
      try told(image) { () throws(ELFError) in
        let core = try readCoreFile(image)
        let whole = try readCore(core, at: image).flattened()
        try writeCore(CoreFile(image: whole, machineFlags: core.machineFlags), to: target.output)
      }
    }
  }

  struct Export: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Write an image as JSON that 'import' makes the same file of again.",
      discussion: "An incremental image stays one: its parent is named, not included.")

    @Argument(help: "A checkpoint image.", completion: .file(extensions: ["core"]))
    var image: String

    @OptionGroup var target: Output

    func run() throws {
      try told(image) { () throws(ELFError) in
        try replaceFile(target.output, with: CoreDocument(readCoreFile(image)).json())
      }
    }
  }

  struct Import: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make an image of what 'export' wrote, changed or not.",
      discussion: "Checksums and digest are made anew; an image that contradicts itself is refused.")

    @Argument(help: "A document written by 'stasis image export'.", completion: .file(extensions: ["json"]))
    var document: String

    @OptionGroup var target: Output

    func run() throws {
      try told(document) { () throws(ELFError) in
        // Base 64 and indentation take more room than the image itself.
        let json = try readFile(document, limit: 4 * ELFLimits.standard.fileBytes)
        try writeCore(CoreDocument(json: json).core(), to: target.output)
      }
    }
  }

  struct Debugger: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "gdb", abstract: "Write a companion file that lets gdb-multiarch print kernel objects.",
      discussion: """
        The companion holds names and types of what is in the image about the kernel: checkpoint, kernel_threads, \
        kernel_objects, ipc_in_flight, capability_slots. It belongs to this image only.

        EXAMPLES
          stasis image gdb images/c1.core -o c1.kernel
          gdb-multiarch -ex 'add-symbol-file c1.kernel' images/sheep_counter images/c1.core
        """)

    @Argument(help: "A checkpoint image.", completion: .file(extensions: ["core"]))
    var image: String

    @OptionGroup var target: Output

    func run() throws {
      try told(image) { () throws(ELFError) in try writeCompanion(of: readCoreFile(image), to: target.output) }
    }
  }
}

/// What is wrong with a file, after its name.
func told<Result>(_ path: String, _ body: () throws(ELFError) -> Result) throws -> Result {
  do {
    return try body()
  } catch {
    // The operating system's refusals name their file themselves.
    if case .file = error { throw Failure.badInput("\(error)") }
    if case .notARegularFile = error { throw Failure.badInput("\(error)") }
    throw Failure.badInput("\(path): \(error)")
  }
}
