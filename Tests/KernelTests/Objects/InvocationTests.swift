import FiascoABI
import Testing

@testable import FiascoKernel

/// What kernel objects answer to requests they do not understand. Ids are those of the golden cases.
struct InvocationTests {
  static let profiles = KernelProfile.Name.allCases

  enum Object: String, CaseIterable { case task, factory, thread, log, icu, scheduler, inert, irq, gate }

  private func slot(_ object: Object, _ world: inout KernelWorld) -> CapabilitySlot {
    switch object {
    case .task: .task
    case .factory: .factory
    case .thread: world.makeThread().slot
    case .log: .log
    case .icu: .icu
    case .scheduler: .scheduler
    case .inert: CapabilitySlot(10)
    case .irq: world.irq(nil)
    case .gate: world.gate(nil)
    }
  }

  @Test(arguments: profiles, Object.allCases)
  func `G99 a strange protocol is refused, or is a message to a thread`(_ profile: KernelProfile.Name, _ object: Object)
  {
    var world = KernelWorld(.named(profile))
    let target = slot(object, &world)
    let answer = world.invoke(target, 0x77, [99], timeouts: .zero)
    switch object {
    case .thread: #expect(answer == -2004)
    case .gate: #expect(answer == -2002)
    case .task, .factory, .log, .icu, .scheduler, .inert, .irq: #expect(answer == -39)
    }
  }

  @Test(arguments: profiles, Object.allCases)
  func `G99 an unknown operation is refused`(_ profile: KernelProfile.Name, _ object: Object) {
    var world = KernelWorld(.named(profile))
    let target = slot(object, &world)
    let labels: [(Object, Int64)] = [
      (.task, -11), (.factory, -15), (.thread, -12), (.log, -13), (.icu, -1), (.scheduler, -14), (.irq, -1),
      (.gate, -10),
    ]
    guard let label = labels.first(where: { $0.0 == object })?.1 else { return }
    let answer = world.invoke(target, label, [0x55], buffer: CapabilitySlot(0x90))
    switch object {
    case .factory: #expect(answer == -19)
    case .irq where profile == .r67: #expect(answer == -22)
    default: #expect(answer == -38)
    }
  }

  @Test(arguments: profiles)
  func `G97 G98 thread control checks words, rights and place, and changes nothing when it fails`(
    _ profile: KernelProfile.Name
  ) {
    var world = KernelWorld(.named(profile))
    let slot = world.newSlot()
    world.create(KernelProtocol.thread, into: slot)
    func control(_ slot: CapabilitySlot, utcb: UInt64, words: Int = 6, task: CapabilitySlot = .task) -> Int64 {
      let flags = ThreadControl.bind | ThreadControl.setPager
      return world.invoke(
        slot, KernelProtocol.thread, Array([flags, 0x77000, 0, 0, 0, utcb].prefix(words)), items: [.objects(task)])
    }
    let good = KernelWorld.utcbArea.address + 0x4000
    #expect(control(slot, utcb: good, words: 5) == -22)
    #expect(control(world.copy(slot, rights: [.read, .write]), utcb: good) == -1)
    #expect(control(slot, utcb: 0x5000_0000) == -22)
    #expect(control(slot, utcb: good + 4) == -22)
    #expect(control(slot, utcb: good, task: .factory) == -22)
    #expect(control(slot, utcb: good, task: world.copy(.task, rights: [.read, .write])) == -1)
    #expect(world.invoke(slot, KernelProtocol.thread, [0, 0, 0, 0, 0, 0]) == 0)
    #expect(world.kernel.messageWord(world.root, 1) == Thread.noSelector)
    #expect(control(slot, utcb: good) == 0)
    #expect(control(slot, utcb: good + 0x400) == -22)
    #expect(world.invoke(slot, KernelProtocol.thread, [0, 0, 0, 0, 0, 0]) == 0)
    #expect(world.kernel.messageWord(world.root, 1) == 0x77000)
  }

  @Test(arguments: profiles)
  func `G85 an object needs a slot to go into`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    let objects = world.kernel.objects.count
    world.kernel.setReceiveBuffers(world.root, [])
    #expect(world.invoke(.factory, KernelProtocol.factory, [0]) == -2009)
    #expect(world.kernel.objects.count == objects)
  }

  @Test(arguments: profiles)
  func `G84 a factory makes no more than its quota pays for`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    let factory = world.newSlot()
    let size: UInt64 = profile == .modern ? 8192 : 4096
    #expect(world.create(KernelProtocol.factory, into: factory, [0, 2 * size]) == 0)
    let slots = (0..<4).map { _ in world.newSlot() }
    func make(_ number: Int) -> Int64 { world.create(KernelProtocol.thread, into: slots[number], factory: factory) }
    #expect([make(0), make(1), make(2)] == [0, 0, -12])
    world.drop(slots[0])
    #expect([make(2), make(3)] == [0, -12])
  }

  @Test(arguments: profiles, [0x99, 0xf_ffff, 0x10_0000, 0xffff_ffff] as [UInt64])
  func `G16 an empty slot is nobody, whatever is asked of it`(_ profile: KernelProfile.Name, _ index: UInt64) {
    for operation in 1...7 as ClosedRange<UInt64> {
      var world = KernelWorld(.named(profile))
      let answer = world.call(
        SystemCall(tag: MessageTag(label: 7), target: ObjectReference(raw: index << 12 | operation), timeouts: .zero))
      #expect(describe(answer) == "err4,p0,w0,i0")
    }
  }
}
