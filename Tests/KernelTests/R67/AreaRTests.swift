import FiascoABI
import Testing

@testable import FiascoKernel

/// Area r, first half: cases written for single claims: stale callers, killed receivers, pending cancels, op 0.
struct AreaRTests {
  @Test(arguments: cases)
  func `a claim holds or fails as on the real kernel`(_ observed: ObservedCase) { observed.verify() }

  private static let mine: UInt64 = 0x1234

  static let cases: [ObservedCase] = [
    .differs(
      "r01", r67: "78002!3 550001@1234=77 | 70002=11 550001=77", modern: "78002!3 8000!3 | 70002=11 8000!4"
    ) { w in lateReply(&w, then: .wait(timeouts: .ms(nil, 30))) },
    .differs("r02", r67: "- 0 70002=11", modern: "8000!6 0 8000!6") { w in
      let server = w.go()
      let client = w.go(.call(server.slot))
      w.ms(1)
      w.drop(server.slot)
      let before = w.after(5, client)
      let answer = w.exchangeRegisters(client, flags: ExchangeRegisters.cancel)
      return "\(before) \(answer) " + w.after(1, client)
    },
    .differs("r03", r67: "- 70002=11", modern: "8000!6 8000!6") { w in
      let server = w.go()
      let client = w.go(.call(server.slot, timeouts: .ms(10, nil)))
      w.ms(3)
      w.drop(server.slot)
      return w.after(2, client) + " " + w.after(20, client)
    },
    .differs("r13", r67: "0 0 0 1", modern: "0 0 0 0") { w in
      let (waiting, server) = (w.go(.wait()), w.go(.wait()))
      let calling = w.go(.call(server.slot))
      let sending = w.go(.call(w.go().slot))
      let spinning = w.go(.compute(.milliseconds(9)), at: 90)
      w.ms(2)
      return [waiting, calling, sending, spinning].map { w.readiness($0) }.joined(separator: " ")
    },
    .both("r14", "550001=77 550001=77 | 70002@43=11 70002@43=11 -") { w in pending(&w, server: 110, calls: 2) },
    .both("r15", "550001=77 550001=77 | 70002@43=11 70002@43=11 -") { w in pending(&w, server: 80, calls: 2) },
    .differs("r16", r67: "8000!6 8000!3 8000!3", modern: "8000!2 8000!3 8000!3") { w in
      let server = w.go()
      return pending(&w, [.send(server.slot, timeouts: .ms(5, nil))] + waits)
    },
    .both("r17", "70002=11 8000!3 8000!3") { w in
      let server = w.go(.wait())
      return pending(&w, [.send(server.slot, timeouts: .ms(5, nil))] + waits)
    },
    .both("r18", "0 +1 0 +1 0 1 trig a0=70002 a1=fffffffffffff806 +1 70002=11") { w in
      let (it, handler) = AreaCTests.pair(&w, [.wait()], [.wait(), .resume])
      w.ms(1)
      let answers = (0..<2).map { _ in w.poke(it, ExchangeRegisters.triggerException) }.joined(separator: " ")
      w.ms(1)
      let before = w.results(handler.id).count
      w.tell(it)
      w.ms(1)
      return "\(answers) \(before) \(w.results(handler.id).count) \(w.frame(handler)) \(w.see(it))"
    },
    .both("r19", "1 done") { w in
      let (it, handler) = AreaCTests.pair(
        &w, [.compute(.milliseconds(3)), .mark("done")], [.wait(), .resume], at: 90)
      w.ms(1)
      w.trigger(it)
      w.trigger(it)
      w.ms(10)
      return "\(w.results(handler.id).count) \(w.order)"
    },
    .differs("r21", r67: "550001=77 1", modern: "8000!4 0") { w in
      let server = w.go(.wait(), .reply())
      let gate = w.gate(server, label: 0x40)
      return w.did(.request(gate, [], timeouts: .ms(5, 5))) + " \(w.results(server.id).count)"
    },
    .differs("r22", r67: "550001=77 8000!2 70002=11", modern: "8000!4 8000!4 70002=11") { w in
      let server = w.go(.wait(), .reply())
      let own = SystemCall(
        tag: MessageTag(label: 7, words: 2), target: .special([]), timeouts: .ms(5, 5), words: [0x11, 0x12])
      return w.did(
        .request(server.slot, [], timeouts: .ms(5, 5)), .call(own), .request(.factory, [], timeouts: .ms(5, 5)),
        within: 20)
    },
    .both("r23", "- 8000!6 8000!2 8000!3 8000!3") { w in
      let it = w.makeThread()
      w.append(
        [
          .send(it.slot), .send(it.slot, timeouts: .ms(0, nil)), .receive(it.slot, timeouts: .ms(nil, 3)),
          .receive(it.slot, timeouts: .ms(nil, 0)),
        ], to: it.id)
      w.start(it, priority: 110)
      let before = w.after(2, it)
      w.cancel(it)
      return "\(before) " + w.after(10, it)
    },
    // On today's kernel A runs before B was started and finds it dead.
    .differs("r24", r67: "8000!2 | -", modern: "8000!4 | -") { w in
      let (a, b) = (w.makeThread(), w.makeThread())
      w.append([.call(b.slot, timeouts: .ms(3, nil))], to: a.id)
      w.append([.call(a.slot)], to: b.id)
      for it in [a, b] { w.start(it, priority: 105) }
      return w.after(20, a, b)
    },
    .both("r25", "70002@43=11 | 70002=11") { w in through(&w) { $1.slot } },
    .both("r26", "70002@43=11 | 70002=11") { w in through(&w) { $0.gate($1, label: 0x80) } },
    .both("r27", "8000!3 70002@43=11 | 70002=11") { w in
      let other = w.go()
      let a = w.go(.receive(other.slot, timeouts: .ms(nil, 5)), .wait())
      let sender = w.go(.send(w.gate(a, label: 0x40)))
      return w.after(10, a, sender)
    },
    .both("r28", "- 8000!4") { w in
      let gate = w.gate(nil)
      let it = w.go(.call(gate))
      let before = w.after(2, it)
      w.drop(gate)
      return "\(before) " + w.after(2, it)
    },
    // A build of the old kernel with assertions stops here instead (thread-ipc.cpp: a blocked sender in no list).
    .differs("r29", r67: "8000!4", modern: "8000!6") { w in
      let it = w.go(.call(w.gate(nil)))
      w.ms(2)
      w.cancel(it)
      return w.after(2, it)
    },
    .both("r30", "0 70002=11 8000!4") { w in
      let it = w.go(.wait(), at: 50)
      let gate = w.gate(it, label: 0x40)
      w.ms(1)
      let answer = w.drop(it.slot)
      return "\(answer) " + w.did(.send(gate, timeouts: .zero)) + " " + w.did(.send(gate, timeouts: .zero))
    },
    .both("r33", "0 70002@500=11") { w in
      let it = w.go(.sleep(milliseconds: 5), .wait())
      // The gate adds no rights here: the capability has none to show.
      let weak = w.copy(w.gate(it, label: 0x200), rights: .read)
      _ = w.go(.call(weak))
      w.ms(1)
      let words = [Opcode.Thread.modifySenders, ~3, 0x200, ~0, 0x500]
      let answer = w.invoke(it.slot, KernelProtocol.thread, words)
      return "\(answer) " + w.after(10, it)
    },
    .both("r34", "-22 0 104000 105000") { w in
      let it = w.makeThread(pager: CapabilitySlot(0x104), handler: CapabilitySlot(0x105))
      let five = w.invoke(it.slot, KernelProtocol.thread, [0, 0, 0, 0, 0])
      let six = w.invoke(it.slot, KernelProtocol.thread, [0, 0, 0, 0, 0, 0])
      return "\(five) \(six) \(w.kernel.messageWord(w.root, 1).hex) \(w.kernel.messageWord(w.root, 2).hex)"
    },
    .differs(
      "r37", r67: "78002!3 78002!3 | 70002=11 8000!2 70002=11", modern: "78002!3 78002!3 | 70002=11 8000!4 70002=11"
    ) { w in
      lateReply(&w, then: nil, last: .wait())
    },
    .differs("r38", r67: "78002!3 78002!3 | 70002=11 8000!2", modern: "78002!3 78002!3 | 70002=11 8000!4") { w in
      let second = w.go(.wait())
      return lateReply(&w, then: .call(second.slot, timeouts: .ms(nil, 20)))
    },
    .differs(
      "r47", r67: "78002!7 560001=77 | 70002@43=11 8000!2 70002@43=11 560001=77",
      modern: "550001=77 560001=77 | 70002@43=11 550001=77 70002@43=11 560001=77"
    ) { w in
      let server = w.go(
        .wait(), .sleep(milliseconds: 5), .reply(.replyOnly, timeouts: .ms(0, nil)), .wait(), .answer(0x56))
      let gate = w.gate(server, label: 0x40)
      let it = w.go(.compute(.milliseconds(3)), .call(gate), .call(gate), at: 90)
      w.ms(1)
      w.cancel(it)
      return w.after(30, it, server)
    },
    .differs("r48", r67: "70002=11 550001=77 | 550001=77", modern: "70002=11 8000!4 | 78002!3") { w in
      let client = w.makeThread()
      let server = w.go(.receive(client.slot), .reply(.replyOnly, timeouts: .ms(0, nil)))
      w.append([.call(server.slot, timeouts: .ms(nil, 20))], to: client.id)
      w.ms(1)
      w.start(client, priority: 105)
      return w.after(30, server, client)
    },
  ]

  private static let waits: [Step] = [.wait(timeouts: .ms(nil, 3)), .wait(timeouts: .ms(nil, 3))]

  /// A thread that computes is cancelled; then it does this.
  private static func pending(_ w: inout KernelWorld, _ steps: [Step]) -> String {
    let it = w.thread(priority: 90, [.compute(.milliseconds(3))] + steps)
    w.ms(1)
    w.cancel(it)
    return w.after(30, it)
  }

  private static func pending(_ w: inout KernelWorld, server: UInt64, calls: Int) -> String {
    let server = w.go(.wait(), .reply(), .reply(), at: server)
    w.ms(1)
    let gate = w.gate(server, label: 0x40)
    let shown = pending(&w, (0..<calls).map { _ in .call(gate, timeouts: .ms(nil, 20)) })
    // The server's own answers are in its waits.
    return "\(shown) | \(w.see(server))"
  }

  /// S answers a caller that has given up after 5 ms and does something else now.
  private static func lateReply(_ w: inout KernelWorld, then: Step?, last: Step? = nil) -> String {
    let reply = Step.reply(.replyOnly, timeouts: .ms(0, nil), label: mine)
    let server = w.thread(priority: 110, [.wait(), .sleep(milliseconds: 15), reply] + (last.map { [$0] } ?? []))
    let call = Step.call(server.slot, timeouts: .ms(nil, 5))
    let client = w.go(call, then ?? .call(server.slot, timeouts: .ms(nil, 20)))
    return w.after(60, client, server)
  }

  /// A waits closed for B, named by a thread or a gate; B sends through A's gate.
  private static func through(_ w: inout KernelWorld, _ name: (inout KernelWorld, Actor) -> CapabilitySlot) -> String {
    let b = w.makeThread()
    let a = w.go(.receive(name(&w, b)))
    w.ms(1)
    w.append([.send(w.gate(a, label: 0x40))], to: b.id)
    w.start(b, priority: 105)
    return w.after(2, a, b)
  }
}

extension KernelWorld {
  /// Bit 0 of the flags word that ex_regs returns.
  mutating func readiness(_ actor: Actor) -> String {
    exchangeRegisters(actor)
    return "\(kernel.messageWord(root, 0) & 1)"
  }
}
