import FiascoABI
import Testing

@testable import FiascoKernel

/// Area r, second half: restarted system calls, killed and deleted partners, items.
struct AreaRestartTests {
  @Test(arguments: cases)
  func `a restarted or broken call goes on as on the real kernel`(_ observed: ObservedCase) { observed.verify() }

  static let cases: [ObservedCase] = [
    .both("r44", "1 +1 8000 - 0@80") { w in
      let (it, handler) = AreaCTests.pair(&w, [.sleep(milliseconds: 1)], [.wait(), .back, .resume])
      let irq = w.irq(it, label: 0x80)
      w.append([.receive(irq)], to: it.id)
      w.ms(3)
      w.poke(it, ExchangeRegisters.both)
      let before = w.after(2, it)
      w.raise(irq)
      w.ms(1)
      let words = w.results(handler.id)[0].words
      let place = (words[ExceptionMessage.instructionPointer] - KernelWorld.start) / 4 - 1
      return "\(w.results(handler.id).count) +\(place) \(words[10].hex) \(before) \(w.see(it))"
    },
    .differs(
      "r45", r67: "78002 78002!3 | 70002=11 8000!2 70002=11", modern: "78002 78002!3 | 70002=11 8000!4 70002=11"
    ) { w in
      let server = w.go(
        .wait(), .sleep(milliseconds: 12), .reply(.replyOnly, timeouts: .ms(0, nil), label: 0x1234), .wait())
      let (it, handler) = AreaCTests.pair(
        &w, [.call(server.slot, timeouts: .ms(nil, 20))], [.wait(), .back, .resume])
      w.ms(3)
      w.poke(it, ExchangeRegisters.both)
      return "\(after(&w, handler)) " + w.after(50, it, server)
    },
    .both("r46", "8000 0 | -") { w in
      let server = w.go(.sleep(milliseconds: 12), .wait())
      let (it, handler) = AreaCTests.pair(&w, [.call(server.slot)], [.wait(), .back, .resume])
      w.ms(3)
      w.poke(it, ExchangeRegisters.both)
      return "\(after(&w, handler)) " + w.after(50, server, it)
    },
    .both("r50", "0 70001@43=9 70001@43=5 8000!3") { w in
      let gate = w.gate(nil)
      for (priority, word) in [(105, 5), (109, 9)] as [(UInt64, UInt64)] {
        _ = w.go(.request(gate, .call, words: [word]), at: priority)
        w.ms(1)
      }
      let it = w.go(.sleep(milliseconds: 4), .wait(), .wait(), .wait(timeouts: .ms(nil, 3)))
      let answer = w.bind(gate, to: it, label: 0x40)
      return "\(answer) " + w.after(20, it)
    },
    .differs("r54", r67: "0 70002@43=11 | - | 8000!3", modern: "0 8000!6 | 8000!6 | 8000!3") { w in
      let server = w.go()
      let gate = w.gate(server, label: 0x40)
      let (one, two) = (w.go(.call(gate)), w.go(.call(gate)))
      w.ms(1)
      w.drop(server.slot)
      w.ms(1)
      let next = w.go(.wait(timeouts: .ms(nil, 10)))
      let answer = w.bind(gate, to: next, label: 0x40)
      w.ms(1)
      w.cancel(one)
      return "\(answer) " + w.after(20, one, two, next)
    },
    .differs("r55", r67: "stop", modern: "70002=11 8000!4") { w in deleted(&w, heir: false) },
    // There the memory went to the new thread and so did the answer; here the run ends at the stale pointer.
    .differs("r56", r67: "stop", modern: "70002=11 8000!4 | 8000!3") { w in deleted(&w, heir: true) },
    .both("r70", "1 +2 558001 - 550001=77 | 70002=11 70002=11 | 560001=77") { w in
      let change = Step.amend { words in
        words[ExceptionMessage.instructionPointer] -= 4
        words[10] = 0
        words[11] = ObjectReference.special(.wait).raw
        words[12] = 0
        words[13] = 0
      }
      let (server, handler) = AreaCTests.pair(
        &w, [.wait(), .reply(timeouts: .ms(0, nil)), .answer(0x56)], [.wait(), change, .resume])
      let first = w.go(.call(server.slot))
      w.ms(2)
      w.poke(server, ExchangeRegisters.both)
      w.ms(2)
      let words = w.results(handler.id)[0].words
      let place = (words[ExceptionMessage.instructionPointer] - KernelWorld.start) / 4
      let before = w.see(server).suffix(1)
      let second = w.go(.call(server.slot))
      w.ms(2)
      let got = w.see(server).split(separator: " ").prefix(2).joined(separator: " ")
      return "\(w.results(handler.id).count) +\(place) \(words[10].hex) \(before) \(w.see(first)) | \(got) | "
        + w.see(second)
    },
    .both("r71", "0 +2 0 0 1 +2 70002 70002=11 560001=77") { w in
      let (server, handler) = AreaCTests.pair(
        &w, [.wait(), .reply(timeouts: .ms(0, nil)), .answer(0x56)], [.wait(), .resume])
      _ = w.go(.call(server.slot))
      w.ms(2)
      let answer = w.poke(server, ExchangeRegisters.triggerException)
      let ready = w.kernel.messageWord(w.root, 0) & 1
      w.ms(3)
      let before = w.results(handler.id).count
      let second = w.go(.call(server.slot))
      w.ms(2)
      let words = w.results(handler.id)[0].words
      let place = (words[ExceptionMessage.instructionPointer] - KernelWorld.start) / 4
      let got = w.see(server).split(separator: " ")[1]
      return "\(answer) \(ready) \(before) \(w.results(handler.id).count) +\(place) \(words[10].hex) \(got) "
        + w.see(second)
    },
    .both("r72", "1 70002 - 70002=11 560001=77") { w in
      let (server, handler) = AreaCTests.pair(
        &w, [.wait(), .reply(timeouts: .ms(0, nil)), .answer(0x56)], [.wait()])
      _ = w.go(.call(server.slot))
      w.ms(2)
      w.trigger(server)
      let second = w.go(.call(server.slot))
      let before = w.after(3, second)
      let count = w.results(handler.id).count
      w.cancel(server)
      w.ms(2)
      let got = w.see(server).split(separator: " ")[1]
      return "\(count) \(after(&w, handler)) \(before) \(got) \(w.see(second))"
    },
    .both("r74", "8000!8 | 78041!9@43") { w in
      queued(&w, [.factory], .never, buffers: [], operation: .send, early: true)
    },
    .both("r75", "8000!8 | 78081!9@43 1") { w in
      let slot = w.newSlot()
      let text = queued(&w, [.factory, .factory], .never, buffers: [.small(slot)], operation: .send, early: true)
      return "\(text) \(w.valid(slot))"
    },
    .both("r76", "0 1 40 0 550001=77 1 -10@43=11") { w in
      let server = w.go(.wait(), .reply())
      let gate = w.gate(server, label: 0x40)
      let weak = w.newSlot()
      let answer = w.give(gate, to: .task, at: weak)
      let words = [Opcode.Gate.info]
      let full = w.did(.invoke(gate, KernelProtocol.kernelObject, words)).split(separator: "=")
      let before = w.results(server.id).count
      let copy = w.did(.invoke(weak, KernelProtocol.kernelObject, words))
      return "\(answer) \(full.joined(separator: " ")) \(before) \(copy) \(w.results(server.id).count) "
        + w.see(server).dropLast(2)
    },
    .differs("r77", r67: "78041!8 | 78041!9@43", modern: "8000!8 | 78041!9@43") { w in
      queued(&w, [.factory], .never, buffers: [], operation: .send)
    },
    .differs("r78", r67: "78041!3 | 78041!9@43", modern: "8000!8 | 78041!9@43") { w in
      queued(&w, [.factory], .ms(nil, 5), buffers: [])
    },
    .both("r79", "8000!8 | 78041!9@43") { w in queued(&w, [.factory], .ms(nil, 5), buffers: [], early: true) },
    .both("r80", "8000!8 | 78081!9@43") { w in
      queued(&w, [.factory, .factory], .ms(nil, 5), buffers: [.small(w.newSlot())], early: true)
    },
  ]

  /// The result tag in the frame that a handler got.
  private static func after(_ w: inout KernelWorld, _ handler: Actor) -> String {
    w.ms(2)
    return w.results(handler.id)[0].words[10].hex
  }

  /// S works for C; C's thread is deleted, its memory perhaps given to a new thread; S answers.
  private static func deleted(_ w: inout KernelWorld, heir: Bool) -> String {
    w.expectsStop = true
    let server = w.go(.wait(), .sleep(milliseconds: 10), .reply(.replyOnly, timeouts: .ms(0, nil)))
    let client = w.go(.call(server.slot))
    w.ms(3)
    w.drop(client.slot)
    w.ms(1)
    let next = heir ? w.go(.wait(timeouts: .ms(nil, 15))) : nil
    w.ms(30)
    if w.kernel.stopped != nil { return "stop" }
    return w.see(server) + (next.map { " | " + w.see($0) } ?? "")
  }
}
