import FiascoABI
import Testing

@testable import FiascoKernel

/// Labels, rights, binding. Ids are those of the golden cases.
struct GateTests {
  static let profiles = KernelProfile.Name.allCases

  @Test(arguments: profiles, 0...3 as ClosedRange<UInt64>)
  func `G02 a message through a gate bears its label and the rights of the capability`(
    _ profile: KernelProfile.Name, _ rights: UInt64
  ) {
    var world = KernelWorld(.named(profile))
    let server = world.thread(priority: 20, [.wait()])
    let gate = world.copy(world.gate(server, label: 0x100), rights: [.read, ObjectRights(rawValue: rights)])
    _ = world.thread(priority: 10, [.call(gate)])
    world.sleep(milliseconds: 1)
    #expect(world.results(server.id).map(\.label) == [0x100 | rights])
  }

  @Test(arguments: profiles)
  func `G30 a call to an unbound gate waits for the binding`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    let gate = world.gate(nil)
    let hasty = world.thread(priority: 10, [.call(gate, timeouts: .sendZero)])
    let limited = world.thread(priority: 10, [.call(gate, timeouts: .send(milliseconds: 2))])
    let patient = world.thread(priority: 10, [.call(gate)])
    world.sleep(milliseconds: 4)
    #expect(world.outcome(hasty) == "err2,p0,w0,i0")
    #expect(world.outcome(limited) == "err2,p0,w0,i0")
    #expect(world.outcome(patient) == "pending")
    let server = world.thread(priority: 20, [.wait(), .reply()])
    #expect(world.bind(gate, to: server, label: 0x80) == 0)
    world.sleep(milliseconds: 1)
    #expect(world.outcome(server) == "p7,w2,i0,L83,m11:12")
    #expect(world.outcome(patient) == "p85,w1,i0,m77")
  }

  @Test(arguments: profiles)
  func `G31 a binding wakes the waiters in the order of their priorities`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    let gate = world.gate(nil)
    for (label, priority) in [(1, 5), (2, 9), (3, 7)] as [(UInt64, UInt64)] {
      _ = world.thread(priority: priority, [.request(gate, .send, words: [label])])
      world.sleep(milliseconds: 1)
    }
    let server = world.thread(priority: 20, [.sleep(milliseconds: 2), .wait(), .wait(), .wait()])
    world.bind(gate, to: server, label: 0x80)
    world.sleep(milliseconds: 5)
    #expect(world.results(server.id).dropFirst().map { $0.words[0] } == [2, 3, 1])
  }

  @Test(arguments: profiles)
  func `G32 deleting an unbound gate ends the wait at it`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    let gate = world.gate(nil)
    let client = world.thread(priority: 10, [.call(gate)])
    world.sleep(milliseconds: 1)
    world.drop(gate)
    world.sleep(milliseconds: 1)
    #expect(world.outcome(client) == "err4,p0,w0,i0")
  }

  @Test(arguments: profiles)
  func `G33 a message that is queued outlives its gate`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    let server = world.thread(priority: 20, [.sleep(milliseconds: 4), .wait()])
    let gate = world.gate(server, label: 0x40)
    let client = world.thread(priority: 10, [.send(gate), .send(gate)])
    world.sleep(milliseconds: 1)
    world.drop(gate)
    world.sleep(milliseconds: 5)
    #expect(world.outcome(server, 1) == "p7,w2,i0,L43,m11:12")
    #expect(world.outcome(client, 1) == "err4,p0,w0,i0")
  }

  @Test(arguments: [(KernelProfile.Name.r67, "err4,p0,w0,i0"), (.modern, "err6,p0,w0,i0")])
  func `G34 a cancel at an unbound gate is noticed today only`(_ profile: KernelProfile.Name, _ result: String) {
    var world = KernelWorld(.named(profile))
    let client = world.thread(priority: 10, [.call(world.gate(nil))])
    world.sleep(milliseconds: 1)
    world.cancel(client)
    world.sleep(milliseconds: 1)
    #expect(world.outcome(client) == result)
  }

  @Test(arguments: [(KernelProfile.Name.r67, 0 as Int64), (.modern, -22)])
  func `G35 the low bits of a label are refused today and mixed with rights in profile r67`(
    _ profile: KernelProfile.Name, _ answer: Int64
  ) {
    var world = KernelWorld(.named(profile))
    let server = world.thread(priority: 20, [.wait()])
    let gate = world.gate(nil)
    #expect(world.bind(gate, to: server, label: 0x101) == answer)
    _ = world.thread(priority: 10, [.call(gate, timeouts: .sendZero)])
    world.sleep(milliseconds: 1)
    #expect(world.results(server.id).map(\.label) == (answer == 0 ? [0x103] : []))
  }

  @Test(arguments: profiles)
  func `G36 only the server right opens a gate's own interface`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    let server = world.thread(priority: 20, [.wait(timeouts: .receive(milliseconds: 5))])
    let gate = world.gate(server, label: 0x140)
    world.sleep(milliseconds: 1)
    #expect(world.invoke(gate, KernelProtocol.kernelObject, [Opcode.Gate.info]) == 0)
    #expect(world.kernel.messageWord(world.root, 0) == 0x140)
    let plain = world.copy(gate, rights: .rws)
    _ = world.thread(
      priority: 10,
      [
        .call(
          SystemCall(
            tag: MessageTag(label: KernelProtocol.kernelObject, words: 1),
            target: ObjectReference(slot: plain, operation: .send), words: [Opcode.Gate.info]))
      ])
    world.sleep(milliseconds: 1)
    #expect(world.outcome(server) == "p-10,w1,i0,L143,m11")
  }

  @Test(arguments: profiles)
  func `G37 a gate to a thread one has no right to is not made`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    let server = world.makeThread()
    let weak = world.copy(server.slot, rights: [.read, .write])
    let slot = world.newSlot()
    #expect(world.create(0, into: slot, [0, 0x40], items: [.objects(weak)]) == -1)
    #expect(world.kernel.capability(of: TaskID(0), at: UInt64(slot.index)) == nil)
  }

  @Test(arguments: profiles)
  func `G38 a gate to a dead thread leads nowhere`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    let server = world.thread(priority: 20, [.wait()])
    let gate = world.gate(server, label: 0x40)
    world.sleep(milliseconds: 1)
    world.drop(server.slot)
    world.sleep(milliseconds: 1)
    let client = world.thread(priority: 10, [.call(gate)])
    world.sleep(milliseconds: 1)
    #expect(world.outcome(client) == "err4,p0,w0,i0")
    // The control block goes with the last gate.
    #expect(world.kernel.threads.contains(server.id.slot) == true)
    world.drop(gate)
    #expect(world.kernel.threads.contains(server.id.slot) == false)
  }

  @Test(arguments: profiles)
  func `G96 labels of queued senders can be rewritten`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    let server = world.thread(priority: 20, [.sleep(milliseconds: 5), .wait(), .wait()])
    for label: UInt64 in [0x200, 0x400] { _ = world.thread(priority: 10, [.send(world.gate(server, label: label))]) }
    world.sleep(milliseconds: 1)
    let rule: [UInt64] = [~3, 0x200, ~0, 0x500]
    #expect(world.invoke(server.slot, KernelProtocol.thread, [Opcode.Thread.modifySenders] + rule) == 0)
    world.sleep(milliseconds: 10)
    #expect(world.results(server.id).dropFirst().map(\.label).sorted() == [0x403, 0x500])
  }

  @Test(arguments: profiles)
  func `a thread hears of the death of its gates through the IRQ it registered, while that exists`(
    _ profile: KernelProfile.Name
  ) {
    var world = KernelWorld(.named(profile))
    let server = world.thread(priority: 20)
    let listener = world.thread(priority: 20, [.wait(), .wait()])
    let irq = world.irq(listener, label: 0x900)
    let gates = [world.gate(server, label: 0x40), world.gate(server, label: 0x80)]
    let register = { (world: inout KernelWorld) in
      world.invoke(
        server.slot, KernelProtocol.thread, [Opcode.Thread.registerDeletionIRQ], items: [.objects(irq)])
    }
    #expect(register(&world) == 0)
    // Profile r67 replaces the observer.
    #expect(register(&world) == (profile == .modern ? -16 : 0))
    world.sleep(milliseconds: 1)
    world.drop(gates[0])
    world.sleep(milliseconds: 1)
    #expect(world.outcome(listener) == "p0,w0,i0,L900")
    world.drop(irq)
    world.drop(gates[1])
    world.sleep(milliseconds: 1)
    #expect(world.outcome(listener, 1) == "pending")
  }
}
