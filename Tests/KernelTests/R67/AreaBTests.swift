import FiascoABI
import Testing

@testable import FiascoKernel

/// Area b and its relatives of area r: who runs when. A program shows the order of its marks.
struct AreaBTests {
  @Test(arguments: cases)
  func `threads run in the order in which the real kernel ran them`(_ observed: ObservedCase) { observed.verify() }

  static let cases: [ObservedCase] = [
    .both("b01", "arr1 arr2 arr3 arr4 arr5 m5 m2 m4 m1 m3 c5 c4 c2 c3 c1 srv-end") { w in
      queue(&w, server: 120, [105, 110, 105, 110, 115])
    },
    .both("b02", "arr1 arr2 arr3 arr4 m1 m2 m3 m4 c4 c3 c2 c1 srv-end") { w in
      queue(&w, server: 120, [110, 110, 110, 110])
    },
    .both("b03", "arr1 arr2 m2 m1 c1 c2 srv-end") { w in queue(&w, server: 120, [105, 110], raisesFirst: true) },
    .both("b04", "cl:before srv:got cl:after M") { w in rival(&w, 120, server: 101) },
    .both("b05", "cl:before M srv:got cl:after") { w in rival(&w, 120, server: 101, flags: .schedule) },
    .both("b06", "cl:before mid:got srv:got mid:nested-done cl:after M") { w in
      let backend = w.go(.wait(), .mark("srv:got"), .reply(), at: 102)
      let mid = w.go(.wait(), .mark("mid:got"), .call(backend.slot), .mark("mid:nested-done"), .reply(), at: 101)
      w.ms(1)
      w.rise()
      _ = w.go(.mark("M"))
      _ = w.go(.mark("cl:before"), .call(mid.slot), .mark("cl:after"), at: 120)
      return w.seen(20)
    },
    .both("b07", "cl:before srv:got cl:after srv:after-raw") { w in
      answered(&w, 105, server: 120, .reply(timeouts: .ms(0, 3)), "srv:after-raw")
    },
    .both("b08", "cl:before srv:got cl:after srv:after-reply") { w in
      answered(&w, 105, server: 120, .reply(.replyOnly), "srv:after-reply")
    },
    .both("b09", "cl:before srv:got cl:after srv:after-reply") { w in
      answered(&w, 120, server: 105, .reply(.replyOnly), "srv:after-reply")
    },
    .differs(
      "b10", r67: "cl:before srv:got cl:after M srv:after-raw", modern: "M cl:before srv:got cl:after srv:after-raw"
    ) { w in
      let server = w.go(.wait(), .mark("srv:got"), .reply(timeouts: .ms(0, 3)), .mark("srv:after-raw"))
      w.ms(1)
      _ = w.go(.mark("M"))
      _ = w.go(.mark("cl:before"), .call(server.slot), .mark("cl:after"))
      return w.seen(20)
    },
    // Main starts the server and does not wait: in profile r67 it has not reached its wait when the client sends.
    .differs(
      "b11", r67: "cl:before-send cl:after-send srv:got srv:after-raw",
      modern: "cl:before-send srv:got srv:after-raw cl:after-send"
    ) { w in sent(&w, 110, server: 110) },
    .differs(
      "b12", r67: "cl:before-send cl:after-send srv:got srv:after-raw",
      modern: "cl:before-send srv:got srv:after-raw cl:after-send"
    ) { w in sent(&w, 110, server: 110, flags: .schedule) },
    .both("b13", "cl:before-send srv:got srv:after-raw cl:after-send") { w in sent(&w, 110, server: 115) },
    .both("b14", "cl:before-send cl:after-send srv:got srv:after-raw") { w in sent(&w, 110, server: 105) },
    .both("b15", "arr1 arr2 m1 c1 m2 c2 srv-end") { w in queue(&w, server: 110, [110, 110]) },
    .both("b16", "arr1 arr2 m1 c1 m2 c2 srv-end") { w in queue(&w, server: 105, [110, 110]) },
    .both("b17", "arr1 srv:m1-start arr2 M:start M:end srv:m1-end c1:done srv:m2-start c2:done") { w in
      w.rise()
      let server = w.go(
        .wait(), .mark("srv:m1-start"), .compute(.milliseconds(5)), .mark("srv:m1-end"), .reply(),
        .mark("srv:m2-start"), .reply(), at: 101)
      w.ms(1)
      _ = w.go(.mark("arr1"), .call(server.slot), .mark("c1:done"), at: 103)
      w.ms(2)
      _ = w.go(.mark("arr2"), .call(server.slot), .mark("c2:done"), at: 120)
      w.ms(1)
      _ = w.go(.mark("M:start"), .compute(.milliseconds(8)), .mark("M:end"))
      return w.seen(40)
    },
    .both("b18", "cl:before srv:got cl:after cl:spin-end srv:after-reply") { w in
      answered(&w, 105, server: 120, .reply(.replyOnly), "srv:after-reply", spins: true)
    },
    .both("b19", "cl:before srv:got srv:after-reply cl:after cl:spin-end") { w in
      let reply = SystemCall(tag: MessageTag(label: 0x55, flags: .schedule), target: .special(.replyOnly))
      return answered(&w, 105, server: 120, .call(reply), "srv:after-reply", spins: true)
    },
    .both("b20", "cl:before srv:got srv:after-reply cl:after cl:spin-end") { w in
      answered(&w, 105, server: 120, .reply(.replyOnly), "srv:after-reply", spins: true, late: 3)
    },
    .both("b21", "cl:before srv:start M:start M:end srv:end cl:after") { w in worked(&w, flags: []) },
    .both("b22", "cl:before srv:start M:start M:end srv:end cl:after") { w in worked(&w, flags: .schedule) },
    .both("b23", "cl:call srv:start M:start M:end srv:end cl:ret") { w in long(&w, flags: []) },
    .both("b24", "cl:call srv:start srv:end cl:ret 25000 0") { w in
      let (client, server) = longCall(&w, flags: [])
      let text = w.seen(60)
      return "\(text) \(w.microseconds(server)) \(w.microseconds(client))"
    },
    .both("b25", "cl:call M:start M:end srv:start srv:end cl:ret") { w in long(&w, flags: .schedule) },
    .both("r11", "C:call S:start Hi R S:end C:ret") { w in
      w.rise()
      let server = w.go(.wait(), .mark("S:start"), .compute(.milliseconds(6)), .mark("S:end"), .reply(), at: 101)
      _ = w.go(.sleep(milliseconds: 3), .mark("Hi"), at: 200)
      w.ms(1)
      _ = w.go(.mark("R"))
      _ = w.go(.mark("C:call"), .call(server.slot), .mark("C:ret"), at: 120)
      return w.seen(20)
    },
    .differs(
      "r12", r67: "S:start Hi S:end H:exc C:ret 1 550001=77", modern: "S:start Hi S:end H:exc C:ret 0 550001=77"
    ) { w in
      let handler = w.go(.wait(), .mark("H:exc"), .resume, at: 130)
      let server = w.go(.wait(), .mark("S:start"), .compute(.milliseconds(6)), .mark("S:end"), .reply(), at: 101)
      let client = w.makeThread(handler: w.gate(handler, label: 0x100))
      let trigger = [Opcode.Thread.exchangeRegisters | ExchangeRegisters.triggerException, .max, .max]
      let high = w.go(
        .sleep(milliseconds: 3), .mark("Hi"), .invoke(client.slot, KernelProtocol.thread, trigger), at: 200)
      w.ms(1)
      w.append([.call(server.slot), .mark("C:ret")], to: client.id)
      w.start(client, priority: 120)
      let order = w.seen(20)
      return "\(order) \(w.results(high.id)[1].words[0] & 1) \(w.see(client))"
    },
    .both("r43", "A:start W:woken A:sent A:end R") { w in
      let woken = w.go(.wait(), .mark("W:woken"), at: 90)
      w.ms(1)
      _ = w.go(.mark("R"), at: 90)
      _ = w.go(
        .mark("A:start"), .compute(.milliseconds(3)), .send(woken.slot), .mark("A:sent"), .compute(.milliseconds(2)),
        .mark("A:end"), at: 90)
      return w.seen(20)
    },
    .both("r60", "C:before C:after R S:got") { w in meets(&w, server: 105, rival: 107, .send) },
    .both("r61", "C:before S:got C:after") { w in meets(&w, server: 110, .send) },
    .both("r62", "C:before S:got C:after") { w in meets(&w, server: 120, .send) },
    .both("r63", "C:before S:got C:after R") { w in meets(&w, server: 105, rival: 107, .call) },
    .both("r64", "C:before R S:got C:after") { w in meets(&w, server: 105, rival: 107, .call, flags: .schedule) },
    .differs("r65", r67: "C:before S:got C:after R", modern: "R C:before S:got C:after") { w in
      meets(&w, server: 110, rival: 110, .call)
    },
    .both("r66", "C:before S:got C:after") { w in meets(&w, server: 110, .send, flags: .schedule) },
    .both("r67", "C:before S:got C:after") { w in meets(&w, server: 120, .call) },
  ]
}
