import Determinism
import FiascoABI
import Testing

@testable import FiascoKernel

/// Messages enter the program of a virtual processor wherever their senders live.
struct RemoteVirtualCPUTests {
  static let profiles = KernelProfile.Name.allCases
  /// Cores of the processor and of its sender. The first pair has one core to itself.
  static let placements = [(0, 0), (1, 1), (0, 1), (1, 0), (2, 1)]

  /// What a sender has learnt and what the program finds in its state area.
  private static func account(_ vcpu: VirtualProcessor, _ client: Actor, _ world: borrowing KernelWorld) -> String {
    let t = vcpu.actor.id
    let words = [
      VCPUState.flags, VCPUState.messageTag, VCPUState.messageLabel, VCPUState.stackPointer, VCPUState.userTask,
      VCPUState.registers + 2, VCPUState.registers + ExceptionMessage.instructionPointer,
      VCPUState.registers + ExceptionMessage.cause,
    ].map { String(world.kernel.vcpuWord(t, $0), radix: 16) }
    let registers = [2, 10].map { String(world.kernel.registers[t.slot][$0], radix: 16) }
    return [
      world.outcome(client), words.joined(separator: ":"), registers.joined(separator: ":"),
      vcpu.isEntered(world) ? "entered" : "outside", "owes \(world.kernel.threads[t.slot].caller == client.id)",
      String(world.kernel.messageWord(t, 1), radix: 16),
    ].joined(separator: " ")
  }

  private static func accounts(
    _ profile: KernelProfile.Name, _ steps: [Step], state: VCPUFlags, _ request: (CapabilitySlot) -> Step,
    between: (inout KernelWorld, VirtualProcessor) -> Void = { _, _ in }
  ) -> [String] {
    placements.map { home, senders in
      var world = KernelWorld(.named(profile), cores: home == 0 && senders == 0 ? 1 : 3)
      let vcpu = VirtualProcessor(&world, state: state, core: home, steps)
      world.sleep(milliseconds: 2)
      let client = world.thread(priority: 20, core: senders, [request(world.gate(vcpu.actor, label: 0x40))])
      world.sleep(milliseconds: 2)
      between(&world, vcpu)
      world.sleep(milliseconds: 8)
      return account(vcpu, client, world)
    }
  }

  @Test(arguments: profiles, [VCPUFlags(), .irqs, [.irqs, .exceptions], .pageFaults])
  func `a message enters the program wherever its sender lives`(_ profile: KernelProfile.Name, _ state: VCPUFlags) {
    for isCall in [false, true] {
      let accounts = Self.accounts(profile, [.spin], state: state) {
        .request($0, isCall ? .call : .send, timeouts: .sendZero)
      }
      for (account, place) in zip(accounts, Self.placements) { #expect(account == accounts[0], "\(place)") }
      #expect(accounts[0].contains(" entered") == state.contains(.irqs))
      #expect(accounts[0].hasPrefix("err2") == !state.contains(.irqs))
      #expect(accounts[0].contains("owes true") == (isCall && state.contains(.irqs)))
    }
  }

  @Test(arguments: profiles)
  func `the program answers a caller of another core`(_ profile: KernelProfile.Name) {
    let steps: [Step] = [.compute(.milliseconds(4)), .reply(.replyOnly, timeouts: .sendZero), .spin]
    let accounts = Self.accounts(profile, steps, state: .irqs) { .call($0) }
    for (account, place) in zip(accounts, Self.placements) { #expect(account == accounts[0], "\(place)") }
    #expect(accounts[0].hasPrefix("p85,w1,i0,m77"))
  }

  @Test(arguments: profiles)
  func `a sender of another core that queues is a sticky flag, and a resume takes its message`(
    _ profile: KernelProfile.Name
  ) {
    let steps: [Step] = [.compute(.milliseconds(8)), VirtualProcessor.resume(), .spin]
    var pending: [Bool] = []
    let accounts = Self.accounts(profile, steps, state: []) {
      .send($0)
    } between: { world, vcpu in
      pending.append(world.kernel.vcpuHasIRQPending(vcpu.actor.id))
      world.kernel.setVCPUState(vcpu.actor.id, [], saved: .irqs)
    }
    #expect(pending == Self.placements.map { _ in true })
    for (account, place) in zip(accounts, Self.placements) { #expect(account == accounts[0], "\(place)") }
    #expect(accounts[0].hasPrefix("p7,w2,i0") && accounts[0].contains(" entered"))
  }

  @Test(arguments: profiles, [false, true])
  func `a message or an interrupt of another core ends user mode`(_ profile: KernelProfile.Name, _ isIRQ: Bool) {
    var world = KernelWorld(.named(profile), cores: 2)
    let place = world.task()
    // The user task has one page, with a jump to itself.
    world.kernel.memory.store(0x6f as UInt32, frame: KernelWorld.kernelFrames, offset: 0)
    let page = FlexPage.memory(KernelWorld.window, order: 12, rights: .rwx).raw
    world.invoke(
      place.slot, KernelProtocol.task, [Opcode.Task.map, SendItem.map(hotSpot: 0x5000).raw, page],
      items: [.objects(.task)])
    let vcpu = VirtualProcessor(&world, core: 1, [VirtualProcessor.resume(), .spin])
    let (t, irq) = (vcpu.actor.id, world.irq(vcpu.actor, label: 0x880))
    world.kernel.setVCPUWord(t, VCPUState.userTask, place.slot.selector)
    world.kernel.setVCPUState(t, [], saved: .userMode)
    world.kernel.setVCPUWord(t, VCPUState.registers + ExceptionMessage.instructionPointer, 0x5000)
    world.sleep(milliseconds: 2)
    #expect(world.kernel.threads[t.slot].flags.contains(.vcpuUser))
    if isIRQ {
      world.raise(irq)
    } else {
      _ = world.thread(priority: 20, core: 0, [.send(vcpu.actor.slot, label: 0x880)])
    }
    world.sleep(milliseconds: 2)
    #expect(vcpu.isEntered(world) == true)
    #expect(vcpu.cause(world) == ExceptionCause.message)
    #expect(vcpu.saved(ExceptionMessage.instructionPointer, world) == 0x5000)
    #expect(world.kernel.vcpuWord(t, VCPUState.messageLabel) == 0x880)
    #expect(world.kernel.vcpuSavedState(t).contains(.userMode))
    #expect(world.kernel.registers[t.slot].sp == VirtualProcessor.stack)
    #expect(!world.kernel.threads[t.slot].flags.contains(.vcpuUser))
  }

  /// Before the request has arrived, when the answer is on its way, when the sender waits for a reply.
  @Test(arguments: profiles, 0..<8)
  func `a cancel of the sender at any moment leaves nobody waiting`(_ profile: KernelProfile.Name, _ moment: Int) {
    var world = KernelWorld(.named(profile), cores: 2)
    let vcpu = VirtualProcessor(&world, state: .irqs, core: 1)
    let client = world.thread(
      priority: 20, core: 0, [.compute(.microseconds(995)), .call(vcpu.actor.slot), .mark("on")])
    _ = world.thread(
      priority: 10, core: 0, [.compute(.microseconds(Int64(moment) * 5 + 1)), .cancel(client.slot), .mark("cancelled")])
    world.sleep(milliseconds: 4)
    #expect(world.order == "cancelled on")
    #expect(world.outcome(client) == "err7,p7,w2,i0")
    #expect(vcpu.isEntered(world) == true)
    #expect(world.kernel.allRequests.isEmpty)
  }
}
