import FiascoABI
import Testing

@testable import FiascoKernel

/// Who runs when several wait, and what a wait survives.
struct WakeOrderTests {
  static let profiles = KernelProfile.Name.allCases

  /// A thread of this priority binds a gate at which three of priorities 12, 20 and 16 wait.
  private func order(_ profile: KernelProfile.Name, binder: UInt64) -> String {
    var world = KernelWorld(.named(profile))
    let gate = world.gate(nil)
    let server = world.thread(priority: 5, [.wait(), .wait(), .wait()])
    for priority in [12, 20, 16] as [UInt64] {
      _ = world.thread(
        priority: priority, [.send(gate, timeouts: .send(milliseconds: 50)), .mark("\(priority)"), .wait()])
    }
    world.sleep(milliseconds: 1)
    let bind = SystemCall(
      tag: MessageTag(label: KernelProtocol.kernelObject, words: 2, items: 1),
      target: ObjectReference(slot: gate, operation: .call),
      words: [Opcode.Gate.bind, 0x40, SendItem.map().raw, FlexPage.objects(server.slot).raw])
    _ = world.thread(priority: binder, [.call(bind), .mark("bound"), .wait()])
    world.sleep(milliseconds: 5)
    return world.order
  }

  @Test(arguments: profiles)
  func `binding a gate lets waiters run before it returns if their priority is not lower`(
    _ profile: KernelProfile.Name
  ) {
    #expect(order(profile, binder: 30) == "bound 20 16 12")
    // An equal one preempts, a lower one waits.
    #expect(order(profile, binder: 16) == "20 bound 16 12")
    #expect(order(profile, binder: 3) == "20 16 12 bound")
  }

  @Test(arguments: profiles)
  func `a wait at a gate needs the gate, not the capability that named it`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    let gate = world.gate(nil)
    let copy = world.copy(gate, rights: .rws)
    let server = world.thread(priority: 30, [.wait()])
    let client = world.thread(priority: 20, [.send(copy)])
    let other = world.thread(priority: 20, [.send(gate)])
    world.sleep(milliseconds: 1)
    world.drop(copy, deletes: false)
    world.bind(gate, to: server, label: 0x40)
    world.sleep(milliseconds: 1)
    #expect(world.outcome(server) == "p7,w2,i0,L43,m11:12")
    #expect(world.outcome(client) == "p7,w2,i0,m11:12")
    #expect(world.outcome(other) == "pending")
  }

  @Test(arguments: profiles)
  func `whoever was woken at a gate and has not run loses it with the gate`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    let gate = world.gate(nil)
    let server = world.thread(priority: 30, [.wait()])
    let client = world.thread(priority: 20, [.send(gate)])
    world.sleep(milliseconds: 1)
    world.bind(gate, to: server, label: 0x40)
    world.drop(gate)
    world.sleep(milliseconds: 1)
    #expect(world.outcome(client) == "err4,p0,w0,i0")
  }

  @Test func `an IRQ bound again to the same thread keeps its place and takes the new label`() {
    var world = KernelWorld(.modern)
    let receiver = world.thread(priority: 10, [.compute(.milliseconds(3)), .wait(), .wait()])
    let first = world.irq(receiver, label: 0x100)
    let second = world.irq(receiver, label: 0x200)
    world.sleep(milliseconds: 1)
    world.raise(first)
    world.raise(second)
    world.attach(first, to: receiver, label: 0x300)
    world.sleep(milliseconds: 5)
    #expect(world.results(receiver.id).map(\.label) == [0x300, 0x200])
  }

  @Test(arguments: [false, true])
  func `an IRQ lets an equal thread run at once unless it is an alien`(_ isAlien: Bool) {
    var world = KernelWorld(.modern)
    let handler = world.thread(
      priority: 30, [.wait(), ExceptionTests.answer(words: 0, label: 1), ExceptionTests.answer(words: 0)])
    let receiver = world.makeThread(handler: world.gate(handler, label: 0x600))
    if isAlien { world.control(receiver, ThreadControl.alien) }
    let irq = world.irq(receiver, label: 0x100)
    world.append([.receive(irq), .mark("received")], to: receiver.id)
    world.start(receiver, priority: 10)
    world.sleep(milliseconds: 1)
    let trigger = SystemCall(
      tag: MessageTag(label: KernelProtocol.irq, words: 1), target: ObjectReference(slot: irq, operation: .send),
      words: [Opcode.IRQ.trigger])
    _ = world.thread(priority: 10, [.call(trigger), .mark("triggered"), .wait()])
    world.sleep(milliseconds: 2)
    #expect(world.order == (isAlien ? "triggered received" : "received triggered"))
  }

  @Test(arguments: [(KernelProfile.Name.modern, 2), (.r67, 1)])
  func `a cancel in user mode cancels today's page-fault message and is forgotten by that of 2016`(
    _ profile: KernelProfile.Name, _ messages: Int
  ) {
    var world = KernelWorld(.named(profile))
    let pager = world.thread(priority: 30, [.wait(), .wait(), .wait()])
    let thread = world.makeThread(pager: world.gate(pager, label: 0x500))
    world.append([.compute(.milliseconds(3)), .touch(0x40_0000, .load)], to: thread.id)
    world.start(thread, priority: 10)
    world.sleep(milliseconds: 1)
    world.cancel(thread)
    world.sleep(milliseconds: 5)
    #expect(world.results(pager.id).count == messages)
  }

  @Test(arguments: profiles)
  func `a system call and a tick forget the value of a fault before`(_ profile: KernelProfile.Name) {
    for step in [Step.sleep(milliseconds: 1), .compute(.milliseconds(15))] {
      var world = KernelWorld(.named(profile))
      let handler = world.thread(priority: 30, [.wait()])
      let thread = world.makeThread(handler: world.gate(handler, label: 0x600))
      world.append([.fault(KernelWorld.window, .load), step, .spin], to: thread.id)
      world.start(thread, priority: 10, quantum: 2000)
      world.sleep(milliseconds: 12)
      world.trigger(thread)
      world.sleep(milliseconds: 2)
      #expect(world.kernel.messageWord(handler.id, ExceptionMessage.cause) == ExceptionCause.triggered)
      #expect(world.kernel.messageWord(handler.id, ExceptionMessage.value) == 0)
    }
  }

  @Test(arguments: [36, 37])
  func `items of an answer that is too short for a register set are not mapped`(_ words: Int) {
    var world = KernelWorld(.modern)
    let target: UInt64 = 0x40_0000
    var registers = [UInt64](repeating: 0, count: words)
    if words > 32 { registers[ExceptionMessage.instructionPointer] = 0x7000_9000 }
    registers += [
      SendItem.map(hotSpot: target).raw, FlexPage.memory(KernelWorld.window, order: 12, rights: .rw).raw,
    ]
    let answer = SystemCall(
      tag: MessageTag(words: words, items: 1), target: .special(.replyAndWait), words: registers)
    let handler = world.thread(priority: 30, [.wait(), .call(answer)])
    _ = world.thread(priority: 10, handler: world.gate(handler, label: 0x600), [.trap(cause: 2, value: 0), .spin])
    world.sleep(milliseconds: 2)
    #expect((world.kernel.translate(TaskID(0), target) != nil) == (words == 37))
  }

  @Test func `an explicit slot out of range is an empty one for a reply and none for a wait`() {
    var world = KernelWorld(.modern)
    let far = UInt64(1 << 20) << 12 | 1 << 10
    func call(_ operation: IPCOperation) -> Step {
      .call(
        SystemCall(
          tag: MessageTag(label: 9, words: 1), target: ObjectReference(raw: far | operation.rawValue),
          timeouts: .zero, words: [0]))
    }
    let thread = world.thread(priority: 10, [call(.wait), call(.replyAndWait), call(.replyOnly)])
    world.sleep(milliseconds: 2)
    #expect((0..<3).map { world.outcome(thread, $0) } == ["err19,p0,w0,i0", "err4,p0,w0,i0", "err4,p0,w0,i0"])
  }

  @Test func `the last thread of a task takes its explicit reply slots with it`() {
    var world = KernelWorld(.modern)
    let place = world.task()
    let slot: UInt64 = 5 << 12 | 1 << 10
    let server = world.makeThread(in: place)
    world.append(
      [
        .call(
          SystemCall(tag: MessageTag(), target: ObjectReference(raw: slot | IPCOperation.wait.rawValue))), .spin,
      ], to: server.id)
    world.start(server, priority: 30)
    let client = world.thread(priority: 20, [.call(server.slot)])
    world.sleep(milliseconds: 1)
    #expect(world.kernel.replySlots.count == 1)
    world.drop(server.slot)
    world.sleep(milliseconds: 2)
    #expect(world.kernel.replySlots.count == 0)
    #expect(world.outcome(client) == "pending")
  }
}
