import FiascoABI
import Testing

@testable import FiascoKernel

/// Area a: one IPC operation and what it gives: errors, timeouts, cancels, deleted partners.
struct AreaATests {
  @Test(arguments: cases)
  func `an operation shows what the real kernel showed`(_ observed: ObservedCase) { observed.verify() }

  static let cases: [ObservedCase] = [
    .both("a01", "8000!4") { $0.did(.call(.nothing)) },
    .both("a02", "8000!4") { $0.did(.send(.nothing)) },
    .both("a03", "8000!4") { $0.did(.receive(.nothing)) },
    .both("a04", "8000!2") { w in w.did(.call(w.gate(nil), timeouts: .ms(0, nil))) },
    .both("a05", "- 8000!2") { w in
      let client = w.go(.call(w.gate(nil), timeouts: .ms(10, nil)))
      return w.after(5, client) + " " + w.after(20, client)
    },
    .both("a06", "- 550001=77 70002@43=11 -") { w in
      let gate = w.gate(nil)
      let (client, server) = (w.go(.call(gate)), w.go(.wait(), .reply()))
      let before = w.after(5, client)
      w.bind(gate, to: server, label: 0x40)
      return before + " " + w.after(5, client) + " " + w.see(server)
    },
    .both("a07", "8000!2") { w in w.did(.send(w.gate(w.go(), label: 0x40), timeouts: .ms(0, nil))) },
    .both("a08", "- 8000!2") { w in
      let client = w.go(.send(w.gate(w.go(), label: 0x40), timeouts: .ms(10, nil)))
      return w.after(5, client) + " " + w.after(20, client)
    },
    .both("a09", "8000!2") { w in w.did(.call(w.gate(w.go(), label: 0x40), timeouts: .ms(0, nil))) },
    .both("a10", "- 78002!3 | 70002@43=11") { w in
      let server = w.go(.wait())
      let client = w.go(.call(w.gate(server, label: 0x40), timeouts: .ms(nil, 10)))
      return w.after(5, client) + " " + w.after(20, client, server)
    },
    .differs("a11", r67: "550001=77 | 70002@43=11 -", modern: "78002!3 | 70002@43=11 8000!4") { w in
      let server = w.go(.wait(), .reply(timeouts: .ms(0, nil)), at: 105)
      w.ms(1)
      let client = w.go(.call(w.gate(server, label: 0x40), timeouts: .ms(nil, 0)))
      return w.after(5, client, server)
    },
    .both("a12", "8000!3") { $0.did(.wait(timeouts: .ms(nil, 0))) },
    .both("a13", "- 8000!3") { w in
      let waiter = w.go(.wait(timeouts: .ms(nil, 10)))
      return w.after(5, waiter) + " " + w.after(20, waiter)
    },
    .both("a14", "8000!2") { w in
      let it = w.makeThread()
      w.append([.call(it.slot, timeouts: .ms(10, 10))], to: it.id)
      w.start(it, priority: 110)
      return w.after(25, it)
    },
    .both("a15", "8000!2") { w in toItself(&w, .call) },
    .both("a16", "8000!2") { w in toItself(&w, .send) },
    .both("a17", "8000!4") { $0.did(.reply(timeouts: .ms(0, 0))) },
    .both("a18", "8000!4") { $0.did(.reply(timeouts: .ms(0, 10))) },
    .both("a19", "8000!4") { $0.did(.reply(.replyOnly)) },
    .both("a20", "8000!2 | -") { w in
      let other = w.go()
      let receiver = w.go(.receive(other.slot))
      w.ms(1)
      let sender = w.go(.send(w.gate(receiver, label: 0x40), timeouts: .ms(0, nil)))
      return w.after(1, sender, receiver)
    },
    .both("a21", "- - | -") { w in
      let other = w.go()
      let receiver = w.go(.receive(other.slot))
      let sender = w.go(.send(w.gate(receiver, label: 0x40)))
      let before = w.after(5, sender)
      w.drop(other.slot)
      return before + " " + w.after(5, sender, receiver)
    },
    .both("a22", "8000!2") { $0.did(.own(.send, .ms(0, nil))) },
    .both("a23", "8000!2") { $0.did(.own(.call, .ms(5, 5)), within: 20) },
    .both("a24", "-39") { $0.did(.request(.factory, .call, words: [])) },
    .both("a25", "70002=11") { $0.did(.send(.factory)) },
    .both("a26", "8000!3") { $0.did(.receive(.factory, timeouts: .ms(5, 5)), within: 10) },
    .both("a27", "550001=77 | 70002=11 -") { w in
      let server = w.go(.wait(), .reply())
      let client = w.go(.call(server.slot))
      return w.after(2, client, server)
    },
    .both("a28", "550001=77 | 70002@43=11 -") { w in
      let server = w.go(.wait(), .reply())
      let client = w.go(.call(w.gate(server, label: 0x40)))
      return w.after(2, client, server)
    },
    .differs("a29", r67: "0 550001=77 | 70002@43=11 -", modern: "-22 8000!4 | -") { w in
      let (server, slot) = (w.go(.wait(), .reply()), w.newSlot())
      let answer = w.create(0, into: slot, [0, 0x43], items: [.objects(server.slot)])
      let client = w.go(.call(slot))
      return "\(answer) " + w.after(2, client, server)
    },
    .both("a30", "0 +1 8000!6") { w in cancelled(&w, .call(w.gate(w.go(), label: 0x40))) },
    .both("a31", "0 +1 8000!6") { w in cancelled(&w, .send(w.gate(w.go(), label: 0x40))) },
    .both("a32", "0 +1 8000!7") { w in cancelled(&w, .wait()) },
    .both("a33", "0 +2 70002=11 558001!7 | 550001=77") { w in
      let server = w.go(.wait(), .reply())
      let client = w.go(.call(server.slot))
      w.ms(2)
      return w.poke(server, ExchangeRegisters.cancel) + " " + w.after(1, server, client)
    },
    .differs("a34", r67: "78002!7 | 70002=11 8000!2 8000!4", modern: "78002!7 | 70002=11 8000!4 8000!4") { w in
      let server = w.go(.wait(), .sleep(milliseconds: 10), .reply(timeouts: .ms(0, 5)), .reply(timeouts: .ms(0, 5)))
      let client = w.go(.call(server.slot))
      w.ms(2)
      w.cancel(client)
      return w.after(20, client, server)
    },
    .both("a35", "0 8000!7 new-ip 2048") { w in
      let waiter = w.go(.wait(), .mark("new-ip"))
      w.ms(1)
      let answer = w.exchangeRegisters(waiter, flags: ExchangeRegisters.cancel, ip: KernelWorld.start + 0x2000)
      return "\(answer) " + w.after(1, waiter) + " \(w.order) \(w.place(waiter) - 1)"
    },
    .both("a36", "0 0 70002=11 new-ip 2048") { w in
      let waiter = w.go(.wait(), .mark("new-ip"))
      w.ms(1)
      let answer = w.exchangeRegisters(waiter, ip: KernelWorld.start + 0x2000)
      w.ms(3)
      let before = w.log.count
      _ = w.go(.send(waiter.slot))
      return "\(answer) \(before) " + w.after(1, waiter) + " \(w.order) \(w.place(waiter) - 1)"
    },
    .differs("a37", r67: "8000!7 8000!3", modern: "8000!3 8000!3") { w in
      let spinner = w.go(
        .compute(.milliseconds(3)), .wait(timeouts: .ms(nil, 5)), .wait(timeouts: .ms(nil, 5)), at: 90)
      w.ms(1)
      w.cancel(spinner)
      return w.after(20, spinner)
    },
    .both("a38", "0 +1 8000!7") { w in cancelled(&w, .own(.receive)) },
  ]

  /// A thread through a gate bound to itself.
  private static func toItself(_ w: inout KernelWorld, _ operation: IPCOperation) -> String {
    let it = w.makeThread()
    w.append([.request(w.gate(it, label: 0x40), operation, timeouts: .ms(10, 10))], to: it.id)
    w.start(it, priority: 110)
    return w.after(25, it)
  }

  private static func cancelled(_ w: inout KernelWorld, _ step: Step) -> String {
    let it = w.go(step)
    w.ms(1)
    return w.poke(it, ExchangeRegisters.cancel) + " " + w.after(1, it)
  }
}

extension KernelWorld {
  /// How many instructions behind its start a thread stands.
  func place(_ actor: Actor) -> Int {
    Int(truncatingIfNeeded: (kernel.registers[actor.id.slot].pc &- KernelWorld.start) / 4)
  }
}
