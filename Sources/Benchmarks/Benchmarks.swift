import Determinism
import ELFFiles
import FiascoKernel
import FiascoMachine
import Genode
import Scenarios
import Simulation
import Glibc
@main struct Main {
  static func main() throws {
    let path = CommandLine.arguments[1]
    if path == "genode" {
      var children = [ChildConfiguration(name: "timer", program: .native(.timer), ramQuota: 1 << 20, provides: ["Timer"])]
      var files: [BootFile] = []
      for name in CommandLine.arguments.dropFirst(2) {
        var bytes: [UInt8] = []
        if name.hasSuffix(".json") {
          switch loadScenario(path: name) {
          case .success(let scenario):
            do { bytes = try compileComponent(scenario.components[0], of: scenario, options: CompilerOptions(kernel: .modern)).elf } catch { print(error); return }
          case .failure(let errors): print(errors); return
          }
        } else { bytes = try readFile(name) }
        files.append(.init(name: "c", bytes: bytes))
        children.append(ChildConfiguration(name: "c", program: .elf(rom: "c"), ramQuota: 8 << 20, priority: 100))
      }
      var system = System(booting: children, files: files, profile: .modern, platform: .riscvVirt)
      let exit = system.run(until: .zero + .seconds(5))
      for r in system.drainRecords() {
        if case .kernel(let e) = r.event { switch e { case .contextSwitched, .ipcStarted, .messageTransferred, .receiveBlocked, .senderQueued: continue; default: break } }
        print(r.at, r.event)
      }
      print(exit, system.now, String(decoding: system.node.kernel.console, as: UTF8.self))
      return
    }
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
