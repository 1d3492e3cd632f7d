import FiascoABI
import FiascoKernel
import FiascoMachine
import RISCV
import Simulation

/// Machine code of a root task that builds its world by system calls, as any program would have to.
///
/// Register s0 holds the root thread's UTCB. A refused call ends in an `ebreak`: the benchmark then sees no progress.
struct RootProgram {
  /// What a small world needs beside the slots that a root task starts with.
  enum Slot {
    static let task: UInt32 = 0x20
    static let gate: UInt32 = 0x21
    /// Threads stand in this slot and those behind it.
    static let firstThread: UInt32 = 0x100
  }

  /// UTCBs of the second task: 128 of them, at the end of its address space.
  static let utcbArea = FlexPage.memory(Kernel.userLimit - 1 << 17, order: 17, rights: .rw)
  static func utcb(_ thread: Int) -> UInt64 { utcbArea.address + UInt64(thread) * UTCB.size }

  static let base = Kernel.physicalBase
  private static let rootUTCB: UInt64 = 0x3f_ffff_0000

  var code = Assembler(base: Self.base)
  private var calls = 0

  /// Code and data of the second task come first, from label to label; `beginRoot` starts the root task's own code.
  mutating func beginRoot() {
    code.align(4096)
    code.label("root")
    code.li(.s0, Int64(Self.rootUTCB))
  }

  /// How much of memory it takes.
  var pages: Int { (code.bytes.count + 4095) / 4096 }

  /// The finished program as a machine that has not run yet.
  func boot(profile: KernelProfile = .modern, layout: MemoryLayout = MemoryLayout(), cores: Int = 1) -> System {
    do throws(AssemblyError) {
      let program = try code.assemble()
      guard let entry = program.address(of: "root") else { preconditionFailure("a root program has a root") }
      let image = BootImage(entry: entry, segments: [.init(address: program.base, bytes: program.bytes)])
      var system = System(booting: image, profile: profile, platform: .riscvVirt, layout: layout, cores: cores)
      system.node.keepsRecords = false
      return system
    } catch {
      preconditionFailure("a benchmark program does not assemble: \(error)")
    }
  }
}

// MARK: Calls to kernel objects

extension RootProgram {
  /// A call with untyped words and capabilities as typed items; what it creates goes to slot `into`.
  mutating func call(
    _ target: CapabilitySlot, _ label: Int64, _ words: [UInt64], capabilities: [UInt32] = [], into slot: UInt32 = 0
  ) {
    let items = capabilities.flatMap { [SendItem.map().raw, FlexPage.objects(CapabilitySlot($0)).raw] }
    for (index, word) in (words + items).enumerated() { store(word, at: index) }
    store(0, at: UTCB.bufferDescriptor)
    store(slot == 0 ? 0 : ReceiveBuffer.small(CapabilitySlot(slot)).raw, at: UTCB.bufferRegisters)
    store(0, at: UTCB.bufferRegisters + 1)
    systemCall(
      MessageTag(label: label, words: words.count, items: capabilities.count),
      ObjectReference(slot: target, operation: .call))
    calls += 1
    code.slli(.t0, .a0, 48)
    code.or(.t0, .t0, .a0)
    code.bgez(.t0, "accepted \(calls)")
    code.ebreak()
    code.label("accepted \(calls)")
  }

  mutating func systemCall(_ tag: MessageTag, _ target: ObjectReference, timeouts: IPCTimeouts = .never) {
    code.li(.a0, Int64(bitPattern: tag.raw))
    code.li(.a1, Int64(bitPattern: target.raw))
    code.li(.a2, Int64(bitPattern: timeouts.raw))
    code.li(.a3, 0)
    code.ecall()
  }

  /// The thread has nothing more to do.
  mutating func sleepForever() { systemCall(MessageTag(), .special(.receive)) }

  mutating func makeTask() {
    call(
      .factory, KernelProtocol.factory, [UInt64(bitPattern: KernelProtocol.task), 0, Self.utcbArea.raw], into: Slot.task
    )
  }

  /// A gate whose messages reach the root thread, or the thread in another slot.
  mutating func makeGate(to thread: UInt32) {
    call(.factory, KernelProtocol.factory, [0, 0, 0x1000], capabilities: [thread], into: Slot.gate)
  }

  /// Gives the second task the pages from one label to another, at the same addresses.
  mutating func mapMemory(pages: Int) {
    for page in 0..<pages {
      let address = Self.base + UInt64(page) * 4096
      map(SendItem.map(hotSpot: address), .memory(address, order: 12, rights: .rwx))
    }
  }

  /// Gives the second task a capability, in the same slot.
  mutating func mapCapability(_ slot: UInt32) {
    map(SendItem.map(hotSpot: CapabilitySlot(slot).selector), .objects(CapabilitySlot(slot)))
  }

  private mutating func map(_ item: SendItem, _ page: FlexPage) {
    call(CapabilitySlot(Slot.task), KernelProtocol.task, [Opcode.Task.map, item.raw, page.raw], capabilities: [1])
  }

  /// A thread of the second task with its own UTCB, pager `pager`, that is bound but does not run.
  mutating func makeThread(_ number: Int, pager: UInt32 = 0) {
    let slot = Slot.firstThread + UInt32(number)
    call(.factory, KernelProtocol.factory, [UInt64(bitPattern: KernelProtocol.thread)], into: slot)
    let selector = CapabilitySlot(pager).selector
    call(
      CapabilitySlot(slot), KernelProtocol.thread,
      [
        Opcode.Thread.control | ThreadControl.setPager | ThreadControl.setHandler | ThreadControl.bind, selector,
        selector, 0, 0, Self.utcb(number),
      ], capabilities: [Slot.task])
  }

  /// Starts thread `number`: `sp` is what it finds in its stack pointer.
  mutating func start(_ number: Int, at label: String, sp: UInt64 = 0, priority: UInt64, core: Int = 0) {
    let slot = Slot.firstThread + UInt32(number)
    call(
      .scheduler, KernelProtocol.scheduler, [Opcode.Scheduler.runThread, 0, 1 << UInt64(core), priority, 0],
      capabilities: [slot])
    store(Opcode.Thread.exchangeRegisters, at: 0)
    code.la(.t0, label)
    code.sd(.t0, 8, .s0)
    store(sp, at: 2)
    systemCall(
      MessageTag(label: KernelProtocol.thread, words: 3), ObjectReference(slot: CapabilitySlot(slot), operation: .call))
  }

  private mutating func store(_ value: UInt64, at word: Int) {
    code.li(.t0, Int64(bitPattern: value))
    code.sd(.t0, Int64(word) * 8, .s0)
  }
}
