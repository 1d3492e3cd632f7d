import FiascoABI
import FiascoMachine
import Testing

@testable import FiascoKernel

/// Threads that handle their own page faults.
struct FaultTrampolineTests {
  static let area: UInt64 = 0x10_8000
  static let handler = NativeWindow.range.lowerBound + 0x6000

  private func operate(_ world: inout KernelWorld, _ actor: Actor, _ words: [UInt64]) -> Int64 {
    world.invoke(actor.slot, KernelProtocol.thread, words)
  }

  private static func leave(_ operation: UInt64) -> Step {
    .call(
      SystemCall(
        tag: MessageTag(label: KernelProtocol.thread, words: 1), target: .special(.call),
        words: [Opcode.Thread.faultTrampoline | operation]))
  }

  @Test func `the operations answer as the table says`() {
    var world = KernelWorld(.modern)
    let thread = world.makeThread()
    let setup: UInt64 = 9, resume: UInt64 = 0x1_0009, reflect: UInt64 = 0x2_0009, disable: UInt64 = 0x3_0009
    let enable: UInt64 = 0x4_0009
    let cases: [([UInt64], Int64, UInt64?)] = [
      ([setup], -1001, nil), ([setup, Self.area, 0], -1002, nil), ([setup, 0x1000], -22, nil), ([setup, 0], -22, nil),
      ([enable], -22, nil), ([disable], 0, 0), ([disable, 0], -1002, nil), ([resume], -1, nil), ([reflect], -1, nil),
      ([resume, 0], -1002, nil), ([0x5_0009], -38, nil), ([setup, Self.area], 0, nil), ([disable], 0, 1),
      ([disable], 0, 0), ([enable], 0, nil), ([disable], 0, 1),
    ]
    for (words, answer, first) in cases {
      #expect(operate(&world, thread, words) == answer, "\(words)")
      if let first { #expect(world.kernel.messageWord(world.root, 0) == first, "\(words)") }
    }
    #expect(world.invoke(thread.slot, KernelProtocol.thread, [setup, Self.area], items: [.objects(.task)]) == -1002)
  }

  @Test func `the kernel of 2016 does not know them`() {
    var world = KernelWorld(.r67)
    let thread = world.makeThread()
    #expect(operate(&world, thread, [9, Self.area]) == -38)
  }

  @Test(arguments: [FaultTrampoline.resume, FaultTrampoline.reflect])
  func `a fault goes on in the thread's own handler, and from there back or to the exception handler`(
    _ operation: UInt64
  ) {
    var world = KernelWorld(.modern)
    let handler = world.thread(priority: 30, [.wait()])
    let gate = world.gate(handler, label: 0x600)
    let thread = world.makeThread(pager: gate, handler: gate)
    // The script goes on where the handler begins.
    world.append([.fault(0x40_0000, .load), Self.leave(operation), .spin], to: thread.id)
    #expect(operate(&world, thread, [9, Self.area]) == 0)
    let place = world.kernel.areas[Int(world.kernel.threads[thread.id.slot].areas)].trampoline
    world.kernel.setWord(place, FaultTrampoline.instructionPointer, Self.handler)
    world.kernel.setUTCBWord(thread.id, 0, 0xabc)
    world.start(thread, priority: 10)
    let start = world.kernel.registers[thread.id.slot].pc
    world.sleep(milliseconds: 1)
    #expect(world.kernel.word(place, FaultTrampoline.savedMessage) == 0xabc)
    #expect(world.kernel.word(place, FaultTrampoline.registers + ExceptionMessage.instructionPointer) == start)
    #expect(world.kernel.word(place, FaultTrampoline.registers + ExceptionMessage.value) == 0x40_0000)
    #expect(world.kernel.registers[thread.id.slot].pc == start)
    let reported = world.results(handler.id).first
    #expect((reported == nil) == (operation == FaultTrampoline.resume))
    if reported != nil {
      #expect(world.kernel.messageWord(handler.id, ExceptionMessage.cause) == ExceptionCause.loadPageFault)
      #expect(world.kernel.messageWord(handler.id, ExceptionMessage.value) == 0x40_0000)
    }
  }
}
