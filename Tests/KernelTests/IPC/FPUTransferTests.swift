import FiascoABI
import Testing

@testable import FiascoKernel

/// Messages that hand floating-point state over.
struct FPUTransferTests {
  static let profiles = KernelProfile.Name.allCases

  private static func send(_ slot: CapabilitySlot, flags: MessageTagFlags) -> Step {
    .call(SystemCall(tag: MessageTag(flags: flags), target: ObjectReference(slot: slot, operation: .send)))
  }

  /// Flag of the tag, will of the receiver, right of the capability: only all three together.
  @Test(arguments: profiles, 0..<8)
  func `state moves if sender, receiver and capability agree`(_ profile: KernelProfile.Name, _ bits: Int) {
    var world = KernelWorld(.named(profile))
    let (flagged, inherits, permitted) = (bits & 1 != 0, bits & 2 != 0, bits & 4 != 0)
    let receiver = world.makeThread()
    world.append([.setFloat(5), .wait(), .markFloat("receiver"), .sleep(milliseconds: 100)], to: receiver.id)
    if inherits { world.kernel.setUTCBWord(receiver.id, UTCB.bufferDescriptor, UTCB.inheritFPU) }
    world.start(receiver, priority: 30)
    world.sleep(milliseconds: 1)
    let slot = permitted ? receiver.slot : world.copy(receiver.slot, rights: .read)
    _ = world.thread(
      priority: 20,
      [.setFloat(7), Self.send(slot, flags: flagged ? .transferFPU : []), .markFloat("sender"), .wait()])
    world.sleep(milliseconds: 3)
    let moves = bits == 7
    #expect(world.log == (moves ? ["receiver 7", "sender 0"] : ["receiver 5", "sender 7"]))
  }

  @Test(arguments: profiles, [false, true])
  func `state that is not in the unit moves too`(_ profile: KernelProfile.Name, _ receiverOwns: Bool) {
    var world = KernelWorld(.named(profile))
    let receiver = world.makeThread()
    let own: [Step] = receiverOwns ? [.setFloat(5)] : []
    let steps: [Step] = [.sleep(milliseconds: 2)] + own + [.wait(), .markFloat("receiver"), .wait()]
    world.append(steps, to: receiver.id)
    world.kernel.setUTCBWord(receiver.id, UTCB.bufferDescriptor, UTCB.inheritFPU)
    world.start(receiver, priority: 30)
    _ = world.thread(
      priority: 20, [.setFloat(7), .sleep(milliseconds: 5), Self.send(receiver.slot, flags: .transferFPU), .wait()])
    _ = world.thread(priority: 25, [.sleep(milliseconds: 1), .setFloat(9), .sleep(milliseconds: 100)])
    world.sleep(milliseconds: 10)
    #expect(world.log == ["receiver 7"])
  }

  @Test(arguments: profiles)
  func `a sender without state takes the receiver's away`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    let receiver = world.makeThread()
    world.append([.setFloat(5), .wait(), .markFloat("receiver"), .wait()], to: receiver.id)
    world.kernel.setUTCBWord(receiver.id, UTCB.bufferDescriptor, UTCB.inheritFPU)
    world.start(receiver, priority: 30)
    world.sleep(milliseconds: 1)
    _ = world.thread(priority: 20, [Self.send(receiver.slot, flags: .transferFPU), .wait()])
    world.sleep(milliseconds: 3)
    #expect(world.log == ["receiver 0"])
  }

  /// Bits: the handler wants it, its capability permits it, its answer gives it back.
  @Test(arguments: profiles, 0..<8)
  func `a handler that wants the state gets it with the exception`(_ profile: KernelProfile.Name, _ bits: Int) {
    var world = KernelWorld(.named(profile))
    let (inherits, permitted, returns) = (bits & 1 != 0, bits & 2 != 0, bits & 4 != 0)
    let handler = world.makeThread()
    var words = [UInt64](repeating: 0, count: 37)
    words[ExceptionMessage.instructionPointer] = 0x7000_1000
    let answer = SystemCall(
      tag: MessageTag(words: 37, flags: returns ? .transferFPU : []), target: .special(.replyAndWait), words: words)
    world.append([.wait(), .markFloat("handler"), .setFloat(9), .call(answer)], to: handler.id)
    if inherits { world.kernel.setUTCBWord(handler.id, UTCB.bufferDescriptor, UTCB.inheritFPU) }
    world.start(handler, priority: 30)
    let slot = permitted ? handler.slot : world.copy(handler.slot, rights: .read)
    _ = world.thread(
      priority: 20, handler: slot, [.setFloat(7), .trap(cause: 3, value: 0), .markFloat("faulter"), .spin])
    world.sleep(milliseconds: 3)
    let taken = inherits && permitted
    let given = returns && permitted
    #expect(world.log == ["handler \(taken ? 7 : 0)", "faulter \(given ? 9 : taken ? 0 : 7)"])
  }
}
