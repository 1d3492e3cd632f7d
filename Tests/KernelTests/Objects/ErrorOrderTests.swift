import FiascoABI
import Testing

@testable import FiascoKernel

/// Which of several mistakes in one request is told, and what a request does that nobody hears.
struct ErrorOrderTests {
  @Test func `semaphores look at the protocol's opcode before they look at rights`() {
    var world = KernelWorld(.modern)
    let semaphore = world.newSlot()
    world.create(KernelProtocol.semaphore, into: semaphore)
    let weak = world.copy(semaphore, rights: [.read])
    let cases: [(CapabilitySlot, Int64, [UInt64], Int64)] = [
      (weak, KernelProtocol.semaphore, [], -22), (weak, KernelProtocol.semaphore, [9], -38),
      (weak, KernelProtocol.semaphore, [0], -1), (semaphore, 0x77, [], -22), (semaphore, 0x77, [0], -39),
      (semaphore, KernelProtocol.irq, [9], -38), (semaphore, KernelProtocol.semaphore, [0], -2003),
    ]
    for (slot, label, words, answer) in cases {
      #expect(world.invoke(slot, label, words, timeouts: .receiveZero) == answer, "\(label) \(words)")
    }
    // An end of interrupt does not raise it, a trigger does.
    world.invoke(semaphore, KernelProtocol.irq, [Opcode.IRQ.endOfInterrupt], operation: .send)
    #expect(world.invoke(semaphore, KernelProtocol.semaphore, [0], timeouts: .receiveZero) == -2003)
    world.raise(semaphore)
    #expect(world.invoke(semaphore, KernelProtocol.semaphore, [0], timeouts: .receiveZero) == 0)
    #expect(world.kernel.messageWord(world.root, UTCB.error) == 0)
  }

  @Test func `a waiter that was let through is not cancelled any more`() {
    var world = KernelWorld(.modern)
    let semaphore = world.newSlot()
    world.create(KernelProtocol.semaphore, into: semaphore)
    let down = SystemCall(
      tag: MessageTag(label: KernelProtocol.semaphore, words: 1),
      target: ObjectReference(slot: semaphore, operation: .call), words: [0])
    let waiter = world.thread(priority: 10, [.call(down)])
    world.sleep(milliseconds: 1)
    world.raise(semaphore)
    world.cancel(waiter)
    world.sleep(milliseconds: 1)
    #expect(world.results(waiter.id)[0].tag == MessageTag(label: 0))
  }

  @Test func `IRQ objects refuse messages without words unless they are triggers`() {
    var world = KernelWorld(.modern)
    let irq = world.irq(nil)
    let weak = world.copy(irq, rights: [.read])
    let cases: [(CapabilitySlot, Int64, [UInt64], Int64)] = [
      (irq, KernelProtocol.irqSender, [], -22), (irq, 0x77, [], -22), (irq, 0x77, [1], -39),
      (irq, KernelProtocol.irq, [0], -38), (weak, KernelProtocol.irqSender, [9], -38),
      (weak, KernelProtocol.irqSender, [1], -1), (weak, KernelProtocol.kernelObject, [0x10, 0], -1),
      (irq, KernelProtocol.kernelObject, [0x10, 0], -22),
    ]
    for (slot, label, words, answer) in cases {
      #expect(world.invoke(slot, label, words) == answer, "\(label) \(words)")
    }
  }

  @Test func `a gate looks at rights, length and label before the thread`() {
    var world = KernelWorld(.modern)
    let gate = world.gate(nil)
    let weak = world.newSlot()
    world.give(gate, to: .task, at: weak, rights: [.read], attributes: 0x20)
    #expect(world.invoke(weak, KernelProtocol.kernelObject, [0x10]) == -1)
    #expect(world.invoke(gate, KernelProtocol.kernelObject, [0x10]) == -1001)
    #expect(world.invoke(gate, KernelProtocol.kernelObject, [0x10, 0x41]) == -22)
    #expect(world.invoke(gate, KernelProtocol.kernelObject, [0x10, 0x40], items: [.objects(.task)]) == -22)
    let page = FlexPage.memory(0x1000, order: 12, rights: .rw)
    #expect(world.invoke(gate, KernelProtocol.kernelObject, [0x10, 0x40], items: [page]) == -2008)
    // The counter of references can be read, and a difference subtracted.
    #expect(world.invoke(gate, KernelProtocol.kernelObject, [0, 0]) == 0)
    #expect(world.kernel.messageWord(world.root, 0) == 2)
    #expect(world.invoke(gate, KernelProtocol.kernelObject, [0]) == -22)
  }

  @Test func `the rights of a typed argument are those of its slot`() {
    var world = KernelWorld(.modern)
    let thread = world.makeThread()
    let gate = world.gate(nil)
    let argument = FlexPage.objects(thread.slot, rights: [.read])
    #expect(world.invoke(gate, KernelProtocol.kernelObject, [0x10, 0x40], items: [argument]) == 0)
    let weak = world.copy(thread.slot, rights: [.read])
    let full = FlexPage.objects(weak, rights: .all)
    #expect(world.invoke(gate, KernelProtocol.kernelObject, [0x10, 0x40], items: [full]) == -1)
  }

  @Test(arguments: KernelProfile.Name.allCases)
  func `thread control keeps the slot of a pager, not the rest of the word`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    let thread = world.makeThread()
    let words: [UInt64] = [ThreadControl.setPager | ThreadControl.setHandler, 0x77abc, 0x88fff, 0, 0, 0]
    #expect(world.invoke(thread.slot, KernelProtocol.thread, words) == 0)
    #expect(world.invoke(thread.slot, KernelProtocol.thread, [0, 0, 0, 0, 0, 0]) == 0)
    #expect(world.kernel.messageWord(world.root, 1) == 0x77000)
    #expect(world.kernel.messageWord(world.root, 2) == 0x88000)
  }

  @Test func `an explicit selector names no slot`() {
    var world = KernelWorld(.modern)
    let explicit: UInt64 = 1 << 10
    let question: (UInt64) -> [UInt64] = { [Opcode.Task.capabilityInfo, $0] }
    #expect(world.invoke(.task, KernelProtocol.task, question(CapabilitySlot.task.selector)) == 1)
    #expect(world.invoke(.task, KernelProtocol.task, question(CapabilitySlot.task.selector | explicit)) == 0)
    let pair = [Opcode.Task.capabilityInfo, CapabilitySlot.task.selector, CapabilitySlot.task.selector | explicit]
    #expect(world.invoke(.task, KernelProtocol.task, pair) == 0)
  }

  @Test func `an unmap that nobody waits for writes its answer all the same`() {
    var world = KernelWorld(.modern)
    let page = FlexPage.objects(CapabilitySlot(0x99), rights: .all)
    world.invoke(.task, KernelProtocol.task, [Opcode.Task.unmap, UnmapMask.own, page.raw], operation: .send)
    #expect(world.kernel.messageWord(world.root, 2) == page.raw & ~0xf)
  }

  @Test func `the log keeps its attributes`() {
    var world = KernelWorld(.modern)
    #expect(world.invoke(.log, KernelProtocol.log, [Opcode.Log.getAttributes]) == 0)
    #expect((1...3).map { world.kernel.messageWord(world.root, $0) } == [0x100, 4, 8])
    #expect(world.invoke(.log, KernelProtocol.log, [Opcode.Log.setAttributes, 1, 2, 3]) == 0)
    #expect(world.invoke(.log, KernelProtocol.log, [Opcode.Log.getAttributes]) == 0)
    #expect((1...3).map { world.kernel.messageWord(world.root, $0) } == [1, 6, 3])
  }
}
