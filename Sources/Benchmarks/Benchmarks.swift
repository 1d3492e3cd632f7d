import Determinism
import ELFFiles
import FiascoKernel
import FiascoMachine
import Scenarios
import Simulation
import Glibc
@main struct Main {
  static func main() throws {
    let path = CommandLine.arguments[1]
    var system = bootedSystem(executable: try ExecutableImage(bytes: try readFile(path)), profile: CommandLine.arguments.count > 2 ? .r67 : .modern, platform: .riscvVirt)
    system.node.keepsRecords = false
    for _ in 0..<600 {
      let exit = system.run(until: system.now + .milliseconds(100))
      let text = String(decoding: system.node.kernel.console, as: UTF8.self)
      system.node.kernel.console.removeAll()
      print(text, terminator: "")
      if text.contains("END ") { break }
      if exit != .reached { print("exit", exit); break }
    }
  }
}
