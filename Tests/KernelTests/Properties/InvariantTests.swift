import Determinism
import FiascoABI
import Testing

@testable import FiascoKernel

/// The checks themselves: a table that is bent by hand is noticed.
struct InvariantTests {
  /// A server that holds a reply capability, its caller, a queued sender, a sleeper and a pending IRQ.
  private struct Scene: ~Copyable {
    var world = KernelWorld()
    let server: Int
    let caller: Int
    let sender: Int
    let sleeper: Int

    init() {
      let server = world.thread(priority: 10, [.wait(), .sleep(milliseconds: 500)])
      let caller = world.thread(priority: 10, [.call(world.gate(server, label: 0x40))])
      world.sleep(milliseconds: 1)
      let sender = world.thread(priority: 10, [.send(server.slot)])
      let sleeper = world.thread(priority: 10, [.sleep(milliseconds: 500)])
      let irq = world.irq(server, label: 0x80)
      world.sleep(milliseconds: 1)
      world.raise(irq)
      self.server = server.id.slot
      self.caller = caller.id.slot
      self.sender = sender.id.slot
      self.sleeper = sleeper.id.slot
    }
  }

  private func findings(
    _ bend: (inout Kernel, _ server: Int, _ caller: Int, _ sender: Int, _ sleeper: Int) -> Void
  ) -> [String] {
    var scene = Scene()
    #expect(scene.world.kernel.checkInvariants() == [])
    bend(&scene.world.node.kernel, scene.server, scene.caller, scene.sender, scene.sleeper)
    return scene.world.kernel.checkInvariants()
  }

  @Test func `a thread that is in the ready list without saying so is found`() {
    #expect(!findings { kernel, _, _, _, _ in kernel.threads[0].flags.remove(.listed) }.isEmpty)
    #expect(!findings { kernel, _, _, _, sleeper in kernel.threads[sleeper].flags.insert(.listed) }.isEmpty)
  }

  @Test func `a ready thread nobody would find is found`() {
    #expect(!findings { kernel, _, _, _, sleeper in kernel.threads[sleeper].flags.insert(.ready) }.isEmpty)
  }

  @Test func `a running thread in the middle of an IPC is found`() {
    #expect(!findings { kernel, _, _, _, _ in kernel.threads[0].phase = .receiveWait }.isEmpty)
  }

  @Test func `a priority that changes behind the list's back is found`() {
    #expect(!findings { kernel, _, _, _, _ in kernel.threads[0].priority = 3 }.isEmpty)
  }

  @Test func `a sender that forgot where it is queued is found`() {
    #expect(!findings { kernel, _, _, sender, _ in kernel.threads[sender].queuedAt = .none }.isEmpty)
    #expect(!findings { kernel, _, _, sender, _ in kernel.threads[sender].phase = .none }.isEmpty)
    #expect(!findings { kernel, server, _, _, _ in kernel.threads[server].firstSender = .none }.isEmpty)
  }

  @Test func `a sender before an IRQ is found`() {
    #expect(
      !findings { kernel, server, _, sender, _ in
        let s = SenderID(thread: ThreadID(sender))
        let irq = kernel.threads[server].firstSender
        kernel.threads[server].firstSender = s
        kernel.threads[sender].queuePrevious = .none
        kernel.threads[sender].queueNext = irq
        kernel.irqs[0].queuePrevious = s
        kernel.irqs[0].queueNext = .none
      }.isEmpty)
  }

  @Test func `a reply capability nobody knows of is found, from both ends`() {
    #expect(!findings { kernel, server, _, _, _ in kernel.threads[server].caller = .none }.isEmpty)
    #expect(!findings { kernel, _, caller, _, _ in kernel.threads[caller].awaitedFrom = .none }.isEmpty)
  }

  @Test func `miscounted references of a thread are found`() {
    #expect(!findings { kernel, server, _, _, _ in kernel.threads[server].internalReferences += 1 }.isEmpty)
  }

  @Test func `an IRQ that is queued and does not know it is found`() {
    #expect(!findings { kernel, _, _, _, _ in kernel.irqs[0].isQueued = false }.isEmpty)
    #expect(!findings { kernel, _, _, _, _ in kernel.irqs[0].pending = 0 }.isEmpty)
  }

  @Test func `a timeout that will never fire is found`() {
    #expect(
      !findings { kernel, _, _, _, sleeper in kernel.threads[sleeper].deadline = Instant(picoseconds: 1 << 60) }.isEmpty
    )
    #expect(!findings { kernel, _, _, _, _ in kernel.timeouts = EventQueue() }.isEmpty)
  }

  @Test func `a dead thread that could run is found`() {
    #expect(!findings { kernel, _, caller, _, _ in kernel.threads[caller].flags.insert(.dead) }.isEmpty)
  }

  @Test func `a slice without an owner is found`() {
    #expect(!findings { kernel, _, _, _, _ in kernel.sliceEnd = .never }.isEmpty)
  }
}
