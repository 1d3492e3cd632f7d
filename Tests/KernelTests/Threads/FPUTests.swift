import Determinism
import FiascoABI
import FiascoMachine
import Testing

@testable import FiascoKernel

/// One floating-point unit, many threads: each finds its own registers, and some hand theirs over.
struct FPUTests {
  static let profiles = KernelProfile.Name.allCases

  @Test(arguments: profiles)
  func `every thread finds its own registers, a new one zeros`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    let steps: (UInt64, String) -> [Step] = { value, name in
      [.markFloat(name), .setFloat(value), .sleep(milliseconds: 3), .markFloat(name), .sleep(milliseconds: 100)]
    }
    let a = world.thread(priority: 20, steps(7, "a"))
    let b = world.thread(priority: 20, steps(8, "b"))
    let idle = world.thread(priority: 20, [.mark("idle"), .sleep(milliseconds: 100)])
    world.sleep(milliseconds: 10)
    #expect(world.log.sorted() == ["a 0", "a 7", "b 0", "b 8", "idle"])
    #expect([a, b].allSatisfy { world.kernel.threads[$0.id.slot].fpuState >= 0 })
    #expect(world.kernel.threads[idle.id.slot].fpuState == -1)
  }

  @Test(arguments: profiles)
  func `exchanging registers and being woken leave the unit alone`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    let a = world.thread(priority: 20, [.setFloat(7), .wait(), .markFloat("a"), .sleep(milliseconds: 100)])
    world.sleep(milliseconds: 2)
    world.exchangeRegisters(a, flags: ExchangeRegisters.cancel)
    world.sleep(milliseconds: 2)
    #expect(world.log == ["a 7"])
  }

  @Test func `a fork has its own registers, and its digest says so`() {
    var world = KernelWorld()
    let a = world.thread(priority: 20, [.setFloat(7), .wait()])
    world.sleep(milliseconds: 2)
    var fork = world.node.fork()
    #expect(digest(world.node) == digest(fork))
    let state = Int(world.kernel.threads[a.id.slot].fpuState)
    fork.kernel.fpuStates[state].registers[10] = 8
    #expect(world[fpu: a.id][10] == 7)
    #expect(digest(world.node) != digest(fork))
  }

  private func digest(_ node: borrowing Node) -> UInt64 {
    var digest = StateDigest()
    node.digest(into: &digest)
    return digest.value
  }

  // MARK: Quota

  private func thread(_ world: inout KernelWorld, quota: UInt64, _ steps: [Step]) -> (Actor, CapabilitySlot) {
    let factory = world.newSlot()
    #expect(world.create(KernelProtocol.factory, into: factory, [0, quota]) == 0)
    let handler = world.thread(priority: 30, [.wait(), .mark("exception"), .wait()])
    let actor = world.makeThread(handler: world.gate(handler, label: 0x600), factory: factory)
    world.append(steps, to: actor.id)
    world.start(actor, priority: 10)
    return (actor, factory)
  }

  @Test(arguments: profiles)
  func `the thread's factory pays at the first use, and gets it back`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    let sizes = world.kernel.profile.objectSizes
    let (actor, factory) = thread(&world, quota: 2 * sizes.thread, [.setFloat(7), .wait()])
    let found = world.kernel.capability(of: TaskID(0), at: UInt64(factory.index))
    let index = found.map { Int(world.kernel.objects[$0.object.slot].index) } ?? -1
    #expect(world.kernel.factories[index].used == sizes.thread)
    world.sleep(milliseconds: 2)
    #expect(world.kernel.factories[index].used == sizes.thread + sizes.fpuState)
    #expect(world.kernel.fpuOwner == actor.id)
    world.drop(actor.slot)
    world.sleep(milliseconds: 2)
    #expect(world.kernel.fpuOwner.isNone)
    #expect(world.kernel.fpuStates.count == 0)
    #expect(world.kernel.factories[index].used == 0)
  }

  @Test(arguments: profiles)
  func `without quota the instruction is illegal`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    let (actor, _) = thread(&world, quota: world.kernel.profile.objectSizes.thread, [.setFloat(7), .mark("went on")])
    world.sleep(milliseconds: 2)
    #expect(world.log == ["exception"])
    #expect(world.kernel.threads[actor.id.slot].faultCause == ExceptionCause.illegalInstruction)
    #expect(world.kernel.fpuOwner.isNone)
  }

  @Test(arguments: [false, true])
  func `a vCPU that is denied the unit finds its instructions illegal`(_ owns: Bool) {
    var world = KernelWorld()
    let handler = world.thread(priority: 30, [.wait(), .mark("exception"), .wait()])
    let actor = world.makeThread(handler: world.gate(handler, label: 0x600))
    let code = Encoded.moveFromX + (owns ? Encoded.pause : []) + Encoded.moveFromX + Encoded.loop
    for (index, word) in code.enumerated() {
      world.kernel.memory.store(word, frame: KernelWorld.kernelFrames, offset: index * 4)
    }
    if !owns { world.kernel.threads[actor.id.slot].flags.insert(.vcpuNoFPU) }
    world.exchangeRegisters(actor, ip: KernelWorld.window)
    world.runThread(actor, priority: 10)
    world.sleep(milliseconds: 5)
    #expect(world.log == (owns ? [] : ["exception"]))
    world.kernel.threads[actor.id.slot].flags.insert(.vcpuNoFPU)
    world.sleep(milliseconds: 50)
    #expect(world.log == ["exception"])
  }

  /// Machine code for `fmv.d.x fa0, a0`, a pause of 20 ms, and a jump to itself.
  private enum Encoded {
    static let moveFromX: [UInt32] = [0xf205_0553]
    /// li a1, 100000; addi a1, a1, -1; bnez a1, back by 4.
    static let pause: [UInt32] = [0x0001_85b7, 0x6a05_8593, 0xfff5_8593, 0xfe05_9ee3]
    static let loop: [UInt32] = [0x0000_006f]
  }

  @Test(arguments: profiles)
  func `an instruction that is really illegal makes its thread the owner first`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    let handler = world.thread(priority: 30, [.wait(), .mark("exception"), .wait()])
    let actor = world.makeThread(handler: world.gate(handler, label: 0x600))
    world.kernel.memory.store(.max as UInt32, frame: KernelWorld.kernelFrames, offset: 0)
    world.exchangeRegisters(actor, ip: KernelWorld.window)
    world.runThread(actor, priority: 10)
    world.sleep(milliseconds: 2)
    #expect(world.log == ["exception"])
    #expect(world.kernel.fpuOwner == actor.id)
    // On and clean: nothing was written.
    #expect(world.kernel.messageWord(handler.id, ExceptionMessage.status) == 0x2_0000_4020)
    #expect(world.kernel.messageWord(handler.id, ExceptionMessage.value) == 0xffff_ffff)
  }
}
