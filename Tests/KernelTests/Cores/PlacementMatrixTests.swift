import FiascoABI
import Testing

@testable import FiascoKernel

/// Where two partners live changes when things happen, never what: every IPC operation gives the same messages, tags,
/// labels and errors on one core, on two, and on the same one of two.
struct PlacementMatrixTests {
  /// What the partners say to each other.
  enum Conversation: String, CaseIterable {
    case sendToWait, sendToClosedReceive, sendToOtherReceive, callAndReply, callAndReplyAndWait, twoCalls
    case sendAndWait, waitForSend, closedReceive, answerByThread, callEachOther, callWithoutReply
    case replyTwice, replyToNobody, sendToDead
  }

  enum Patience: String, CaseIterable {
    case zero, short, long, never
    var timeout: IPCTimeout {
      switch self {
      case .zero: .zero
      case .short: .relative(microseconds: 1000)
      case .long: .relative(microseconds: 9000)
      case .never: .never
      }
    }
  }

  enum Payload: String, CaseIterable { case words, item, itemWithoutBuffer }

  static let profiles = KernelProfile.Name.allCases

  @Test(arguments: profiles, Conversation.allCases)
  func `partners say the same wherever they live`(_ profile: KernelProfile.Name, _ conversation: Conversation) {
    var outcomes: [String] = []
    for patience in Patience.allCases {
      for payload in Payload.allCases where payload == .words || patience == .long {
        for delay in [5, -5] {
          let run = { (cores: Int, a: Int, b: Int) in
            Self.run(.named(profile), conversation, patience, payload, delay, cores: cores, a, b)
          }
          let expected = run(1, 0, 0)
          outcomes.append(expected)
          let others = patience == .never ? [(3, 1, 2), (2, 1, 1)] : []
          for (cores, a, b) in [(2, 0, 1), (2, 1, 0)] + others {
            #expect(run(cores, a, b) == expected, "\(patience) \(payload) \(delay), cores \(a) and \(b) of \(cores)")
          }
        }
      }
    }
    // The table is not one answer over and over.
    #expect(outcomes.contains { $0 != outcomes[0] } || conversation == .replyToNobody || conversation == .sendToDead)
  }

  /// All that both have learnt, and whether the capability has come. The first partner begins `delay` milliseconds
  /// after the second.
  private static func run(
    _ profile: KernelProfile, _ conversation: Conversation, _ patience: Patience, _ payload: Payload, _ delay: Int,
    cores: Int, _ first: Int, _ second: Int
  ) -> String {
    var world = KernelWorld(profile, cores: cores)
    world.checksSpaces = false
    let a = world.makeThread()
    let b = world.makeThread()
    let gate = world.gate(b, label: 0x40)
    let item = world.gate(nil)
    let target = world.newSlot()
    let talk = Talk(a: a, b: b, gate: gate, patience: patience.timeout, item: payload == .words ? nil : item)
    let buffer = payload == .item ? target : nil
    let (mine, others) = talk.steps(conversation, buffer: buffer)
    world.append((delay > 0 ? [.sleep(milliseconds: UInt64(delay))] : []) + mine, to: a.id)
    world.append((delay < 0 ? [.sleep(milliseconds: UInt64(-delay))] : []) + others, to: b.id)
    world.start(b, priority: 10, core: second)
    if conversation == .sendToDead {
      world.sleep(milliseconds: 1)
      world.drop(b.slot)
      world.sleep(milliseconds: 1)
    }
    world.start(a, priority: 20, core: first)
    world.sleep(milliseconds: 90)
    let results = [a, b].map { actor in world.results(actor.id).map { describe($0) }.joined(separator: " ") }
    let hasCome = world.kernel.capability(of: TaskID(0), at: UInt64(target.index)) != nil
    return results.joined(separator: " | ") + (hasCome ? " with capability" : "")
  }

  private struct Talk {
    let a: Actor
    let b: Actor
    let gate: CapabilitySlot
    let patience: IPCTimeout
    let item: CapabilitySlot?

    private func request(_ slot: CapabilitySlot, _ operation: IPCOperation) -> Step {
      let typed = item.map { [SendItem.map().raw, FlexPage.objects($0).raw] } ?? []
      return .call(
        SystemCall(
          tag: MessageTag(label: 7, words: 2, items: item == nil ? 0 : 1),
          target: ObjectReference(slot: slot, operation: operation),
          // A receive phase of no time at all would be a race with the answer.
          timeouts: IPCTimeouts(send: patience, receive: patience.isZero ? .relative(microseconds: 3000) : patience),
          label: 0x99,
          words: [0x11, 0x12] + typed))
    }

    private func wait(_ buffer: CapabilitySlot?, from slot: CapabilitySlot? = nil) -> Step {
      let target = slot.map { ObjectReference(slot: $0, operation: .receive) } ?? .special(.wait)
      return .call(
        SystemCall(
          tag: MessageTag(), target: target,
          timeouts: IPCTimeouts(send: .never, receive: .relative(microseconds: 20_000)),
          buffers: buffer.map { [.small($0)] } ?? []))
    }

    private var reply: Step { .reply(.replyOnly, timeouts: .sendZero) }
    private var replyAndWait: Step {
      .reply(timeouts: IPCTimeouts(send: .zero, receive: .relative(microseconds: 20_000)))
    }

    /// Steps of the first and of the second partner.
    func steps(_ conversation: Conversation, buffer: CapabilitySlot?) -> ([Step], [Step]) {
      switch conversation {
      case .sendToWait: ([request(gate, .send)], [wait(buffer)])
      case .sendToClosedReceive: ([request(b.slot, .send)], [wait(buffer, from: a.slot)])
      case .sendToOtherReceive: ([request(b.slot, .send)], [wait(buffer, from: b.slot), wait(buffer)])
      case .callAndReply: ([request(gate, .call)], [wait(buffer), reply])
      case .callAndReplyAndWait: ([request(gate, .call)], [wait(buffer), replyAndWait])
      case .twoCalls: ([request(gate, .call), request(b.slot, .call)], [wait(buffer), replyAndWait, replyAndWait])
      case .sendAndWait:
        ([request(gate, .sendAndWait)], [wait(buffer), .send(a.slot, timeouts: .send(milliseconds: 5))])
      case .waitForSend: ([wait(buffer)], [request(a.slot, .send)])
      case .closedReceive: ([wait(buffer, from: b.slot)], [request(a.slot, .send), request(a.slot, .send)])
      case .answerByThread: ([request(gate, .call)], [wait(buffer), request(a.slot, .send), reply])
      case .callEachOther: ([request(b.slot, .call)], [request(a.slot, .call)])
      case .callWithoutReply: ([request(gate, .call)], [wait(buffer)])
      case .replyTwice: ([request(gate, .call)], [wait(buffer), reply, reply])
      case .replyToNobody: ([wait(buffer)], [reply, replyAndWait])
      case .sendToDead: ([request(gate, .call)], [])
      }
    }
  }
}
