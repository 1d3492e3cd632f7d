import Determinism
import ELFFiles
import FiascoABI
import RISCV

@testable import Scenarios

/// A hart with memory and nothing else: whoever runs it answers the traps.
final class TestMachine {
  var memory = PagedMemory(frames: 8192)
  var cache = TranslationCache()
  var hart = Hart()
  /// Virtual page to frame. Every page but the first is there as soon as it is touched.
  private var frames: [UInt64: Int] = [:]

  init(elf: [UInt8]) throws {
    for segment in try ExecutableImage(bytes: elf).segments {
      for (index, byte) in segment.fileBytes.enumerated() { storeByte(byte, at: segment.address + UInt64(index)) }
    }
  }

  private func frame(of address: UInt64) -> Int {
    let page = address >> 12
    if let frame = frames[page] { return frame }
    let frame = frames.count
    frames[page] = frame
    return frame
  }

  func load(_ address: UInt64) -> UInt64 {
    precondition(address % 8 == 0)
    return memory.load(frame: frame(of: address), offset: Int(address & 4095), as: UInt64.self)
  }

  func store(_ value: UInt64, at address: UInt64) {
    memory.store(value, frame: frame(of: address), offset: Int(address & 4095))
  }

  func storeByte(_ value: UInt8, at address: UInt64) {
    memory.store(value, frame: frame(of: address), offset: Int(address & 4095))
  }

  enum Stop: Equatable {
    case systemCall
    case work(nanoseconds: UInt64)
    case hint(kind: UInt64, operand: UInt64)
    case clock(Register)
    case fault(address: UInt64)
    case other(ExitReason)
  }

  /// Runs to the next trap. pc stands behind it, except for a fault.
  func run(_ registers: inout Registers) -> Stop {
    while true {
      let exit = hart.run(&registers, memory: &memory, cache: &cache, budget: 10_000_000)
      switch exit.reason {
      case .translationMiss(let address, let access):
        if address < 4096 { return .fault(address: address) }
        cache.fill(virtualPage: address >> 12, frame: frame(of: address), access: access, memory: &memory)
      case .bulk: break
      case .systemCall:
        registers.pc += 4
        return .systemCall
      case .work(let register, let nanoseconds):
        registers[register] = 0
        return .work(nanoseconds: nanoseconds)
      case .hint(let kind, let operand):
        registers.pc += 4
        return .hint(kind: kind, operand: operand)
      case .readCounter(let destination, .time):
        registers.pc += 4
        return .clock(destination)
      default: return .other(exit.reason)
      }
    }
  }
}

/// Compiles one function and runs it as the first instructions of a machine; gives what it returns.
func execute(
  _ arguments: [UInt64] = [], stackBase: UInt64 = 0x4000_0000, clobber: Bool = false,
  _ write: (ModuleBuilder) -> Void
) throws -> (result: UInt64, machine: TestMachine) {
  let program = linkForTest(write)
  let machine = try TestMachine(elf: program.elf)
  guard let start = program.symbols.first(where: { $0.name == "tested" }) else { throw TestFailure.noFunction }
  var registers = Registers(pc: start.address, sp: stackBase)
  registers.ra = 0
  registers.tp = 0x5000_0000
  for (index, argument) in arguments.enumerated() { registers[10 + index] = argument }
  // Returns to page 0, which is never there.
  guard case .fault(0) = machine.run(&registers) else { throw TestFailure.didNotReturn }
  return (registers.a0, machine)
}

enum TestFailure: Error { case noFunction, didNotReturn, noProgress }

func linkForTest(_ write: (ModuleBuilder) -> Void) -> CompiledProgram {
  let scenario = emptyScenario()
  let program = ProgramCompiler(scenario, options: CompilerOptions(kernel: .r67))
  write(program.module)
  program.module.zeroed("unused", bytes: 8)
  return program.link(entry: "tested", text: 0x0100_0000, data: 0x0200_0000)
}

func emptyScenario(_ components: [Component] = [], runtime: Scenarios.Runtime = .genode) -> Scenario {
  Scenario(
    file: "test.json", title: "test", about: nil,
    machine: MachineDescription(
      position: .start, platform: .builtIn("riscv-virt"), kernel: .r67, cores: 1, ram: nil, nodes: 1, link: nil,
      quirks: []),
    seed: 0, runtime: runtime, components: components, checkpointer: nil, timeline: [], expectations: [], limits: [])
}
