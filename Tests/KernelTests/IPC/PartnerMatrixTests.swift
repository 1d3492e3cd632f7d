import FiascoABI
import Testing

@testable import FiascoKernel

/// Every state a partner can be in, every operation on it, and what comes of it: all cells, the refused ones too.
struct PartnerMatrixTests {
  enum Partner: String, CaseIterable {
    case neverStarted, startedWithoutProcessor, busy, openWait, waitsForMe, waitsForOther, queuedElsewhere, queuedAtMe
    case waitsForIRQ, sleeping, killed
  }

  enum Operation: String, CaseIterable {
    case sendZero, send3, callZero3, callNever3, receiveZero, receive3
  }

  static let profiles = KernelProfile.Name.allCases

  @Test(arguments: profiles, Partner.allCases)
  func `an operation on a partner gives what the table says`(_ profile: KernelProfile.Name, _ partner: Partner) {
    for operation in Operation.allCases {
      var world = KernelWorld(.named(profile))
      let me = world.makeThread()
      let slot = prepare(partner, me, &world)
      world.append([step(operation, slot)], to: me.id)
      if partner != .queuedAtMe { world.start(me, priority: 100) }
      world.sleep(milliseconds: 20)
      #expect(
        world.outcome(me, partner == .queuedAtMe ? 1 : 0) == expected(partner, operation, profile), "\(operation)")
    }
  }

  private func step(_ operation: Operation, _ slot: CapabilitySlot) -> Step {
    switch operation {
    case .sendZero: .send(slot, timeouts: .sendZero)
    case .send3: .send(slot, timeouts: .send(milliseconds: 3))
    case .callZero3: .call(slot, timeouts: IPCTimeouts(send: .zero, receive: .relative(microseconds: 3000)))
    case .callNever3:
      .call(slot, timeouts: .init(send: .relative(microseconds: 5000), receive: .relative(microseconds: 3000)))
    case .receiveZero: .receive(slot, timeouts: .receiveZero)
    case .receive3: .receive(slot, timeouts: .receive(milliseconds: 3))
    }
  }

  /// The slot through which the partner is reached.
  private func prepare(_ partner: Partner, _ me: Actor, _ world: inout KernelWorld) -> CapabilitySlot {
    let it = world.makeThread()
    let other = world.makeThread()
    switch partner {
    case .neverStarted: return it.slot
    case .startedWithoutProcessor:
      world.exchangeRegisters(it, ip: 0x7000_1000)
      return it.slot
    case .busy: world.append([.spin], to: it.id)
    case .openWait: world.append([.wait()], to: it.id)
    case .waitsForMe: world.append([.receive(me.slot)], to: it.id)
    case .waitsForOther: world.append([.receive(other.slot)], to: it.id)
    case .queuedElsewhere:
      world.append([.spin], to: other.id)
      world.start(other, priority: 10)
      world.append([.send(other.slot)], to: it.id)
    case .queuedAtMe:
      // It sleeps first: a thread that has not begun cannot be sent to.
      world.append([.sleep(milliseconds: 2)], to: me.id)
      world.append([.send(me.slot)], to: it.id)
    case .waitsForIRQ: world.append([.receive(world.irq(it, label: 0x40))], to: it.id)
    case .sleeping: world.append([.sleep(milliseconds: 1000)], to: it.id)
    case .killed:
      let gate = world.gate(it, label: 0x40)
      world.start(it, priority: 50)
      world.sleep(milliseconds: 1)
      world.drop(it.slot)
      world.sleep(milliseconds: 1)
      return gate
    }
    if partner == .queuedAtMe { world.start(me, priority: 100) }
    world.start(it, priority: 50)
    world.sleep(milliseconds: 1)
    return it.slot
  }

  private func expected(_ partner: Partner, _ operation: Operation, _ profile: KernelProfile.Name) -> String {
    let receives = operation == .receiveZero || operation == .receive3
    switch partner {
    case .neverStarted, .killed: return receives ? "err3,p0,w0,i0" : "err4,p0,w0,i0"
    case .startedWithoutProcessor, .busy, .waitsForOther, .queuedElsewhere, .waitsForIRQ, .sleeping:
      return receives ? "err3,p0,w0,i0" : "err2,p0,w0,i0"
    case .openWait, .waitsForMe:
      if receives { return "err3,p0,w0,i0" }
      return operation == .sendZero || operation == .send3 ? "p7,w2,i0,m11:12" : "err3,p7,w2,i0"
    case .queuedAtMe:
      // Whoever is queued is not waiting: a call to it does not take its message.
      return receives ? "p7,w2,i0,m11:12" : "err2,p0,w0,i0"
    }
  }
}
