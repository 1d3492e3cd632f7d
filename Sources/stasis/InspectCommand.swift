import ArgumentParser
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

  @Flag(help: "Print the image as JSON.")
  var json = false

  func run() throws {
    do {
      let image = try readCore(image)
      Terminal.write(json ? ImageReport.document(of: image) : ImageReport.text(of: image, style: Terminal.style))
    } catch {
      throw Failure.badInput("\(image): \(error)")
    }
  }
}
