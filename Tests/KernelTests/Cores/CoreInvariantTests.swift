import Determinism
import FiascoABI
import Testing

@testable import FiascoKernel

/// What contradicts itself between cores is found.
struct CoreInvariantTests {
  /// A sender of core 0 that waits for core 1, and somebody who computes there; the interrupt is still on its way.
  private func findings(
    _ damage: (inout Kernel, _ sender: Int, _ worker: Int) -> Void
  ) -> [String] {
    var world = KernelWorld(.modern, cores: 2)
    let worker = world.thread(priority: 10, core: 1, [.spin])
    let sender = world.thread(priority: 10, core: 0, [.compute(.microseconds(995)), .send(worker.slot)])
    world.sleep(milliseconds: 1)
    #expect(world.kernel.allRequests == [.send(sender.id, to: worker.id)])
    #expect(world.kernel.checkInvariants() == [])
    var damaged = world.kernel.fork()
    damage(&damaged, sender.id.slot, worker.id.slot)
    return damaged.checkInvariants()
  }

  @Test func `a request that was lost is found`() {
    #expect(!findings { kernel, _, _ in kernel.parked[1].requests.removeAll() }.isEmpty)
  }

  @Test func `a request whose initiator does not wait is found`() {
    #expect(!findings { kernel, sender, _ in kernel.threads[sender].continuation = .receiveWait }.isEmpty)
  }

  @Test func `a thread that runs on a core where it is not at home is found`() {
    #expect(!findings { kernel, _, worker in kernel.threads[worker].core = 0 }.isEmpty)
    #expect(!findings { kernel, _, worker in kernel.parked[1].current = ThreadID(0) }.isEmpty)
  }

  @Test func `a wake-up that nobody will carry out is found`() {
    #expect(!findings { kernel, sender, _ in kernel.threads[sender].flags.insert(.wakePending) }.isEmpty)
  }

  @Test func `a thread that never arrives is found`() {
    #expect(!findings { kernel, sender, _ in kernel.threads[sender].flags.insert(.migrating) }.isEmpty)
  }

  @Test func `a reference that a request does not hold is found`() {
    #expect(!findings { kernel, _, worker in kernel.threads[worker].internalReferences -= 1 }.isEmpty)
  }

  @Test func `an IRQ that thinks it is on its way is found`() {
    var world = KernelWorld(.modern, cores: 2)
    _ = world.irq(nil)
    #expect(world.kernel.checkInvariants() == [])
    world.kernel.irqs[0].isInFlight = true
    #expect(!world.kernel.checkInvariants().isEmpty)
  }
}
