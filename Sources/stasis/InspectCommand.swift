import ArgumentParser
import CheckpointRestore
import ELFFiles
import Reports

struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect", abstract: "Show what a checkpoint image holds.",
    discussion: """
      Threads with registers and the instructions around each instruction pointer, capabilities, regions. The image \
      is an ELF core file: gdb-multiarch, readelf and eu-readelf open it too. A damaged one is refused with a reason.

      EXAMPLES
        stasis inspect images/c1.core
        gdb-multiarch --batch -ex 'info threads' images/c1.core
      """)

  @Argument(help: "A checkpoint image written by 'stasis run --image-dir'.", completion: .file(extensions: ["core"]))
  var image: String

  @Option(help: "The component's program; without it the file beside the image is taken.", completion: .file())
  var program: String?

  @Flag(help: "Print the image as JSON.")
  var json = false

  func run() throws {
    let content: CheckpointImage
    do { content = try readCore(image) } catch { throw Failure.badInput("\(image): \(error)") }
    guard !json else { return Terminal.write(ImageReport.document(of: content)) }
    Terminal.write(ImageReport.text(of: content, program: try executable(of: content), style: Terminal.style))
  }

  /// The program that was named; or the one `run` put beside the image, if it is still there.
  private func executable(of image: CheckpointImage) throws -> ExecutableImage? {
    if let program {
      do { return try ExecutableImage(bytes: readFile(program)) } catch {
        throw Failure.badInput("\(program): \(error)")
      }
    }
    let folder = self.image.utf8.lastIndex(of: UInt8(ascii: "/")).map { self.image[...$0] } ?? ""
    guard let bytes = try? readFile("\(folder)\(image.componentName)") else { return nil }
    return try? ExecutableImage(bytes: bytes)
  }
}
