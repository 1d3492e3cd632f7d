import Determinism
import FiascoABI
import Testing

@testable import FiascoKernel

/// Deletion IRQs, statistics, muxers, semaphores, the log's attributes.
struct ObserverTests {
  static let profiles = KernelProfile.Name.allCases

  private static func register(_ irq: CapabilitySlot, at thread: CapabilitySlot, _ world: inout KernelWorld) -> Int64 {
    world.invoke(thread, KernelProtocol.thread, [Opcode.Thread.registerDeletionIRQ], items: [.objects(irq)])
  }

  // MARK: Deletion IRQs

  @Test(arguments: profiles)
  func `each death of a gate triggers the deletion IRQ of its thread`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    let server = world.thread(priority: 10, [.sleep(milliseconds: 100)])
    let watcher = world.thread(priority: 20, [.wait(), .mark("first"), .wait(), .mark("second")])
    let irq = world.irq(watcher, label: 0x900)
    let gates = [world.gate(server, label: 0x40), world.gate(server, label: 0x80)]
    #expect(Self.register(irq, at: server.slot, &world) == 0)
    world.drop(gates[0])
    world.sleep(milliseconds: 1)
    #expect(world.order == "first")
    world.drop(gates[1])
    world.sleep(milliseconds: 1)
    #expect(world.order == "first second")
  }

  @Test(arguments: profiles)
  func `a second observer is refused today and takes the place in profile r67`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    let server = world.thread(priority: 10, [.sleep(milliseconds: 100)])
    let other = world.thread(priority: 10, [.sleep(milliseconds: 100)])
    let watcher = world.thread(priority: 20, [.wait(), .wait()])
    let (first, second) = (world.irq(watcher, label: 0x10), world.irq(watcher, label: 0x20))
    #expect(Self.register(first, at: server.slot, &world) == 0)
    #expect(Self.register(second, at: server.slot, &world) == (profile == .modern ? -16 : 0))
    #expect(Self.register(first, at: server.slot, &world) == (profile == .modern ? -16 : 0))
    // One object observes one thread: the other place takes it away from here.
    #expect(Self.register(first, at: other.slot, &world) == 0)
    #expect(Self.register(second, at: server.slot, &world) == 0)
    world.drop(world.gate(server, label: 0x40))
    world.sleep(milliseconds: 1)
    #expect(world.results(watcher.id).map(\.label) == [0x20])
  }

  @Test(arguments: profiles)
  func `the place is free again when the observer or the thread is gone`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    let server = world.thread(priority: 10, [.sleep(milliseconds: 100)])
    let irq = world.irq(nil)
    #expect(Self.register(irq, at: server.slot, &world) == 0)
    world.drop(irq)
    let next = world.irq(nil)
    #expect(Self.register(next, at: server.slot, &world) == 0)
    world.drop(server.slot)
    world.sleep(milliseconds: 1)
    #expect(world.bindPin(next, 5) == 0)
  }

  @Test(arguments: profiles)
  func `an observer needs the right to write and must be an IRQ object`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    let server = world.makeThread()
    let irq = world.irq(nil)
    #expect(Self.register(world.copy(irq, rights: .read), at: server.slot, &world) == -1)
    #expect(Self.register(.factory, at: server.slot, &world) == -22)
    #expect(world.invoke(server.slot, KernelProtocol.thread, [Opcode.Thread.registerDeletionIRQ]) == -22)
  }

  // MARK: Statistics

  @Test(arguments: profiles)
  func `consumed time is told in whole ticks as one word`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    let busy = world.thread(priority: 10, [.compute(.milliseconds(8))])
    let idle = world.makeThread()
    world.sleep(milliseconds: 20)
    func time(_ thread: Actor, _ world: inout KernelWorld) -> (Int64, UInt64) {
      let label = world.invoke(thread.slot, KernelProtocol.thread, [Opcode.Thread.statistics])
      return (label, world.kernel.messageWord(world.root, 0))
    }
    #expect(time(busy, &world) == (0, 8_000))
    #expect(time(idle, &world) == (0, 0))
    // A send-only request writes nothing.
    world.kernel.setMessageWord(world.root, 1, 77)
    world.invoke(busy.slot, KernelProtocol.thread, [Opcode.Thread.statistics], operation: .send)
    #expect(world.kernel.messageWord(world.root, 0) == Opcode.Thread.statistics)
  }

  // MARK: Muxers

  private static func muxer(_ world: inout KernelWorld) -> CapabilitySlot {
    let slot = world.newSlot()
    world.create(KernelProtocol.irq, into: slot, [0, 1])
    return slot
  }

  private static func chain(_ irq: CapabilitySlot, to muxer: CapabilitySlot, _ world: inout KernelWorld) -> Int64 {
    world.invoke(muxer, KernelProtocol.irq, [Opcode.IRQ.chain], items: [.objects(irq)])
  }

  @Test func `a muxer of profile r67 triggers all that is chained to it, directly or through another`() {
    var world = KernelWorld(.r67)
    let owner = world.thread(priority: 10, (0..<6).map { _ in .wait(timeouts: .receive(milliseconds: 2)) })
    let irqs = [0x10, 0x20, 0x40].map { world.irq(owner, label: $0) }
    let (top, below) = (Self.muxer(&world), Self.muxer(&world))
    #expect(Self.chain(irqs[0], to: top, &world) == 0)
    #expect(Self.chain(below, to: top, &world) == 0)
    #expect(Self.chain(irqs[1], to: below, &world) == 0)
    #expect(Self.chain(top, to: below, &world) == -22, "a circle would never end")
    #expect(Self.chain(top, to: top, &world) == -22)
    world.raise(top)
    world.sleep(milliseconds: 1)
    #expect(world.results(owner.id).map(\.label).sorted() == [0x10, 0x20])
    world.drop(irqs[0])
    world.drop(below)
    world.raise(top)
    world.sleep(milliseconds: 1)
    #expect(world.results(owner.id).count == 2)
    world.raise(irqs[1])
    world.sleep(milliseconds: 1)
    #expect(world.results(owner.id).count == 3)
    #expect(world.invoke(top, KernelProtocol.irq, [Opcode.IRQ.detach]) == -22)
    #expect(world.invoke(top, 7, [0]) == -39)
  }

  @Test func `a muxer's pin is masked until everything chained to it is ended`() {
    var world = KernelWorld(.r67)
    let owner = world.thread(priority: 10, (0..<8).map { _ in .wait() })
    let irqs = [0x10, 0x20].map { world.irq(owner, label: $0) }
    let muxer = Self.muxer(&world)
    for irq in irqs { #expect(Self.chain(irq, to: muxer, &world) == 0) }
    #expect(world.bindPin(muxer, 9) == 0)
    func end(_ irq: CapabilitySlot, _ world: inout KernelWorld) {
      world.invoke(irq, KernelProtocol.irq, [Opcode.IRQ.endOfInterrupt], operation: .send)
    }
    for irq in irqs { end(irq, &world) }
    world.node.scheduleInterrupt(9, at: world.node.now + .milliseconds(1))
    world.node.scheduleInterrupt(9, at: world.node.now + .milliseconds(2))
    world.sleep(milliseconds: 4)
    #expect(world.results(owner.id).count == 2)
    end(irqs[0], &world)
    world.sleep(milliseconds: 1)
    #expect(world.results(owner.id).count == 2)
    end(irqs[1], &world)
    world.sleep(milliseconds: 1)
    #expect(world.results(owner.id).count == 4)
  }

  // MARK: Semaphores

  @Test func `every up is one down, whoever waits longest at the highest priority first`() {
    var world = KernelWorld()
    let semaphore = world.newSlot()
    world.create(KernelProtocol.semaphore, into: semaphore)
    func down(_ name: String, _ timeouts: IPCTimeouts = .never) -> [Step] {
      let call = SystemCall(
        tag: MessageTag(label: KernelProtocol.semaphore, words: 1),
        target: ObjectReference(slot: semaphore, operation: .call), timeouts: timeouts, words: [0])
      return [.call(call), .mark(name)]
    }
    let waiters = [(5, "e"), (10, "x"), (10, "y"), (15, "h")].map {
      world.thread(priority: $0.0, down($0.1))
    }
    let impatient = world.thread(priority: 20, down("t", .receive(milliseconds: 2)))
    world.sleep(milliseconds: 1)
    world.cancel(waiters[1])
    world.sleep(milliseconds: 4)
    #expect(world.outcome(impatient) == "err3,p0,w0,i0")
    #expect(world.outcome(waiters[1]) == "err7,p0,w0,i0")
    for _ in 0..<4 {
      world.raise(semaphore)
      world.sleep(milliseconds: 1)
    }
    #expect(world.order == "x t h y e")
    #expect(world.down(semaphore, timeouts: .receiveZero) == 0, "one up more than there were waiters")
    #expect(world.down(semaphore, timeouts: .receiveZero) == -2003)
    #expect(world.invoke(semaphore, KernelProtocol.irq, [99]) == -38)
    #expect(world.invoke(semaphore, KernelProtocol.semaphore, []) == -22)
  }

  @Test func `a semaphore's count ends at the largest signed word`() {
    var world = KernelWorld()
    let semaphore = world.newSlot()
    world.create(KernelProtocol.semaphore, into: semaphore)
    world.kernel.semaphores[0].count = .max - 1
    world.raise(semaphore)
    world.raise(semaphore)
    #expect(world.kernel.semaphores[0].count == .max)
  }

  // MARK: Log

  @Test(arguments: profiles)
  func `the log keeps the attributes it is given and does what they say`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    func write(_ text: String, _ world: inout KernelWorld) -> String {
      world.kernel.console.removeAll()
      var words = [Opcode.Log.write, UInt64(text.utf8.count), 0, 0]
      for (index, byte) in text.utf8.enumerated() { words[2 + index / 8] |= UInt64(byte) << UInt64(index % 8 * 8) }
      world.invoke(.log, KernelProtocol.log, words, operation: .send)
      return String(decoding: world.kernel.console, as: UTF8.self)
    }
    func attributes(_ world: inout KernelWorld) -> [UInt64] {
      world.invoke(.log, KernelProtocol.log, [Opcode.Log.getAttributes])
      return (1...3).map { world.kernel.messageWord(world.root, $0) }
    }
    #expect(attributes(&world) == [0x100, 4, 8])
    #expect(write("a\rb\n", &world) == "a\rb\n")
    #expect(world.invoke(.log, KernelProtocol.log, [Opcode.Log.setAttributes, 1, 0x20, 2]) == 0)
    #expect(attributes(&world) == [1, 0x24, 2])
    #expect(write("a\rb\n", &world) == "ab\n")
    world.invoke(.log, KernelProtocol.log, [Opcode.Log.setAttributes, 0, 8, 0], operation: .send)
    #expect(write("a\rb", &world) == "a\nb")
  }
}
