import FiascoABI
import Testing

@testable import FiascoKernel

/// The handler reads and writes the whole register set. Ids are those of the golden cases.
struct ExceptionTests {
  static let profiles = KernelProfile.Name.allCases

  static func answer(words: Int, label: Int64 = 0, _ change: (inout [UInt64]) -> Void = { _ in }) -> Step {
    var registers = [UInt64](repeating: 0, count: 37)
    for number in 1..<32 { registers[number] = 0x1000 + UInt64(number) }
    registers[ExceptionMessage.instructionPointer] = 0x7000_9000
    change(&registers)
    return .call(
      SystemCall(
        tag: MessageTag(label: label, words: words), target: .special(.replyAndWait),
        words: Array(registers.prefix(words))))
  }

  @Test(arguments: profiles)
  func `the message holds the registers, and the faulter's own words stay`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    let handler = world.thread(priority: 30, [.wait()])
    let gate = world.gate(handler, label: 0x600)
    let faulter = world.makeThread(handler: gate)
    world.append([.trap(cause: 2, value: 0xdead)], to: faulter.id)
    world.start(faulter, priority: 10)
    for index in 0..<63 { world.kernel.setUTCBWord(faulter.id, index, 0x500 + UInt64(index)) }
    for number in 1..<32 { world.kernel.registers[faulter.id.slot][number] = 0x2000 + UInt64(number) }
    world.sleep(milliseconds: 2)
    let message = world.results(handler.id)[0]
    #expect(message.tag == MessageTag(label: -5, words: 37, flags: .transferFPU))
    #expect(message.label == 0x603)
    for number in 1..<32 { #expect(world.kernel.messageWord(handler.id, number) == 0x2000 + UInt64(number)) }
    #expect(world.kernel.messageWord(handler.id, ExceptionMessage.instructionPointer) == 0x7000_1000)
    #expect(world.kernel.messageWord(handler.id, ExceptionMessage.cause) == 2)
    #expect(world.kernel.messageWord(handler.id, ExceptionMessage.value) == 0xdead)
    for index in 0..<63 { #expect(world.kernel.utcbWord(faulter.id, index) == 0x500 + UInt64(index)) }
  }

  @Test(arguments: profiles, [0, 1, 36, 37])
  func `only a full answer changes the registers`(_ profile: KernelProfile.Name, _ words: Int) {
    var world = KernelWorld(.named(profile))
    let handler = world.thread(priority: 30, [.wait(), Self.answer(words: words)])
    let faulter = world.thread(
      priority: 10, handler: world.gate(handler, label: 0x600), [.trap(cause: 2, value: 0), .spin])
    world.kernel.registers[faulter.id.slot][8] = 0x77
    world.sleep(milliseconds: 2)
    let registers = world.kernel.registers[faulter.id.slot]
    #expect(registers[8] == (words == 37 ? 0x1008 : 0x77))
    #expect(registers.pc == (words == 37 ? 0x7000_9000 : 0x7000_1000))
    #expect(!world.kernel.threads[faulter.id.slot].flags.contains(.inException))
  }

  @Test(arguments: profiles)
  func `a stopped thread's buffers are the kernel's until it goes on`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    let handler = world.thread(priority: 30, [.wait(), .sleep(milliseconds: 3), Self.answer(words: 0)])
    let faulter = world.makeThread(handler: world.gate(handler, label: 0x600))
    world.append([.trap(cause: 2, value: 0), .spin], to: faulter.id)
    let buffers = [UTCB.bufferDescriptor, UTCB.bufferRegisters, UTCB.bufferRegisters + 1, UTCB.bufferRegisters + 2]
    for register in buffers { world.kernel.setUTCBWord(faulter.id, register, UInt64(register)) }
    world.start(faulter, priority: 10)
    world.sleep(milliseconds: 2)
    #expect(buffers.map { world.kernel.utcbWord(faulter.id, $0) } == [1 << 24, 8, 0xfc0, 67])
    world.sleep(milliseconds: 4)
    #expect(buffers.map { world.kernel.utcbWord(faulter.id, $0) } == buffers.map { UInt64($0) })
  }

  @Test(arguments: profiles)
  func `G59 a cancel ends an unanswered exception, and its late answer reaches nobody`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    let handler = world.thread(
      priority: 30, [.wait(), .sleep(milliseconds: 5), .reply(.replyOnly, timeouts: .zero)])
    let faulter = world.thread(
      priority: 10, handler: world.gate(handler, label: 0x600), [.trap(cause: 2, value: 0), .spin])
    world.sleep(milliseconds: 2)
    world.cancel(faulter)
    world.sleep(milliseconds: 10)
    #expect(!world.kernel.threads[faulter.id.slot].flags.contains(.inException))
    #expect(world.outcome(handler, 2) == (profile == .modern ? "err4,p0,w0,i0" : "err2,p0,w0,i0"))
  }

  @Test(arguments: profiles)
  func `without a handler a thread that traps sleeps until it is cancelled`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    let faulter = world.thread(
      priority: 10, handler: CapabilitySlot(0x99), [.trap(cause: 2, value: 0), .mark("again"), .spin])
    world.sleep(milliseconds: 2)
    #expect(world.kernel.threads[faulter.id.slot].continuation == .stranded)
    #expect(world.order == "")
    world.cancel(faulter)
    world.sleep(milliseconds: 1)
    #expect(world.order == "again")
  }

  @Test(arguments: profiles)
  func `an alien's system calls are announced, permitted and reported`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    let handler = world.thread(
      priority: 30, [.wait(), Self.answer(words: 0, label: 1), Self.answer(words: 0)])
    let alien = world.makeThread(handler: world.gate(handler, label: 0x600))
    world.control(alien, ThreadControl.alien)
    world.append([.sleep(milliseconds: 1), .mark("slept")], to: alien.id)
    world.start(alien, priority: 10)
    world.sleep(milliseconds: 1)
    #expect(world.results(handler.id).count == 1)
    #expect(world.kernel.messageWord(handler.id, ExceptionMessage.cause) == ExceptionCause.systemCall)
    world.sleep(milliseconds: 2)
    #expect(world.kernel.messageWord(handler.id, ExceptionMessage.cause) == ExceptionCause.systemCall)
    #expect(world.results(handler.id).count == 3)
    #expect(world.order == "slept")
    #expect(world.outcome(alien) == "err3,p0,w0,i0")
  }
}
