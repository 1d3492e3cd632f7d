import FiascoABI

@testable import FiascoKernel

extension KernelWorld {
  /// The marks so far, after some more time.
  mutating func seen(_ milliseconds: UInt64) -> String {
    ms(milliseconds)
    return order
  }

  func microseconds(_ actor: Actor) -> Int64 { kernel.threads[actor.id.slot].consumed.microseconds }
}

extension Step {
  /// An exception handler answers with the whole frame as it stands in its message registers.
  static var resume: Step {
    .call(SystemCall(tag: MessageTag(words: ExceptionMessage.words), target: .special(.replyAndWait)))
  }
}

// The programs of area b: what they have in common, as functions of what differs.
extension AreaBTests {
  /// Clients queue one millisecond after the other at a server that begins to receive at 10 ms.
  static func queue(
    _ w: inout KernelWorld, server priority: UInt64, _ clients: [UInt64], raisesFirst: Bool = false
  ) -> String {
    var steps: [Step] = [.sleep(milliseconds: 10), .wait()]
    for _ in clients { steps += [.markMessage("m"), .reply(timeouts: .ms(0, 3))] }
    let server = w.thread(priority: priority, steps + [.mark("srv-end")])
    var first: Actor?
    for (index, client) in clients.enumerated() {
      let number = index + 1
      let actor = w.go(
        .mark("arr\(number)"), .request(server.slot, .call, words: [UInt64(number)]), .mark("c\(number)"), at: client)
      if first == nil { first = actor }
      w.ms(1)
    }
    if raisesFirst, let first { w.runThread(first, priority: 119) }
    return w.seen(40)
  }

  /// Everything ready at once: a client calls a waiting server while a thread between them is ready.
  static func rival(
    _ w: inout KernelWorld, _ client: UInt64, server: UInt64, flags: MessageTagFlags = []
  ) -> String {
    let server = w.go(.wait(), .mark("srv:got"), .reply(), at: server)
    w.ms(1)
    w.rise()
    _ = w.go(.mark("M"))
    _ = w.go(.mark("cl:before"), .request(server.slot, .call, flags: flags), .mark("cl:after"), at: client)
    return w.seen(20)
  }

  /// Who runs after the answer to a call.
  static func answered(
    _ w: inout KernelWorld, _ client: UInt64, server: UInt64, _ reply: Step, _ mark: String, spins: Bool = false,
    late: UInt64 = 0
  ) -> String {
    let begin: [Step] = late > 0 ? [.sleep(milliseconds: late)] : []
    let server = w.thread(priority: server, begin + [.wait(), .mark("srv:got"), reply, .mark(mark)])
    w.ms(1)
    var steps: [Step] = [.mark("cl:before"), .call(server.slot), .mark("cl:after")]
    if spins { steps += [.compute(.milliseconds(5)), .mark("cl:spin-end")] }
    _ = w.thread(priority: client, steps)
    return w.seen(30)
  }

  static func sent(_ w: inout KernelWorld, _ client: UInt64, server: UInt64, flags: MessageTagFlags = []) -> String {
    let server = w.go(
      .wait(), .mark("srv:got"), .reply(timeouts: .ms(0, 3)), .mark("srv:after-raw"), at: server)
    _ = w.go(
      .mark("cl:before-send"), .request(server.slot, .send, flags: flags), .mark("cl:after-send"), at: client)
    return w.seen(20)
  }

  /// A server works 5 ms for a client; after one of them a thread between the two becomes ready.
  static func worked(_ w: inout KernelWorld, flags: MessageTagFlags) -> String {
    w.rise()
    let server = w.go(.wait(), .mark("srv:start"), .compute(.milliseconds(5)), .mark("srv:end"), .reply(), at: 101)
    w.ms(1)
    _ = w.go(.mark("cl:before"), .request(server.slot, .call, flags: flags), .mark("cl:after"), at: 120)
    w.ms(1)
    _ = w.go(.mark("M:start"), .compute(.milliseconds(2)), .mark("M:end"))
    return w.seen(20)
  }

  /// A server works longer than the client's quantum while somebody else waits for the processor.
  static func long(_ w: inout KernelWorld, flags: MessageTagFlags) -> String {
    let server = longServer(&w)
    w.rise()
    _ = w.go(.mark("M:start"), .compute(.milliseconds(3)), .mark("M:end"))
    _ = w.go(.mark("cl:call"), .request(server.slot, .call, flags: flags), .mark("cl:ret"), at: 120)
    return w.seen(60)
  }

  static func longCall(_ w: inout KernelWorld, flags: MessageTagFlags) -> (Actor, Actor) {
    let server = longServer(&w)
    w.rise()
    let client = w.go(.mark("cl:call"), .request(server.slot, .call, flags: flags), .mark("cl:ret"), at: 120)
    return (client, server)
  }

  private static func longServer(_ w: inout KernelWorld) -> Actor {
    let server = w.go(.wait(), .mark("srv:start"), .compute(.milliseconds(25)), .mark("srv:end"), .reply(), at: 101)
    w.ms(1)
    return server
  }

  /// C (110) meets a server in its wait; a rival was made ready before.
  static func meets(
    _ w: inout KernelWorld, server: UInt64, rival: UInt64? = nil, _ operation: IPCOperation,
    flags: MessageTagFlags = []
  ) -> String {
    let server = w.go(.wait(), .mark("S:got"), .reply(), at: server)
    w.ms(1)
    if rival != 110 { w.rise() }
    if let rival { _ = w.go(.mark("R"), at: rival) }
    _ = w.go(.mark("C:before"), .request(server.slot, operation, flags: flags), .mark("C:after"))
    return w.seen(20)
  }
}
