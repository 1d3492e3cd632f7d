import FiascoABI
import Testing

@testable import FiascoKernel

/// Area d: page faults. This machine's hardware does not tell whether something was mapped, so bit 0 of the first word
/// is always set where amd64 has it only for a page that is there; bits 1 (write) and 2 (fetch) are the same.
struct AreaDTests {
  @Test(arguments: cases)
  func `a page fault ends as on the real kernel`(_ observed: ObservedCase) { observed.verify() }

  static let page: UInt64 = 0x4000_0000

  static let cases: [ObservedCase] = [
    .both("d01", "-2@103=40000129 | done") { w in fault(&w, [.touch(page + 0x128, .load)], [.maps(.rw)]) },
    .both("d02", "-2@103=4000012b | done") { w in fault(&w, [.touch(page + 0x128, .store)], [.maps(.rw)]) },
    .both("d03", "-2@103=40000005 | done") { w in fault(&w, [.touch(page, .fetch)], [.maps(.rx)]) },
    .both("d04", "-2@103=40000009 -2@103=4000000b | done") { w in
      fault(&w, [.touch(page + 8, .load), .touch(page + 8, .store)], [.maps(.read), .maps(.rw)])
    },
    .both("d05", "-2@103=40000001 -2@103=40000005 | done") { w in
      fault(&w, [.touch(page, .load), .touch(page, .fetch)], [.maps(.rw), .maps(.rx)])
    },
    .both("d06", "-2@103=4000000b -2@103=4000000b -2@103=4000000b -2@103=4000000b | done") { w in
      fault(&w, [.touch(page + 8, .store)], [.maps(.read), .maps(.read), .maps(.read), .maps(.rw)])
    },
    .both("d07", "-2@103=40000009 -2@103=40000009 -2@103=40000009 -2@103=40000009 | done") { w in
      fault(&w, [.touch(page + 8, .load)], [.refuses(0), .refuses(0), .refuses(0), .maps(.rw)])
    },
    .differs("d08", r67: "-2@103=40000009 -2@103=40000009 |", modern: "-2@103=40000009 -5@103=0 |") { w in
      fault(&w, [.touch(page + 8, .load)], [.refuses(-1)], handler: true)
    },
    .differs("d09", r67: "-2@103=40000009 -2@103=40000009 |", modern: "-2@103=40000009 |") { w in
      fault(&w, [.touch(page + 8, .load)], [.refuses(-1)])
    },
    .both("d10", "-2@103=40000009 -2@103=40000009 | done") { w in
      fault(&w, [.touch(page + 8, .load), .touch(page + 0x5008, .load)], [.maps(.rw, at: page + 0x5000), .maps(.rw)])
    },
    .both("d11", "-2@103=40000009 | done") { w in
      fault(&w, [.touch(page + 8, .load), .touch(page + 0xf008, .load)], [.maps(.rw, order: 16)])
    },
    .both("d12", "-2@103=4000000b -2@103=40000009 | done") { w in
      fault(
        &w, [.touch(page + 8, .store), .sleep(milliseconds: 5), .touch(page + 8, .load)], [.maps(.rw), .maps(.rw)]
      ) { $0.revoke(.rwx) }
    },
    .both("d13", "-2@103=4000000b -2@103=4000000b | done") { w in
      let steps: [Step] = [
        .touch(page + 8, .store), .sleep(milliseconds: 5), .touch(page + 8, .load), .touch(page + 8, .store),
      ]
      return fault(&w, steps, [.maps(.rw), .maps(.rw)]) { $0.revoke(.write) }
    },
    .both("d14", "|") { w in fault(&w, [.touch(page, .load)], [], handler: true, pager: false) },
    .differs("d15", r67: "| blocked", modern: "| dead") { w in unpaged(&w, .nothing) },
    .both("d16", "-2@103=40000001 | 0 +0") { w in
      let (it, pager) = paged(&w, [.touch(page, .load), .mark("done")], [.wait()])
      w.ms(2)
      let before = w.see(pager)
      w.drop(pager.slot)
      w.ms(2)
      let answer = w.poke(it, ExchangeRegisters.cancel)
      return "\(before) | \(answer)" + w.seen(5)
    },
    .both("d17", "-2@103=40000129 0 +0 -2@103=40000129 -2@103=40000129 -") { w in
      let (it, pager) = paged(&w, [.touch(page + 0x128, .load)], [.wait(), .wait(), .wait()])
      w.ms(2)
      let before = w.see(pager).dropLast(2)
      return "\(before) \(w.poke(it, ExchangeRegisters.cancel)) " + w.after(2, pager)
    },
    .both("d18", "0 +0 -2@103=40000129 -5@103=0 - | trig +0 40000128") { w in
      let (it, pager) = paged(
        &w, [.touch(page + 0x128, .load)], [.wait(), .wait(), .wait()], handler: true)
      w.ms(2)
      let answer = w.poke(it, ExchangeRegisters.both)
      let messages = w.after(2, pager)
      let value = w.results(pager.id)[1].words[ExceptionMessage.value]
      return "\(answer) \(messages) | \(w.frame(pager, 1, registers: false)) \(value.hex)"
    },
    .both("d19", "-5@103=0 | ffffffff80000000") { w in beyond(&w, 0xffff_ffff_8000_0000) },
    .both("d20", "-5@103=0 | 800000000000") { w in beyond(&w, 0x8000_0000_0000) },
    .both("d21", "-2@103=9 |") { w in fault(&w, [.touch(8, .load)], []) },
    .both("d22", "0 3 -2@103=40000009 -2@103=40000009") { w in
      let (it, pager) = paged(
        &w, [.touch(page + 8, .load), .sleep(milliseconds: 5), .touch(page + 8, .load)],
        [.wait(), .maps(.rw), .maps(.rw, from: 3)])
      w.ms(2)
      let first = w.frameNumber(it, page)
      w.revoke(.rwx)
      w.ms(10)
      return "\(first) \(w.frameNumber(it, page)) \(w.see(pager).dropLast(2))"
    },
    .both("d23", "0 1 3") { w in
      let (it, pager) = paged(&w, [.touch(page + 8, .load)], [.wait(), .maps(.rw)])
      w.ms(2)
      let answer = w.mapPage(3, to: it.task, page, .rw)
      return "\(answer) \(w.see(pager).split(separator: " ").count - 1) \(w.frameNumber(it, page))"
    },
    // The exception frame of amd64 has 23 words there and 26 today; this machine's has 37.
    .both("r08", "-5@203=0 0 |") { w in
      let pager = w.go(.wait())
      let gate = w.gate(pager, label: 0x100)
      w.drop(pager.slot)
      w.ms(1)
      let handler = w.go(.wait(), .resume)
      let place = w.task()
      let handling = w.gate(handler, label: 0x200)
      for slot in [gate, handling] { w.give(slot, to: place.slot) }
      let it = w.makeThread(in: place, pager: gate, handler: handling)
      w.append([.touch(page, .load), .mark("done")], to: it.id)
      w.start(it, priority: 105)
      w.ms(2)
      let first = w.see(handler).split(separator: " ")[0]
      return "\(first) \(w.results(handler.id)[0].words[0]) |" + w.order
    },
    .differs("r09", r67: "1 1", modern: "4 0") { w in
      let handler = w.go(.wait())
      let refuse = Step.call(
        SystemCall(tag: MessageTag(words: 1), target: .special(.replyAndWait), words: [.max]))
      let (_, pager) = paged(
        &w, [.touch(page, .load)], [.wait(), refuse, refuse, refuse], other: w.gate(handler, label: 0x200))
      w.ms(5)
      let faults = w.results(pager.id).count { $0.tag.label == KernelProtocol.pageFault }
      return "\(faults) \(w.results(handler.id).count)"
    },
    .both("r10", "a0 a1 702 703 704 b0 b1 b2") { w in
      let words = (0..<6).map { 0x700 + UInt64($0) }
      let (it, _) = paged(
        &w, [.amend { for n in 0..<5 { $0[n] = 0xa0 + UInt64(n) } }, .touch(page, .load)],
        [.wait(), .maps(.rw, words: words)], start: false)
      for n in 0..<3 { w.kernel.setUTCBWord(it.id, UTCB.bufferRegisters + n, 0xb0 + UInt64(n)) }
      w.start(it, priority: 105)
      w.ms(2)
      let registers = [0, 1, 2, 3, 4].map { w.kernel.messageWord(it.id, $0) }
      let buffers = (0..<3).map { w.kernel.messageWord(it.id, UTCB.bufferRegisters + $0) }
      return (registers + buffers).map(\.hex).joined(separator: " ")
    },
    .differs("r39", r67: "blocked 0 +0 blocked", modern: "dead 0 +0 dead") { w in
      let text = unpaged(&w, .nothing, handler: true)
      guard let it = lastUnpaged(w) else { return text }
      let answer = w.poke(it, ExchangeRegisters.cancel)
      w.ms(2)
      return "\(text.dropFirst(2)) \(answer) \(fate(w, it))"
    },
    .differs("r40", r67: "| blocked", modern: "| dead") { w in
      unpaged(&w, CapabilitySlot(0xf_ffff), handler: true)
    },
    .both("r51", "-2@103=40000001 40 | done") { w in late(&w, cancelAt: nil, second: false) },
    .both("r52", "-2@103=40000001 8000!2 -2@103=40000001 40 | done") { w in late(&w, cancelAt: 3, second: false) },
    .both("r53", "-2@103=40000001 -2@103=40000001 40 | done") { w in late(&w, cancelAt: 3, second: true) },
  ]
}
