import Determinism
import FiascoABI
import FiascoMachine
import RISCV
import Testing

@testable import FiascoKernel

/// Each core has a floating-point unit: what a thread has in one goes with it to another.
struct MigratingFPUTests {
  static let profiles = KernelProfile.Name.allCases

  @Test(arguments: profiles, [[1], [1, 0], [2, 1], [1, 2, 0], [2, 2, 1]])
  func `the owner of a unit moves and finds its value on the other core`(
    _ profile: KernelProfile.Name, _ moves: [Int]
  ) {
    var world = KernelWorld(.named(profile), cores: 3)
    // Somebody on each core wants the unit as well, and finds his own value again.
    for core in 0..<3 {
      let turn: [Step] = [.sleep(milliseconds: 1), .markFloat("local"), .sleep(milliseconds: 1)]
      _ = world.thread(priority: 20, core: core, [.setFloat(5)] + turn + turn + turn)
    }
    let actor = world.thread(
      priority: 10, core: 0,
      [.sleep(milliseconds: 1), .setFloat(7), .compute(.milliseconds(10)), .markFloat("moved"), .spin])
    world.sleep(milliseconds: 2)
    for core in moves {
      world.runThread(actor, priority: 10, core: core)
      for owner in (0..<3).map({ world.kernel.processor($0).fpuOwner }) { #expect(owner != actor.id) }
      world.sleep(milliseconds: 1)
    }
    world.sleep(milliseconds: 20)
    #expect(world.log.filter { $0 != "local 5" } == ["moved 7"])
    #expect(world.log.count == 10)
    #expect(world.kernel.processor(moves[moves.count - 1]).fpuOwner == actor.id)
  }

  @Test(arguments: profiles, 1...4 as ClosedRange<UInt64>)
  func `nobody ever finds another thread's value, however they are moved about`(
    _ profile: KernelProfile.Name, _ seed: UInt64
  ) {
    var world = KernelWorld(.named(profile), cores: 3)
    world.checksSpaces = false
    var random = SeededGenerator(seed: seed)
    var expected: [[String]] = []
    let actors = (0..<5).map { number -> Actor in
      var steps: [Step] = []
      var marks: [String] = []
      for round in 1...8 {
        let value = UInt64(number * 100 + round)
        steps += [.setFloat(value), .compute(.microseconds(Int64(random.next(below: 3000)))), .markFloat("T\(number)")]
        marks.append("T\(number) \(value)")
      }
      expected.append(marks)
      return world.thread(priority: 10, quantum: 1000, core: random.next(below: 3), steps)
    }
    for _ in 0..<40 {
      let actor = actors[random.next(below: actors.count)]
      world.runThread(actor, priority: 10, quantum: 1000, core: random.next(below: 3))
      world.sleep(milliseconds: 1)
    }
    world.sleep(milliseconds: 80)
    for (number, marks) in expected.enumerated() { #expect(world.log.filter { $0.hasPrefix("T\(number) ") } == marks) }
  }

  /// Bits: the sender owns its unit when it sends, the receiver owned one before, it is a call.
  @Test(arguments: profiles, 0..<8)
  func `state is handed over between cores as on one core`(_ profile: KernelProfile.Name, _ bits: Int) {
    let logs = [(1, 0, 0), (2, 0, 1), (2, 1, 0), (3, 2, 1)].map { cores, from, to in
      var world = KernelWorld(.named(profile), cores: cores)
      let receiver = world.makeThread()
      let first: [Step] = bits & 2 != 0 ? [.setFloat(5)] : []
      world.append(first + [.wait(), .markFloat("receiver"), .setFloat(8)], to: receiver.id)
      world.kernel.setUTCBWord(receiver.id, UTCB.bufferDescriptor, UTCB.inheritFPU)
      world.start(receiver, priority: 30, core: to)
      world.sleep(milliseconds: 1)
      let request = SystemCall(
        tag: MessageTag(flags: .transferFPU),
        target: ObjectReference(slot: receiver.slot, operation: bits & 4 != 0 ? .call : .send),
        timeouts: .receive(milliseconds: 2))
      let sender = world.thread(
        priority: 10, core: from,
        [.setFloat(7), .compute(.milliseconds(6)), .call(request), .markFloat("sender"), .sleep(milliseconds: 50)])
      if bits & 1 == 0 {
        let other: [Step] = [.sleep(milliseconds: 2), .setFloat(9), .sleep(milliseconds: 50)]
        _ = world.thread(priority: 20, core: from, other)
      }
      world.sleep(milliseconds: 4)
      #expect((world.kernel.processor(from).fpuOwner == sender.id) == (bits & 1 != 0))
      world.sleep(milliseconds: 9)
      return world.log
    }
    for log in logs { #expect(log == ["receiver 7", "sender 0"]) }
  }

  @Test(arguments: profiles, 1...2)
  func `with the state of its owner the receiver gets the unit at once, on one core`(
    _ profile: KernelProfile.Name, _ cores: Int
  ) {
    var world = KernelWorld(.named(profile), cores: cores)
    let receiver = world.makeThread()
    world.append([.wait(), .compute(.milliseconds(5))], to: receiver.id)
    world.kernel.setUTCBWord(receiver.id, UTCB.bufferDescriptor, UTCB.inheritFPU)
    world.start(receiver, priority: 30, core: cores - 1)
    let request = SystemCall(
      tag: MessageTag(flags: .transferFPU), target: ObjectReference(slot: receiver.slot, operation: .send))
    _ = world.thread(priority: 10, core: 0, [.setFloat(7), .call(request), .sleep(milliseconds: 50)])
    world.sleep(milliseconds: 2)
    #expect(world.kernel.processor(0).fpuOwner == (cores == 1 ? receiver.id : .none))
    if cores == 2 { #expect(world.kernel.processor(1).fpuOwner.isNone) }
  }

  @Test(arguments: profiles)
  func `a handler of another core gets the state with the exception and gives one back`(
    _ profile: KernelProfile.Name
  ) {
    var world = KernelWorld(.named(profile), cores: 2)
    let handler = world.makeThread()
    var words = [UInt64](repeating: 0, count: 37)
    words[ExceptionMessage.instructionPointer] = 0x7000_1000
    let answer = SystemCall(
      tag: MessageTag(words: 37, flags: .transferFPU), target: .special(.replyAndWait), words: words)
    world.append([.wait(), .markFloat("handler"), .setFloat(9), .call(answer)], to: handler.id)
    world.kernel.setUTCBWord(handler.id, UTCB.bufferDescriptor, UTCB.inheritFPU)
    world.start(handler, priority: 30, core: 1)
    let faulter = world.thread(
      priority: 20, handler: handler.slot, core: 0,
      [.setFloat(7), .trap(cause: 3, value: 0), .markFloat("faulter"), .spin])
    world.sleep(milliseconds: 3)
    #expect(world.log == ["handler 7", "faulter 9"])
    #expect(world.kernel.processor(0).fpuOwner == faulter.id)
    #expect(world.kernel.processor(1).fpuOwner.isNone)
  }

  @Test func `a fork between two cores has its own value, and its digest says so`() {
    var world = KernelWorld(.modern, cores: 2)
    let actor = world.thread(
      priority: 10, core: 0, [.setFloat(7), .compute(.milliseconds(4)), .markFloat("found"), .spin])
    world.sleep(milliseconds: 2)
    let state = world.kernel.fpuState(of: actor.id)
    world.runThread(actor, priority: 10, core: 1)
    #expect(world.kernel.allRequests == [.arrive(actor.id)])
    var fork = world.node.fork()
    #expect(Self.digest(fork) == Self.digest(world.node))
    fork.kernel.fpuStates[state].registers[10] = 8
    #expect(Self.digest(fork) != Self.digest(world.node))
    // The fork goes on first, then the original from where both stood.
    let scripts = world.scripts
    swap(&world.node, &fork)
    world.sleep(milliseconds: 8)
    world.scripts = scripts
    swap(&world.node, &fork)
    world.sleep(milliseconds: 8)
    #expect(world.log == ["found 8", "found 7"])
    #expect(world.kernel.processor(1).fpuOwner == actor.id)
    var other = world.node.fork()
    other.kernel.activate(core: 1)
    other.kernel.fpuOwner = .none
    other.kernel.activate(core: world.kernel.activeCore)
    #expect(Self.digest(other) != Self.digest(world.node), "who owns the unit of another core is state")
  }

  private static func digest(_ node: borrowing Node) -> UInt64 {
    var digest = StateDigest()
    node.digest(into: &digest)
    return digest.value
  }
}
