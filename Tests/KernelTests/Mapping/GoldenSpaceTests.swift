import FiascoABI
import Testing

@testable import FiascoKernel

/// Golden cases about capabilities, items and memory, and two about ex_regs, in both profiles.
struct GoldenSpaceTests {
  @Test(arguments: cases)
  func `capabilities, items and pages are as the source says`(_ golden: ObservedCase) { golden.verify() }

  static let cases: [ObservedCase] = [
    .both("G17", "8000!4") { w in
      let it = w.makeThread()
      return w.did(.send(it.slot))
    },
    .both("G53", "0 +1 8000!7") { w in
      let it = w.go(.wait())
      w.ms(1)
      return w.poke(it, ExchangeRegisters.cancel) + " " + w.after(1, it)
    },
    .both("G54", "8000!6 70001=2") { w in
      let server = w.go(.sleep(milliseconds: 5), .wait())
      let first = w.go(.request(server.slot, .send, words: [1]))
      w.ms(1)
      _ = w.go(.request(server.slot, .send, words: [2]))
      w.ms(1)
      w.cancel(first)
      return w.after(10, first) + " " + w.see(server)
    },
    .both("G73", "-1 0") { w in
      let it = w.go()
      let weak = Actor(id: it.id, slot: w.copy(it.slot, rights: .read), task: .task, utcb: it.utcb)
      return "\(w.control(weak, 0)) \(w.control(it, 0))"
    },
    .both("G74", "0 111") { w in
      let (gate, b, c, _) = AreaETests.scene(&w)
      w.give(gate, to: b.slot)
      w.pass(gate, from: b, to: c, rights: .rws)
      return "\(w.unmap(gate, in: Place(slot: .task, utcb: 0), 0)) \(everywhere(&w, gate, b, c))"
    },
    .both("G75", "01 1 00 0") { w in
      let (gate, b, _, _) = AreaETests.scene(&w)
      w.give(gate, to: b.slot)
      w.drop(gate, deletes: false)
      let first = "\(w.valid(gate))\(w.valid(gate, in: b)) \(w.kernel.gates.count)"
      w.unmap(gate, in: b, UnmapMask.own)
      return "\(first) \(w.valid(gate))\(w.valid(gate, in: b)) \(w.kernel.gates.count)"
    },
    .both("G76", "101 000") { w in
      let (gate, b, c, _) = AreaETests.scene(&w)
      w.give(gate, to: b.slot)
      w.give(gate, to: c.slot, rights: .all)
      let everything = UnmapMask.own | UnmapMask.deleteObjects
      w.unmap(gate, in: b, everything)
      let first = everywhere(&w, gate, b, c)
      w.unmap(gate, in: c, everything)
      return "\(first) \(everywhere(&w, gate, b, c))"
    },
    .both("G77", "1 00") { w in
      let (gate, b, _, _) = AreaETests.scene(&w)
      w.give(gate, to: b.slot, attributes: 0x10)
      let before = w.valid(gate, in: b)
      w.drop(gate, deletes: false)
      return "\(before) \(w.valid(gate))\(w.valid(gate, in: b))"
    },
    .both("G78", "0 1") { w in
      // Onto the creator's slot, and onto a slot without the right to delete.
      [true, false].map { creator -> String in
        let server = w.go()
        let (old, new) = (w.gate(server, label: 0x40), w.gate(server, label: 0x80))
        let copy = w.copy(old, rights: .rws)
        w.give(new, to: .task, at: creator ? old : copy)
        return "\(w.valid(creator ? copy : old))"
      }.joined(separator: " ")
    },
    // Refuted for a queued call in profile r67: there the caller is not told (observed a60, r78).
    .both("G79", "8000!8 | 78041!9@43") { w in queued(&w, [.factory], .ms(nil, 5), buffers: [], early: true) },
    .both("G80", "8000!8 | 78081!9@43 1") { w in
      let slot = w.newSlot()
      let text = queued(&w, [.factory, .factory], .ms(nil, 5), buffers: [.small(slot)], early: true)
      return "\(text) \(w.valid(slot))"
    },
    .both("G81", "70041@40=22 1 1") { w in AreaETests.sent(&w, .read) },
    .both("G82", "70041@43=22 3c 83") { w in
      let place = w.task()
      let server = w.go(.waitFor([ReceiveBuffer(raw: w.newSlot().selector | 8 | 4 | 2)]))
      let (gate, own) = (w.gate(server, label: 0x40), w.gate(server, label: 0x80))
      for slot in [gate, own] { w.give(slot, to: place.slot) }
      _ = w.thread(priority: 105, in: place, [.carry(gate, .call, [own])])
      let text = w.after(2, server)
      let words = w.results(server.id)[0].words
      return "\(text) \(words[1].hex) \(words[2].hex)"
    },
    .differs("G83", r67: "70041@43=22 38", modern: "70041@43=22 3a") { w in
      let server = w.go(.waitFor([.small(w.newSlot())]))
      _ = w.go(.carry(w.gate(server, label: 0x40), .call, [.nothing]))
      let text = w.after(2, server)
      return "\(text) \(w.results(server.id)[0].words[1].hex)"
    },
    .both("G86", "-1 -22 0") { w in
      let target = w.task()
      let weak = w.copy(target.slot, rights: [.read, .strong])
      let words = [
        Opcode.Task.map, SendItem.map(hotSpot: 0x40_0000).raw, FlexPage.objects(.factory, rights: .rws).raw,
      ]
      let answers = [
        w.invoke(weak, KernelProtocol.task, words, items: [.objects(.task)]),
        w.invoke(target.slot, KernelProtocol.task, words, items: [.objects(.factory)]),
        w.invoke(target.slot, KernelProtocol.task, words, items: [.objects(.task)]),
      ]
      return answers.map { "\($0)" }.joined(separator: " ")
    },
    .both("G87", "0 0 - - 0 0 r r") { w in
      let gone = AreaETests.pages(&w, .rw, .rw) { w, _ in w.revoke(.rwx) }
      return gone + " " + AreaETests.pages(&w, .rw, .rw) { w, _ in w.revoke(.write) }
    },
  ]

  private static func everywhere(_ w: inout KernelWorld, _ slot: CapabilitySlot, _ b: Place, _ c: Place) -> String {
    "\(w.valid(slot))\(w.valid(slot, in: b))\(w.valid(slot, in: c))"
  }
}
