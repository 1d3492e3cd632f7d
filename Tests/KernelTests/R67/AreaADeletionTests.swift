import FiascoABI
import Testing

@testable import FiascoKernel

/// Area a from a40 on: partners, gates and capabilities that go away, replies, and typed items.
struct AreaADeletionTests {
  @Test(arguments: cases)
  func `what goes away leaves what the real kernel left`(_ observed: ObservedCase) { observed.verify() }

  private static let late: [Step] = [.wait(), .sleep(milliseconds: 10)]
  private static let twice: [Step] = [.reply(timeouts: .ms(0, 5)), .reply(timeouts: .ms(0, 5))]

  static let cases: [ObservedCase] = [
    .differs("a40", r67: "- 8000!4", modern: "8000!6 8000!4") { w in
      let server = w.go()
      let gate = w.gate(server, label: 0x40)
      let client = w.go(.call(gate))
      w.ms(1)
      w.drop(server.slot)
      return w.after(2, client) + " " + w.did(.call(gate, timeouts: .zero))
    },
    .both("a41", "-") { w in
      let server = w.go(.wait())
      let client = w.go(.call(server.slot))
      w.ms(1)
      w.drop(server.slot)
      return w.after(20, client)
    },
    .both("a42", "- 70002@43=11 | -") { w in
      let server = w.go(.sleep(milliseconds: 12), .wait(timeouts: .ms(nil, 5)))
      let gate = w.gate(server, label: 0x40)
      let client = w.go(.call(gate))
      w.ms(1)
      w.drop(gate)
      return w.after(1, client) + " " + w.after(20, server, client)
    },
    .both("a43", "- 550001=77 | 70002@43=11 558001!3") { w in
      let server = w.thread(priority: 110, late + [.reply(timeouts: .ms(0, 5))])
      let gate = w.gate(server, label: 0x40)
      let client = w.go(.call(gate))
      w.ms(1)
      w.drop(gate)
      return w.after(1, client) + " " + w.after(20, client, server)
    },
    .differs("a44", r67: "stop", modern: "70002=11 8000!4 8000!4") { w in
      let server = w.thread(priority: 110, late + twice)
      return deletedCaller(&w, server)
    },
    .differs("a45", r67: "stop", modern: "70002=11 8000!4 8000!4 -") { w in
      let server = w.thread(priority: 110, late + twice)
      let second = w.thread(priority: 110, [.sleep(milliseconds: 5), .call(server.slot)])
      let text = deletedCaller(&w, server)
      return text == "stop" ? text : text + " " + w.see(second)
    },
    .both("a46", "8000!3") { w in
      let server = w.go(.sleep(milliseconds: 5), .wait(timeouts: .ms(nil, 5)))
      let client = w.go(.call(server.slot))
      w.ms(1)
      w.drop(client.slot)
      return w.after(20, server)
    },
    .both("a47", "- - | 550001=77 | 70002=11 70002=11 558001!3 8000!4") { w in
      let server = w.thread(priority: 110, [.wait(), .wait()] + twice)
      let a = w.go(.call(server.slot))
      let before = w.after(2, a)
      let b = w.go(.call(server.slot))
      return before + " " + w.after(10, a, b, server)
    },
    .both("a48", "550001=77 | 70002=11 8000!3 558001!3") { w in
      let server = w.go(.wait(), .wait(timeouts: .ms(nil, 20)), .reply(timeouts: .ms(0, 5)))
      let client = w.go(.call(server.slot))
      return w.after(40, client, server)
    },
    .both("a49", "550001=77 | 70002=11 550001=77 558001!3") { w in
      let backend = w.go(.wait(), .reply())
      let server = w.go(.wait(), .call(backend.slot), .reply(timeouts: .ms(0, 5)))
      let client = w.go(.call(server.slot))
      return w.after(20, client, server)
    },
    .both("a50", "550001=77 | 70002=11 550001=77 8000!4") { w in
      let server = w.go(.wait(), .reply(.replyOnly), .reply(.replyOnly))
      let client = w.go(.call(server.slot))
      return w.after(2, client, server)
    },
    .both("a51", "70002=11 | 70002=11 8000!4") { w in
      let server = w.go(.wait(), .reply(timeouts: .ms(0, 5)))
      let client = w.go(.send(server.slot))
      return w.after(2, client, server)
    },
    .differs("a52", r67: "78002!3 | 70002=11 8000!2 8000!4", modern: "78002!3 | 70002=11 8000!4 8000!4") { w in
      let server = w.thread(priority: 110, late + twice)
      let client = w.go(.call(server.slot, timeouts: .ms(nil, 5)))
      return w.after(20, client, server)
    },
    .differs("a53", r67: "78002!3 | 70002=11 -", modern: "78002!3 | 70002=11 8000!4") { w in
      let server = w.thread(priority: 110, late + [.reply(timeouts: .ms(nil, 5))])
      let client = w.go(.call(server.slot, timeouts: .ms(nil, 5)))
      return w.after(40, client, server)
    },
    .differs("a54", r67: "- | -", modern: "- | 8000!6") { w in
      let server = w.go(.wait())
      let gate = w.gate(server, label: 0x40)
      let a = w.go(.call(gate))
      w.ms(1)
      let b = w.go(.call(gate))
      w.ms(1)
      w.drop(server.slot)
      return w.after(5, a, b)
    },
    .both("a55", "0 8000!4") { w in
      let it = w.makeThread()
      w.append([w.delete(it.slot)], to: it.id)
      w.start(it, priority: 110)
      w.ms(2)
      let valid = w.invoke(.task, KernelProtocol.task, [Opcode.Task.capabilityInfo, it.slot.selector])
      return "\(valid) " + w.did(.send(it.slot))
    },
    .differs("a60", r67: "78041!3 | 78041!9@43 8000!4", modern: "8000!8 | 78041!9@43 8000!4") { w in
      queued(&w, [.factory], .ms(nil, 5), buffers: [], reply: true)
    },
    .both("a61", "500001=77 | 70041@43=22 500001=77 | 1") { w in
      let slot = w.newSlot()
      let server = w.go(.waitFor([.small(slot)]), .answer(0x50))
      let client = w.go(.carry(w.gate(server, label: 0x40), .call, [.factory]))
      let text = w.after(5, client, server)
      return text + " | \(w.valid(slot))"
    },
    // Recorded by a program whose compiler had dropped a store; r75 and r80 are the same case without that.
    .differs("a62", r67: "78081!3 | 78081!9@43 8000!4", modern: "8000!8 | 78081!9@43 8000!4") { w in
      queued(&w, [.factory, .factory], .ms(nil, 5), buffers: [.small(w.newSlot())], reply: true)
    },
    .differs("a63", r67: "38", modern: "3a") { w in
      let server = w.go(.waitFor([.small(w.newSlot())]))
      _ = w.go(.carry(w.gate(server, label: 0x40), .call, [.nothing]))
      w.ms(2)
      return w.results(server.id)[0].words[1].hex
    },
    .both("a64", "70041@43=22 3e 2037") { w in
      let server = w.go(.waitFor([ReceiveBuffer(raw: w.newSlot().selector | 8 | 4 | 2)]))
      _ = w.go(.carry(w.gate(server, label: 0x40), .call, [.factory]))
      let text = w.after(2, server)
      let words = w.results(server.id)[0].words
      return "\(text) \(words[1].hex) \(words[2].hex)"
    },
    .both("a65", "7003f@43=1 3f | 550001=77") { w in
      let server = w.go(.wait(), .reply(.replyOnly))
      let client = w.go(.request(w.gate(server, label: 0x40), .call, words: (1...63).map { $0 }))
      w.ms(2)
      let words = w.results(server.id)[0].words
      return "7003f@43=\(words[0].hex) \((words[39] + 23).hex) | " + w.see(client)
    },
    .both("a70", "78002!3 | 70002@43=11 8000!4") { w in
      let server = w.go(.wait(), .reply(timeouts: .ms(0, 5)))
      let client = w.go(.request(w.gate(server, label: 0x40), .sendAndWait, timeouts: .ms(nil, 5)))
      return w.after(20, client, server)
    },
    .both("a71", "8000!3 | 8000!2") { w in
      let server = w.makeThread()
      let gate = w.gate(server, label: 0x40)
      w.append([.receive(gate, timeouts: .ms(nil, 10))], to: server.id)
      w.start(server, priority: 110)
      let client = w.go(.call(gate, timeouts: .ms(5, 5)))
      return w.after(20, server, client)
    },
    .both("a72", "8000!2 | 8000!3") { w in
      let server = w.go(.sleep(milliseconds: 10), .wait(timeouts: .ms(nil, 5)))
      let client = w.go(.call(server.slot, timeouts: .ms(5, nil)))
      return w.after(20, client, server)
    },
    .differs(
      "a73", r67: "70002=11 | 70002=11 70002=11 8000!2", modern: "70002=11 | 70002=11 70002=11 8000!4"
    ) { w in
      let client = w.makeThread()
      let server = w.go(.wait(), .send(client.slot), .reply(timeouts: .ms(0, 5)))
      w.append([.call(server.slot)], to: client.id)
      w.start(client, priority: 105)
      return w.after(10, client, server)
    },
    .both("a74", "8000!2 | -") { w in
      let server = w.go(.wait())
      let a = w.go(.call(server.slot))
      w.ms(1)
      let x = w.go(.send(a.slot, timeouts: .ms(0, nil)))
      return w.after(1, x, a)
    },
    .both("a75", "0 - | 70002@43=11 | -") { w in
      let first = w.go(.sleep(milliseconds: 12), .wait(timeouts: .ms(nil, 5)))
      let second = w.go(.wait())
      let gate = w.gate(first, label: 0x40)
      let client = w.go(.call(gate))
      w.ms(1)
      let answer = w.bind(gate, to: second, label: 0x80)
      return "\(answer) " + w.after(20, second, first, client)
    },
    .both("a76", "0 550001=77 | 70002@43=11 558001!3") { w in
      let first = w.thread(priority: 110, late + [.reply(timeouts: .ms(0, 5))])
      let second = w.go(.wait())
      let gate = w.gate(first, label: 0x40)
      let client = w.go(.call(gate))
      w.ms(1)
      let answer = w.bind(gate, to: second, label: 0x80)
      return "\(answer) " + w.after(20, client, first)
    },
    .both("a77", "72002@43=11") { w in
      let server = w.go(.wait())
      _ = w.go(.request(w.gate(server, label: 0x40), .call, flags: .schedule))
      return w.after(2, server)
    },
    .both("a78", "508041!9 | 70002=11 8000!8") { w in carriedBack(&w, buffers: []) },
    .both("a79", "500041=22 1 | 70002=11 508041!3") { w in carriedBack(&w, buffers: [.small(w.newSlot())]) },
  ]

  private static func deletedCaller(_ w: inout KernelWorld, _ server: Actor) -> String {
    w.expectsStop = true
    let client = w.go(.call(server.slot))
    w.ms(3)
    w.drop(client.slot)
    let text = w.after(20, server)
    return w.kernel.stopped == nil ? text : "stop"
  }
}
