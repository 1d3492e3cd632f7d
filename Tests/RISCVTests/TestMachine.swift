import Determinism
import RISCV

/// One hart with memory mapped one to one and rights for each page: what the tests need of a kernel.
struct TestMachine: ~Copyable {
  var memory: PagedMemory
  var cache = TranslationCache()
  var hart = Hart()
  var registers = Registers()
  /// By page number; nothing is mapped beyond.
  var rights: [MemoryAccess]
  /// Translations filled so far.
  var fills = 0

  init(pages: Int, rights: MemoryAccess = [.read, .write, .execute]) {
    memory = PagedMemory(frames: pages)
    self.rights = Array(repeating: rights, count: pages)
  }

  /// Writes bytes as a loader would: through the memory, not through the hart.
  mutating func load(_ bytes: [UInt8], at address: UInt64) {
    for (index, byte) in bytes.enumerated() {
      let place = Int(address) + index
      memory.store(byte, frame: place / 4096, offset: place % 4096)
    }
  }

  mutating func load(_ program: AssembledProgram) {
    load(program.bytes, at: program.base)
    registers.pc = program.base
  }

  func bytes(_ range: Range<UInt64>) -> [UInt8] {
    range.map { memory.load(frame: Int($0) / 4096, offset: Int($0) % 4096, as: UInt8.self) }
  }

  func double(_ address: UInt64) -> UInt64 {
    bytes(address..<(address + 8)).reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// Runs up to the next exit that is no miss of a mapped page.
  mutating func run(budget: UInt64 = 10_000_000) -> HartExit {
    resolving(budget) { machine, left in
      machine.hart.run(&machine.registers, memory: &machine.memory, cache: &machine.cache, budget: left)
    }
  }

  /// The same with the floating-point unit on.
  mutating func run(float: inout FloatRegisters, budget: UInt64 = 10_000_000) -> HartExit {
    resolving(budget) { machine, left in
      machine.hart.run(&machine.registers, &float, memory: &machine.memory, cache: &machine.cache, budget: left)
    }
  }

  private mutating func resolving(_ budget: UInt64, _ run: (inout TestMachine, UInt64) -> HartExit) -> HartExit {
    var retired: UInt64 = 0
    while true {
      var exit = run(&self, budget - retired)
      retired += exit.retired
      exit.retired = retired
      guard case .translationMiss(let address, let access) = exit.reason else { return exit }
      let page = address / 4096
      guard page < UInt64(rights.count), rights[Int(page)].contains(access) else { return exit }
      cache.fill(virtualPage: page, frame: Int(page), access: access, memory: &memory)
      fills += 1
    }
  }
}

/// Assembles or records an issue.
func assembled(at base: UInt64 = 0x1000, _ build: (inout Assembler) -> Void) throws -> AssembledProgram {
  var assembler = Assembler(base: base)
  build(&assembler)
  return try assembler.assemble()
}
