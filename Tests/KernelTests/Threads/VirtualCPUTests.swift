import FiascoABI
import Testing

@testable import FiascoKernel

/// Entries of a virtual processor into its program: messages, faults, exceptions, and what excludes what.
struct VirtualCPUTests {
  static let profiles = KernelProfile.Name.allCases

  @Test(arguments: profiles)
  func `only kernel-user memory of the thread's task is a state area`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    let bound = world.makeThread().slot
    let unbound = world.newSlot()
    world.create(KernelProtocol.thread, into: unbound)
    let area = VirtualProcessor.area
    let end = KernelWorld.utcbArea.address + 1 << UInt64(KernelWorld.utcbArea.order)
    let cases: [(CapabilitySlot, [UInt64], Int64)] = [
      (unbound, [7, area], -22), (bound, [7], -22), (bound, [7, 0], -22), (bound, [7, area + 4], -22),
      (bound, [7, 0x50_0000], -22), (bound, [7, end - VCPUState.bytes + 8], -22), (bound, [0x1_0007, area], -38),
      (bound, [0x1_0007], -22), (bound, [7, end - VCPUState.bytes], 0), (bound, [7, area + 4096 - 16], 0),
      (bound, [7, area], 0),
    ]
    for (slot, words, answer) in cases {
      #expect(world.invoke(slot, KernelProtocol.thread, words) == answer, "\(words)")
    }
  }

  @Test(arguments: profiles, [VCPUFlags(), .irqs, [.irqs, .exceptions], .pageFaults])
  func `a message comes at once if messages are let in, and queues otherwise`(
    _ profile: KernelProfile.Name, _ state: VCPUFlags
  ) {
    var world = KernelWorld(.named(profile))
    let vcpu = VirtualProcessor(&world, state: state)
    world.sleep(milliseconds: 2)
    let client = world.thread(priority: 20, [.call(world.gate(vcpu.actor, label: 0x40), timeouts: .sendZero)])
    world.sleep(milliseconds: 2)
    #expect(vcpu.isEntered(world) == state.contains(.irqs))
    guard state.contains(.irqs) else {
      #expect(world.outcome(client) == "err2,p0,w0,i0")
      return
    }
    #expect(vcpu.cause(world) == ExceptionCause.message)
    #expect(world.kernel.vcpuWord(vcpu.actor.id, VCPUState.messageTag) == MessageTag(label: 7, words: 2).raw)
    #expect(world.kernel.vcpuWord(vcpu.actor.id, VCPUState.messageLabel) == 0x43)
    #expect(world.kernel.messageWord(vcpu.actor.id, 1) == 0x12)
    #expect(world.kernel.vcpuSavedState(vcpu.actor.id) == state)
    #expect(world.kernel.vcpuState(vcpu.actor.id) == [])
    // It was interrupted in its own task: its stack goes on, and the caller can be answered.
    #expect(world.kernel.registers[vcpu.actor.id.slot].sp == 0x3330)
    #expect(vcpu.saved(2, world) == 0x3330)
    #expect(world.kernel.threads[vcpu.actor.id.slot].caller == client.id)
  }

  @Test(arguments: profiles)
  func `somebody in the queue is a sticky flag, and the next resume takes the message`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    let vcpu = VirtualProcessor(&world, [.compute(.milliseconds(5)), VirtualProcessor.resume(), .spin])
    world.sleep(milliseconds: 2)
    let gone = world.thread(priority: 20, [.send(vcpu.actor.slot)])
    world.sleep(milliseconds: 1)
    #expect(world.kernel.vcpuHasIRQPending(vcpu.actor.id) == true)
    world.cancel(gone)
    world.sleep(milliseconds: 1)
    #expect(world.kernel.vcpuHasIRQPending(vcpu.actor.id) == false)
    let client = world.thread(priority: 20, [.send(vcpu.actor.slot, label: 0x99)])
    world.kernel.setVCPUState(vcpu.actor.id, [], saved: .irqs)
    world.sleep(milliseconds: 10)
    #expect(world.outcome(client) == "p7,w2,i0,m11:12" || world.outcome(client) == "p7,w2,i0,L99,m11:12")
    #expect(vcpu.isEntered(world) == true)
    #expect(vcpu.cause(world) == ExceptionCause.message)
    #expect(world.kernel.vcpuWord(vcpu.actor.id, VCPUState.messageLabel) == 0x99)
    // The state is that of before: nothing was resumed.
    #expect(world.kernel.vcpuSavedState(vcpu.actor.id) == .irqs)
    #expect(world.kernel.vcpuHasIRQPending(vcpu.actor.id) == false)
  }

  @Test(arguments: profiles)
  func `an interrupt preempts nobody: the processor is entered when it is its turn`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    let vcpu = VirtualProcessor(&world, state: .irqs)
    let irq = world.irq(vcpu.actor, label: 0x880)
    world.sleep(milliseconds: 2)
    world.runThread(vcpu.actor, priority: 240)
    world.raise(irq)
    #expect(world.kernel.threads[vcpu.actor.id.slot].flags.contains(.upcall) == true)
    world.sleep(milliseconds: 2)
    #expect(vcpu.isEntered(world) == true)
    #expect(world.kernel.vcpuWord(vcpu.actor.id, VCPUState.messageLabel) == 0x880)
  }

  @Test(arguments: profiles, [true, false])
  func `a triggered exception and a message exclude each other: the message wins`(
    _ profile: KernelProfile.Name, _ triggerFirst: Bool
  ) {
    var world = KernelWorld(.named(profile))
    let vcpu = VirtualProcessor(&world, state: [.irqs, .exceptions])
    let irq = world.irq(vcpu.actor, label: 0x880)
    world.sleep(milliseconds: 2)
    if triggerFirst { world.trigger(vcpu.actor) }
    world.raise(irq)
    if !triggerFirst { world.trigger(vcpu.actor) }
    world.sleep(milliseconds: 2)
    #expect(vcpu.cause(world) == ExceptionCause.message)
    #expect(world.kernel.threads[vcpu.actor.id.slot].flags.contains(.triggered) == false)
  }

  @Test(arguments: profiles, [VCPUFlags.exceptions, .pageFaults])
  func `exceptions and faults are entries if they are let in`(_ profile: KernelProfile.Name, _ state: VCPUFlags) {
    for fault in [true, false] {
      var world = KernelWorld(.named(profile))
      let handler = world.thread(priority: 30, [.wait()])
      let gate = world.gate(handler, label: 0x600)
      let step: Step = fault ? .fault(0x40_0000, .store) : .trap(cause: 2, value: 0xbad)
      let vcpu = VirtualProcessor(&world, state: state, handler: gate, [step, .spin])
      world.sleep(milliseconds: 2)
      let isLetIn = state.contains(fault ? .pageFaults : .exceptions) || fault && state.contains(.exceptions)
      #expect(vcpu.isEntered(world) == isLetIn, "fault \(fault)")
      #expect(world.results(handler.id).isEmpty == isLetIn)
      guard isLetIn else { continue }
      #expect(vcpu.cause(world) == (fault ? ExceptionCause.storePageFault : 2))
      #expect(vcpu.saved(ExceptionMessage.value, world) == (fault ? 0x40_0000 : 0xbad))
      #expect(vcpu.saved(ExceptionMessage.instructionPointer, world) == 0x7000_1000)
    }
  }

  @Test(arguments: profiles)
  func `no message comes in while the kernel sends one for the thread`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    let handler = world.thread(priority: 30, [.wait(), .sleep(milliseconds: 4), .reply(.replyOnly)])
    let gate = world.gate(handler, label: 0x600)
    let vcpu = VirtualProcessor(&world, state: .irqs, handler: gate, [.trap(cause: 2, value: 0), .spin])
    world.sleep(milliseconds: 2)
    #expect(world.kernel.vcpuState(vcpu.actor.id) == [])
    let client = world.thread(priority: 20, [.send(vcpu.actor.slot, timeouts: .sendZero)])
    world.sleep(milliseconds: 1)
    #expect(world.outcome(client) == "err2,p0,w0,i0")
    world.sleep(milliseconds: 6)
    #expect(world.kernel.vcpuState(vcpu.actor.id) == .irqs)
  }
}
