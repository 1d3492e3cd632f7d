import FiascoABI
import FiascoMachine

@testable import FiascoKernel

/// A thread with a virtual processor that spins in its own task, below the test's other threads.
struct VirtualProcessor {
  static let area: UInt64 = 0x10_8000
  static let entry = NativeWindow.range.lowerBound + 0x5000
  static let stack: UInt64 = 0x4440
  let actor: Actor

  init(
    _ world: inout KernelWorld, state: VCPUFlags = [], handler: CapabilitySlot = .pager, core: Int = 0,
    _ steps: [Step] = [.spin]
  ) {
    actor = world.makeThread(handler: handler)
    world.append(steps, to: actor.id)
    world.invoke(actor.slot, KernelProtocol.thread, [Opcode.Thread.vcpuControl, Self.area])
    world.kernel.setVCPUWord(actor.id, VCPUState.entryInstructionPointer, Self.entry)
    world.kernel.setVCPUWord(actor.id, VCPUState.entryStackPointer, Self.stack)
    world.kernel.setVCPUWord(actor.id, VCPUState.userTask, ObjectReference.invalidSelector)
    world.kernel.setVCPUState(actor.id, state)
    world.start(actor, priority: 10, core: core)
    world.kernel.registers[actor.id.slot].sp = 0x3330
  }

  /// Word of the register set in the state area.
  func saved(_ number: Int, _ world: borrowing KernelWorld) -> UInt64 {
    world.kernel.vcpuWord(actor.id, VCPUState.registers + number)
  }

  func cause(_ world: borrowing KernelWorld) -> UInt64 { saved(ExceptionMessage.cause, world) }

  /// Whether the program was entered: it has the state area as its argument.
  func isEntered(_ world: borrowing KernelWorld) -> Bool {
    world.kernel.registers[actor.id.slot].a0 == Self.area
  }

  /// Resumes in `task` with these flags, as the processor's own program would.
  static func resume() -> Step {
    .call(
      SystemCall(
        tag: MessageTag(label: KernelProtocol.thread, words: 1), target: .special(.call),
        words: [Opcode.Thread.vcpuResume]))
  }
}
