import CheckpointRestore
import Testing

@testable import ELFFiles

/// Kernel objects and capability slots in a debugger that knows nothing of us.
@Suite struct CompanionTests {
  let scratch = Scratch()

  private func files(_ image: CheckpointImage = Sample.image()) throws -> (companion: String, core: String) {
    let core = CoreFile(image: image)
    try writeCore(core, to: scratch.file("core"))
    try writeCompanion(of: core, to: scratch.file("core.kernel"))
    return (scratch.file("core.kernel"), scratch.file("core"))
  }

  private func debugger(_ commands: [String], _ files: (companion: String, core: String)) -> String {
    let arguments = (["set print repeats 0", "set print elements 0", "set print null-stop on"] + commands)
      .map { "-ex '\($0)'" }.joined(separator: " ")
    return Tool.run("gdb-multiarch -q -nx --batch \(arguments) '\(files.companion)' '\(files.core)'").output
  }

  @Test(.enabled(if: Tool.exists("gdb-multiarch"), "gdb-multiarch is not installed"))
  func `every capability slot, thread and object is printed with its values`() throws {
    var image = Sample.image()
    image.capabilities = (0..<40).map {
      CapabilityImage(slot: 0x200 + $0, badge: $0 * 0x1_0000_0001, kind: "kind-\($0)")
    }
    image.name = "c1"
    let files = try files(image)
    func printed(_ commands: [String]) -> [String] {
      debugger(commands, files).split(separator: "\n").filter { $0.hasPrefix("$") }.map {
        String($0.drop { $0 != "=" }.dropFirst(2))
      }
    }
    let indices = image.capabilities.indices
    #expect(
      printed(indices.map { "p/x capability_slots[\($0)].slot" })
        == image.capabilities.map { "0x" + String($0.slot, radix: 16) })
    #expect(
      printed(indices.map { "p/x capability_slots[\($0)].badge" })
        == image.capabilities.map { "0x" + String($0.badge, radix: 16) })
    #expect(
      printed(indices.map { "p capability_slots[\($0)].kind" }) == image.capabilities.map { "\"\($0.kind)\"" })
    #expect(
      printed(image.threads.indices.map { "p kernel_threads[\($0)].name" }) == ["\"ep\"", "\"signal\"", "\"later\""])
    #expect(
      printed(image.threads.indices.map { "p kernel_threads[\($0)].situation" })
        == image.threads.map { "situation_\($0.situation.rawValue)" })
    let objects = image.kernelObjects
    #expect(
      printed(objects.indices.map { "p kernel_objects[\($0)].kind" }) == objects.map { "object_\($0.kind.rawValue)" })
    #expect(printed(objects.indices.map { "p kernel_objects[\($0)].name" }) == objects.map { "\"\($0.name)\"" })
    #expect(
      printed([
        "p checkpoint.name", "p checkpoint.capabilities", "p sizeof(capability_slots)/sizeof(capability_slots[0])",
      ])
        == ["\"c1\"", "40", "40"])
    #expect(printed(["p ipc_in_flight[0].phase"]) == ["situation_replyAndWait"])
  }

  @Test(.enabled(if: Tool.exists("gdb-multiarch"), "gdb-multiarch is not installed"))
  func `beside the program the debugger shows both without a warning`() throws {
    try replaceFile(scratch.file("sheep_counter"), with: elfExecutable(Sample.parts))
    let files = try files()
    let commands = [
      "add-symbol-file \(files.companion)", "p kernel_threads[0].pc", "info symbol capability_slots", "bt",
    ]
    let arguments = commands.map { "-ex '\($0)'" }.joined(separator: " ")
    let result = Tool.run(
      "gdb-multiarch -q -nx --batch \(arguments) '\(scratch.file("sheep_counter"))' '\(files.core)'")
    #expect(result.output.contains("$1 = 65556"), "\(result.output)")
    #expect(result.output.contains("capability_slots in section .capabilities"))
    #expect(result.output.contains("in work ()"))
    #expect(!result.output.lowercased().contains("warning"))
  }

  @Test(.enabled(if: Tool.exists("readelf") && Tool.exists("eu-readelf"), "readelf or eu-readelf is not installed"))
  func `readers of debug information have no complaint`() throws {
    let companion = try files().companion
    for command in ["readelf -aW", "readelf --debug-dump=info,abbrev", "eu-readelf -a", "eu-readelf --debug-dump=info"]
    {
      let result = Tool.run("\(command) '\(companion)'")
      #expect(result.status == 0, "\(command): \(result.output)")
      let text = result.output.lowercased()
      #expect(!text.contains("warning") && !text.contains("invalid"), "\(command): \(result.output)")
    }
    let debug = Tool.run("eu-readelf --debug-dump=info '\(companion)'").output
    #expect(debug.contains("capability_slots") && debug.contains("situation_replyAndWait"))
  }

  @Test func `an image without anything has a companion, too`() throws {
    let image = CheckpointImage(componentName: "empty")
    #expect(try !companionBytes(of: CoreFile(image: image)).isEmpty)
    #expect(try readCore(bytes: coreBytes(image, executable: nil)) == image)
  }

  @Test func `names that are too long are cut, with the closing zero`() {
    var bytes: [UInt8] = []
    DebugStructure.capability.append(
      [.number(1), .number(2), .text(String(repeating: "x", count: 99))], to: &bytes)
    #expect(bytes.count == DebugStructure.capability.size)
    #expect(bytes[16..<39].allSatisfy { $0 == 0x78 } && bytes[39] == 0)
  }
}
