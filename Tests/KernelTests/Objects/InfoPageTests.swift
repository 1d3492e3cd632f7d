import Determinism
import FiascoABI
import Testing

@testable import FiascoKernel

/// The kernel info page and the pager that maps it.
struct InfoPageTests {
  static let profiles = KernelProfile.Name.allCases
  static let window: UInt64 = 0x7000_0000

  /// The root thread asks for the page; the label of the answer, or the IPC error below -2000.
  private func request(
    _ world: inout KernelWorld, word: UInt64 = KernelInfo.request, label: Int64 = KernelProtocol.sigma0,
    buffer: Bool = true
  ) -> Int64 {
    world.kernel.setUTCBWord(world.root, UTCB.bufferDescriptor, 0)
    world.kernel.setUTCBWord(world.root, UTCB.bufferRegisters, buffer ? SendItem.map().raw : 0)
    world.kernel.setUTCBWord(
      world.root, UTCB.bufferRegisters + 1, FlexPage.memory(Self.window, order: 12, rights: .rwx).raw)
    return world.invoke(.pager, label, [word, 0])
  }

  private func read<Value: BitwiseCopyable>(_ world: borrowing KernelWorld, _ offset: Int, as: Value.Type) -> Value {
    world.kernel.memory.load(frame: world.kernel.rootPager.infoFrame, offset: offset, as: Value.self)
  }

  @Test(arguments: profiles)
  func `the root pager maps the page read-only on request`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    #expect(request(&world) == 0)
    let entry = world.kernel.translate(TaskID(0), Self.window)
    #expect(entry?.frame == world.kernel.rootPager.infoFrame)
    #expect(entry?.rights == .rx)
    #expect(read(world, KernelInfo.magic, as: UInt32.self) == KernelInfo.magicNumber)
    #expect(read(world, KernelInfo.granularity, as: UInt32.self) == 1000)
  }

  @Test(arguments: profiles)
  func `every other request is refused, and one without a buffer fails`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    #expect(request(&world, word: 0x12345) == -38)
    #expect(request(&world, label: 0x77) == -39)
    #expect(request(&world, buffer: false) == -2009)
    #expect(world.kernel.translate(TaskID(0), Self.window) == nil)
  }

  @Test(arguments: [(KernelProfile.Name.modern, ["pf_tramp", "abiver:3", "mapdb", "jdb"]), (.r67, ["mapdb", "jdb"])])
  func `features follow the version string`(_ profile: KernelProfile.Name, _ features: [String]) {
    let world = KernelWorld(.named(profile))
    var offset = KernelInfo.strings
    var strings: [String] = []
    while true {
      var bytes: [UInt8] = []
      while case let byte = read(world, offset, as: UInt8.self), byte != 0 {
        bytes.append(byte)
        offset += 1
      }
      offset += 1
      if bytes.isEmpty { break }
      strings.append(String(decoding: bytes, as: UTF8.self))
    }
    #expect(Array(strings.dropFirst()) == features)
  }

  @Test func `the clock of 2016 stands in the page and steps with the tick once somebody can see it`() {
    var world = KernelWorld(.r67)
    #expect(world.kernel.nextClockStep == .never)
    #expect(request(&world) == 0)
    for milliseconds in [7, 8, 23] as [UInt64] {
      let time = Instant(picoseconds: milliseconds * 1_000_000_000 + 999_999_999)
      world.kernel.showClock(at: time)
      #expect(read(world, KernelInfo.clock, as: UInt64.self) == milliseconds * 1000)
      #expect(world.kernel.nextClockStep == Instant(picoseconds: (milliseconds + 1) * 1_000_000_000))
    }
  }

  @Test func `today's clock is code that reads the processor's timer`() {
    var world = KernelWorld(.modern)
    #expect(request(&world) == 0)
    world.kernel.showClock(at: Instant(picoseconds: 5_000_000_000))
    #expect(read(world, KernelInfo.clock, as: UInt64.self) == 0)
    #expect(read(world, KernelInfo.readMicroseconds, as: UInt32.self) == 0xc010_2573)
    #expect(world.kernel.nextClockStep == .never)
  }

  @Test(arguments: profiles)
  func `the root pager gives pages of its window and refuses others`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    let place = world.task()
    world.give(.pager, to: place.slot)
    let handler = world.thread(priority: 30, [.wait()])
    let gate = world.gate(handler, label: 0x600)
    world.give(gate, to: place.slot, at: CapabilitySlot(0x20))
    let thread = world.makeThread(in: place, handler: CapabilitySlot(0x20))
    world.append(
      [.touch(KernelWorld.window + 0x123, .store), .mark("given"), .touch(0x6000_0000, .load)], to: thread.id)
    world.start(thread, priority: 10)
    world.sleep(milliseconds: 2)
    #expect(world.order == "given")
    #expect(world.kernel.messageWord(handler.id, ExceptionMessage.value) == 0x6000_0000)
  }
}
