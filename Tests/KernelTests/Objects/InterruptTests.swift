import Determinism
import FiascoABI
import FiascoMachine
import Testing

@testable import FiascoKernel

/// Devices raise inputs of the board's controller; everything of the controller's protocol in both profiles.
struct InterruptTests {
  static let profiles = KernelProfile.Name.allCases
  private static let pin = 3
  private static let icu = CapabilitySlot.icu

  /// A driver that waits for its interrupt, ends it, and waits again.
  private struct World: ~Copyable {
    var world: KernelWorld
    let driver: Actor
    let irq: CapabilitySlot

    init(_ profile: KernelProfile.Name, rounds: Int = 4, acknowledges: Bool = true) {
      world = KernelWorld(.named(profile))
      driver = world.makeThread()
      irq = world.irq(driver, label: 0x40)
      let wait = acknowledges ? World.acknowledgeAndWait(irq) : Step.receive(irq)
      world.append((0..<rounds).flatMap { _ in [wait, .mark("served")] }, to: driver.id)
      world.start(driver, priority: 10)
      world.bindPin(irq, InterruptTests.pin)
      world.sleep(milliseconds: 1)
    }

    static func acknowledgeAndWait(_ irq: CapabilitySlot) -> Step {
      .call(
        SystemCall(
          tag: MessageTag(label: KernelProtocol.irq, words: 1), target: ObjectReference(slot: irq, operation: .call),
          words: [Opcode.IRQ.endOfInterrupt]))
    }

    /// After so many milliseconds from now.
    mutating func device(after milliseconds: Int64, pin: Int = InterruptTests.pin) {
      world.node.scheduleInterrupt(pin, at: world.node.now + .milliseconds(milliseconds))
    }
  }

  @Test(arguments: profiles)
  func `a device wakes its driver at once and as often as it signals`(_ profile: KernelProfile.Name) {
    var world = World(profile)
    for time in [2, 4, 6] as [Int64] { world.device(after: time) }
    world.world.sleep(milliseconds: 3)
    #expect(world.world.order == "served")
    world.world.sleep(milliseconds: 5)
    #expect(world.world.order == "served served served")
    #expect(world.world.results(world.driver.id).map(\.label) == [0x40, 0x40, 0x40])
  }

  @Test(arguments: profiles)
  func `G94 an interrupt stays masked until its end, and what came meanwhile comes then, once`(
    _ profile: KernelProfile.Name
  ) {
    var world = World(profile, acknowledges: false)
    world.world.unmaskPin(Self.pin)
    for time in [1, 2, 3] as [Int64] { world.device(after: time) }
    world.world.sleep(milliseconds: 5)
    #expect(world.world.order == "served")
    world.world.unmaskPin(Self.pin)
    world.world.sleep(milliseconds: 1)
    #expect(world.world.order == "served served")
    world.world.unmaskPin(Self.pin)
    world.world.sleep(milliseconds: 1)
    #expect(world.world.order == "served served")
  }

  @Test(arguments: profiles)
  func `a line that is held asks again after each end of interrupt`(_ profile: KernelProfile.Name) {
    var world = World(profile, rounds: 3)
    world.world.kernel.raisePin(Self.pin, held: true)
    world.world.sleep(milliseconds: 1)
    #expect(world.world.order == "served served served")
    world.world.kernel.lowerPin(Self.pin)
    world.world.unmaskPin(Self.pin)
    world.world.sleep(milliseconds: 1)
    // The request that was made before the line fell.
    #expect(world.world.kernel.pins[Self.pin].isRequested == false)
  }

  @Test(arguments: profiles)
  func `a pin that is masked, unbound or another one wakes nobody`(_ profile: KernelProfile.Name) {
    var world = World(profile)
    world.device(after: 1, pin: Self.pin + 1)
    world.world.maskPin(Self.pin)
    world.device(after: 2)
    world.world.sleep(milliseconds: 4)
    #expect(world.world.order == "")
    world.world.unmaskPin(Self.pin)
    world.world.sleep(milliseconds: 1)
    #expect(world.world.order == "served")
    #expect(world.world.unbindPin(world.irq, Self.pin) == 0)
    world.device(after: 1)
    world.world.sleep(milliseconds: 3)
    #expect(world.world.order == "served")
  }

  @Test(arguments: profiles)
  func `a device interrupts a running thread at the exact instant`(_ profile: KernelProfile.Name) {
    var world = World(profile)
    _ = world.world.thread(priority: 5, [.compute(.milliseconds(20)), .mark("computed")])
    world.world.node.scheduleInterrupt(Self.pin, at: world.world.node.now + .microseconds(2_345))
    world.world.sleep(milliseconds: 10)
    #expect(world.world.order == "served")
  }

  @Test func `a semaphore counts what its device signals`() {
    var world = KernelWorld()
    let semaphore = world.newSlot()
    world.create(KernelProtocol.semaphore, into: semaphore)
    #expect(world.bindPin(semaphore, Self.pin) == 0)
    for time in [1, 2, 3] as [Int64] {
      world.node.scheduleInterrupt(Self.pin, at: world.node.now + .milliseconds(time))
    }
    world.sleep(milliseconds: 5)
    // Each delivery masks the pin; the semaphore is not unmasked by a down.
    #expect(world.down(semaphore, timeouts: .receiveZero) == 0)
    #expect(world.down(semaphore, timeouts: .receiveZero) == -2003)
    world.invoke(semaphore, KernelProtocol.irq, [Opcode.IRQ.endOfInterrupt], operation: .send)
    world.sleep(milliseconds: 1)
    #expect(world.down(semaphore, timeouts: .receiveZero) == 0)
  }

  // MARK: The protocol

  @Test(arguments: profiles, [icu, .scheduler, .log])
  func `info tells the number of inputs`(_ profile: KernelProfile.Name, _ slot: CapabilitySlot) {
    var world = KernelWorld(.named(profile))
    #expect(world.invoke(slot, KernelProtocol.irq, [Opcode.Controller.info]) == 0)
    #expect(world.kernel.messageWord(world.root, 0) == 0)
    #expect(world.kernel.messageWord(world.root, 1) == (slot == Self.icu ? 95 : 1))
    #expect(world.kernel.messageWord(world.root, 2) == 0)
  }

  @Test(arguments: profiles)
  func `what a controller refuses and why`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    let short: Int64 = profile == .modern ? -1001 : -22
    let (first, second) = (world.irq(nil), world.irq(nil))
    let weak = world.copy(first, rights: .read)
    let taken: Int64 = profile == .modern ? -22 : -1
    #expect(world.bindPin(first, 20) == 0)
    #expect(world.bindPin(second, 20) == taken)
    #expect(world.bindPin(first, 21) == 0, "it leaves the old pin")
    #expect(world.bindPin(second, 20) == 0)
    #expect(world.bindPin(second, 95) == taken)
    #expect(world.bindPin(weak, 22) == -1)
    #expect(world.bindPin(.factory, 22) == -22)
    #expect(world.bindPin(world.newSlot(), 22) == -22)
    #expect(world.invoke(Self.icu, KernelProtocol.irq, [Opcode.Controller.bind, 22]) == short)
    #expect(world.invoke(Self.icu, KernelProtocol.irq, [Opcode.Controller.bind], items: [.objects(first)]) == short)
    #expect(world.invoke(Self.icu, KernelProtocol.irq, [Opcode.Controller.unbind, 22]) == short)
    let memory = FlexPage.memory(0, order: 12, rights: .rw)
    #expect(world.invoke(Self.icu, KernelProtocol.irq, [Opcode.Controller.bind, 22], items: [memory]) == -2008)
    #expect(world.unbindPin(first, 40) == 0)
    #expect(world.unbindPin(first, 1000) == 0)
    #expect(world.invoke(Self.icu, KernelProtocol.irq, [Opcode.Controller.messageInfo, 0, 0]) == -38)
    #expect(world.invoke(Self.icu, KernelProtocol.irq, [Opcode.Controller.messageInfo]) == short)
    #expect(world.invoke(Self.icu, KernelProtocol.irq, [Opcode.Controller.setMode, 20, 1]) == 0)
    #expect(world.invoke(Self.icu, KernelProtocol.irq, [Opcode.Controller.setMode, 95, 1]) == -22)
    #expect(world.invoke(Self.icu, KernelProtocol.irq, [Opcode.Controller.setMode, 20]) == short)
    #expect(world.invoke(Self.icu, KernelProtocol.irq, [99]) == -38)
    #expect(world.invoke(Self.icu, KernelProtocol.irq, []) == short)
    #expect(world.invoke(Self.icu, 7, [0]) == -39)
    // No answer: a caller goes on to wait for one.
    let soon = IPCTimeouts.receive(milliseconds: 1)
    #expect(world.invoke(Self.icu, KernelProtocol.irq, [Opcode.Controller.mask, 20], timeouts: soon) == -2003)
    #expect(world.invoke(Self.icu, KernelProtocol.irq, [Opcode.Controller.unmask, 1000], timeouts: soon) == -2003)
  }

  @Test(arguments: profiles, [CapabilitySlot.scheduler, .log])
  func `scheduler and log have one input`(_ profile: KernelProfile.Name, _ slot: CapabilitySlot) {
    var world = KernelWorld(.named(profile))
    let irq = world.irq(nil)
    #expect(world.bindPin(irq, 0, at: slot) == 0)
    #expect(world.bindPin(world.irq(nil), 0, at: slot) == (profile == .modern ? -22 : -1))
    #expect(world.bindPin(irq, 1, at: slot) == (profile == .modern ? -22 : -1))
    #expect(world.bindPin(irq, 0, at: slot) == 0, "the failed attempt had taken it from its pin")
    world.drop(irq)
    #expect(world.bindPin(world.irq(nil), 0, at: slot) == 0, "a pin is free when its object is gone")
  }
}

extension KernelWorld {
  @discardableResult
  mutating func bindPin(_ irq: CapabilitySlot, _ pin: Int, at controller: CapabilitySlot = .icu) -> Int64 {
    invoke(controller, KernelProtocol.irq, [Opcode.Controller.bind, UInt64(pin)], items: [.objects(irq)])
  }

  mutating func unbindPin(_ irq: CapabilitySlot, _ pin: Int) -> Int64 {
    invoke(.icu, KernelProtocol.irq, [Opcode.Controller.unbind, UInt64(pin)], items: [.objects(irq)])
  }

  mutating func maskPin(_ pin: Int) {
    invoke(.icu, KernelProtocol.irq, [Opcode.Controller.mask, UInt64(pin)], operation: .send)
  }

  mutating func unmaskPin(_ pin: Int) {
    invoke(.icu, KernelProtocol.irq, [Opcode.Controller.unmask, UInt64(pin)], operation: .send)
  }

  mutating func down(_ semaphore: CapabilitySlot, timeouts: IPCTimeouts = .never) -> Int64 {
    invoke(semaphore, KernelProtocol.semaphore, [Opcode.Semaphore.down], timeouts: timeouts)
  }
}
