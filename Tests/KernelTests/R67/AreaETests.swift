import FiascoABI
import Testing

@testable import FiascoKernel

/// Area e: capabilities and memory between tasks: rights, copies, revocation.
struct AreaETests {
  @Test(arguments: cases)
  func `capabilities and pages are as the real kernel left them`(_ observed: ObservedCase) { observed.verify() }

  static let cases: [ObservedCase] = [
    .both("e01", "0 70002@43=11") { w in called(&w, .rws) },
    .both("e02", "0 70002@41=11") { w in called(&w, [.read, .write]) },
    .both("e03", "0 70002@40=11") { w in called(&w, .read) },
    .both("e04", "0 70002@42=11") { w in called(&w, [.read, .strong]) },
    .both("e05", "0 70002@43=11") { w in called(&w, .read, again: .rws) },
    .both("e06", "0 0 70002@40=11") { w in
      let (gate, b, c, server) = scene(&w)
      let first = w.give(gate, to: b.slot, rights: .read)
      let second = w.pass(gate, from: b, to: c, rights: .rws)
      _ = w.thread(priority: 105, in: c, [.call(gate)])
      w.ms(2)
      return "\(first) \(second) \(w.see(server).prefix(11))"
    },
    .both("e07", "111 0 111") { w in removed(&w, inB: true, 0) },
    .both("e08", "111 0 101") { w in removed(&w, inB: true, UnmapMask.own) },
    .both("e09", "111 0 011 550001=77") { w in
      let (text, gate, c) = removedScene(&w, inB: false, UnmapMask.own)
      let client = w.thread(priority: 105, in: c, [.call(gate)])
      return "\(text) " + w.after(2, client)
    },
    .both("e10", "111 0 111") { w in removed(&w, inB: false, 0) },
    .both("e11", "111 0 101") { w in removed(&w, inB: true, UnmapMask.own | UnmapMask.deleteObjects) },
    .both("e12", "111 0 000") { w in
      removed(&w, inB: true, UnmapMask.own | UnmapMask.deleteObjects, rights: .all)
    },
    .both("e13", "0 1 70002@42=11") { w in
      let (gate, b, _, server) = scene(&w)
      w.give(gate, to: b.slot, rights: .all)
      let answer = w.unmap(gate, in: b, UnmapMask.own, rights: .write)
      _ = w.thread(priority: 105, in: b, [.call(gate)])
      w.ms(2)
      return "\(answer) \(w.valid(gate, in: b)) \(w.see(server).prefix(11))"
    },
    .both("e14", "- 0 1") { w in
      let server = w.go()
      let (gate, b) = (w.gate(server, label: 0x40), w.task())
      w.give(gate, to: b.slot)
      let client = w.thread(priority: 105, in: b, [.call(gate)])
      w.ms(1)
      w.unmap(gate, in: b, UnmapMask.own)
      return w.after(1, client) + " \(w.valid(gate, in: b)) \(w.valid(gate))"
    },
    .both("e15", "0 0 1 550001=77") { w in
      let (gate, b, _, _) = scene(&w)
      let item = SendItem.map(hotSpot: gate.selector, attributes: 0, grant: true)
      let answer = w.invoke(
        b.slot, KernelProtocol.task, [Opcode.Task.map, item.raw, FlexPage.objects(gate, rights: .rws).raw],
        items: [.objects(.task)])
      let client = w.thread(priority: 105, in: b, [.call(gate)])
      return "\(answer) \(w.valid(gate)) \(w.valid(gate, in: b)) " + w.after(2, client)
    },
    .both("e16", "0 0 550001=77 | 70002@43=11 558001!3") { w in
      let server = w.go(.wait(), .sleep(milliseconds: 5), .reply(timeouts: .ms(0, 5)))
      let gate = w.gate(server, label: 0x40)
      let client = w.go(.call(gate))
      w.ms(1)
      let answer = w.drop(gate, deletes: false)
      return "\(answer) \(w.valid(gate)) " + w.after(20, client, server)
    },
    .both("e17", "0 0 8000!4") { w in
      let server = w.go(.wait())
      let gate = w.gate(server, label: 0x40)
      w.ms(1)
      let answer = w.drop(server.slot, deletes: false)
      w.ms(1)
      return "\(answer) \(w.valid(server.slot)) " + w.did(.call(gate))
    },
    .both("e18", "0 - 70002@83=11 1") { w in
      let (first, second) = (w.go(.wait()), w.go(.wait()))
      let (one, two) = (w.gate(first, label: 0x40), w.gate(second, label: 0x80))
      let slot = w.copy(one, rights: .rws)
      let answer = w.give(two, to: .task, at: slot)
      _ = w.go(.call(slot))
      return "\(answer) " + w.after(2, first, second).replacing(" | ", with: " ") + " \(w.valid(one))"
    },
    .both("e19", "1 0 0 0 1 1 1") { w in
      let server = w.go()
      let (gate, other) = (w.gate(server, label: 0x40), w.gate(server, label: 0x40))
      let (copy, weak) = (w.copy(gate, rights: .all), w.copy(gate, rights: .rws))
      let answers = [
        w.equal(gate, w.copy(gate, rights: .all, attributes: 0x20)), w.equal(gate, other), w.equal(gate, .nothing),
        w.valid(.nothing), w.valid(copy), w.valid(weak), w.equal(copy, weak),
      ]
      return answers.map { "\($0)" }.joined(separator: " ")
    },
    .both("e20", "0") { w in "\(w.give(.nothing, to: w.task().slot))" },
    // Mapping a slot onto itself clears it first, and then there is nothing to map: nobody gets the call.
    .both("e21", "0 0") { w in
      let gate = w.gate(w.go(.wait()), label: 0x40)
      let slot = w.copy(gate, rights: .rws)
      return "\(w.give(slot, to: .task)) \(w.valid(slot))"
    },
    .both("e22", "0 0 - -") { w in pages(&w, .rw, .rw) { w, _ in w.revoke(.rwx) } },
    .both("e23", "0 0 rw -") { w in
      pages(&w, .rw, .rw) { w, b in
        w.invoke(
          b.slot, KernelProtocol.task, [Opcode.Task.unmap, 0, FlexPage.memory(one, order: 12, rights: .rwx).raw])
      }
    },
    .both("e24", "0 0 r r") { w in pages(&w, .read, .rw) { _, _ in } },
    .both("e25", "0 0 rw") { w in remapped(&w, .read, .rw) },
    .both("e26", "0 0 rw") { w in remapped(&w, .rw, .read) },
    .both("e27", "0") { w in
      let (b, c) = (w.task(), w.task())
      return "\(w.mapPage(0, to: c.slot, one, .rw, from: b.slot, one, order: 16))"
    },
    .both("e28", "0 1 1 70002@43=11 - -") { w in
      let server = w.go(.wait(), .sleep(milliseconds: 5), .wait(timeouts: .ms(nil, 3)))
      let (gate, place) = (w.gate(server, label: 0x40), w.task())
      w.give(gate, to: place.slot)
      let a = w.thread(priority: 105, in: place, [.call(gate)])
      w.ms(1)
      let b = w.thread(priority: 105, in: Place(slot: place.slot, utcb: place.utcb + 512), [.call(gate)])
      w.ms(1)
      let answer = w.drop(place.slot)
      let valid = "\(answer) \(w.valid(a.slot)) \(w.valid(b.slot)) "
      w.ms(20)
      return valid + w.see(server).split(separator: " ")[1] + " \(w.see(a)) \(w.see(b))"
    },
    .both("e30", "70041@40=22 1 1") { w in sent(&w, .read) },
    .both("e31", "70041@41=22 1 1") { w in sent(&w, [.read, .write]) },
    .both("e32", "70041@42=22 1 3") { w in sent(&w, [.read, .strong]) },
    .both("e33", "70041@43=22 1 3") { w in sent(&w, .rws) },
    .differs(
      "e40", r67: rights("0 -1 0 0 -1 -1 -1 0", irq: "0 0 0"), modern: rights("0 -1 0 0 -1 -1 -1 0", irq: "-1 -1 -1")
    ) { w in reduced(&w, .read) },
    .differs(
      "e41", r67: rights("0 -1 0 0 -1 -1 0 0", irq: "0 0 0"), modern: rights("0 -1 0 0 -1 -1 0 0", irq: "-1 -1 -1")
    ) { w in reduced(&w, [.read, .write]) },
    .differs("e42", r67: rights("0 0 0 0 0 0 -1 0", irq: "0 0 0"), modern: rights("0 0 0 0 0 0 -1 0", irq: "0 1 0")) {
      w in
      reduced(&w, [.read, .strong])
    },
    .differs("e43", r67: rights("0 0 0 0 0 0 0 0", irq: "0 0 0"), modern: rights("0 0 0 0 0 0 0 0", irq: "0 1 0")) {
      w in
      reduced(&w, .rws)
    },
  ]

  static let one: UInt64 = 0x5000_0000

  /// Eight operations through weak capabilities, then attach, detach and bind, then what deleting through one does.
  private static func rights(_ first: String, irq: String) -> String { "\(first) | \(irq) | 0 1 0" }
}
