import ArgumentParser
import CheckpointRestore
import ELFFiles
import Reports

struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect", abstract: "Show what a checkpoint image holds, or which images of a folder can be used.",
    discussion: """
      Threads with registers and the instructions around each instruction pointer, capabilities, regions. The image \
      is an ELF core file: gdb-multiarch, readelf and eu-readelf open it too. A damaged one is refused with a reason, \
      and so is an incremental one whose parents are not beside it. Of a folder the newest complete image is shown, \
      after a list of what is there and what is wrong with it.

      EXAMPLES
        stasis inspect images/c1.core
        stasis inspect images
        gdb-multiarch --batch -ex 'info threads' images/c1.core
      """)

  @Argument(
    help: "A checkpoint image written by 'stasis run --image-dir', or that folder.",
    completion: .file(extensions: ["core"]))
  var image: String

  @Option(help: "The component's program; without it the file beside the image is taken.", completion: .file())
  var program: String?

  @Flag(help: "Print the image as JSON.")
  var json = false

  func run() throws {
    if isFolder(image) { return try inspectFolder() }
    try show(told(image) { () throws(ELFError) in try readCore(image) }, in: parent(of: image))
  }

  private func inspectFolder() throws {
    let folder = try told(image) { () throws(ELFError) in try CoreFolder(image) }
    let list = FolderReport.text(of: folder, style: Terminal.style)
    guard let newest = folder.newest, case .success(let content) = folder.entries[newest].image else {
      if !folder.entries.isEmpty { Terminal.error(list) }
      throw Failure.badInput("\(image): there is no complete image in this folder")
    }
    // What is wrong with newer images is no part of the document.
    if json { Terminal.error(folder.entries.count > 1 ? list : "") } else { Terminal.write(list + "\n") }
    try show(content, in: image.hasSuffix("/") ? image : image + "/")
  }

  private func show(_ content: CheckpointImage, in folder: String) throws {
    guard !json else { return Terminal.write(ImageReport.document(of: content)) }
    Terminal.write(
      ImageReport.text(of: content, program: try executable(of: content, in: folder), style: Terminal.style))
  }

  /// The program that was named; or the one `run` put beside the image, if it is still there.
  private func executable(of image: CheckpointImage, in folder: String) throws -> ExecutableImage? {
    if let program {
      do { return try ExecutableImage(bytes: readFile(program)) } catch {
        throw Failure.badInput("\(program): \(error)")
      }
    }
    guard let bytes = try? readFile("\(folder)\(image.programName)") else { return nil }
    return try? ExecutableImage(bytes: bytes)
  }

  private func parent(of path: String) -> String {
    path.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(path[...$0]) } ?? ""
  }
}
