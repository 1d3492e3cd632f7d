import FiascoABI
import Testing

@testable import FiascoKernel

/// Area g: IRQ objects, attached and counted on the old kernel, bound and coalesced today.
struct AreaGTests {
  @Test(arguments: cases)
  func `an IRQ does what the real kernel's did`(_ observed: ObservedCase) { observed.verify() }

  static let cases: [ObservedCase] = [
    .both("g01", "ok") { w in
      let irq = w.irq(nil)
      return w.did(.triggered(irq)) == "-1=2" ? "ok" : w.order
    },
    .differs("g02", r67: "0 8000!3", modern: "0 0@80 8000!3") { w in
      let (irq, it) = (w.irq(nil), w.makeThread())
      w.raise(irq)
      w.raise(irq)
      let answer = w.attach(irq, to: it, label: 0x80)
      return "\(answer) " + receives(&w, it, after: 0, stopsAtFirst: true)
    },
    .differs("g03", r67: "0@80 0@80 0@80 8000!3", modern: "0@80 8000!3 8000!3 8000!3") { w in
      let it = w.makeThread()
      let irq = w.irq(it, label: 0x80)
      w.append([.sleep(milliseconds: 3)], to: it.id)
      w.start(it, priority: 110)
      for _ in 0..<3 { w.raise(irq) }
      return receives(&w, it)
    },
    .both("g04", "0@80 -") { w in
      let it = w.go(.wait(), .wait())
      let irq = w.irq(it, label: 0x80)
      w.ms(1)
      w.raise(irq)
      return w.after(1, it)
    },
    .both("g05", "0@80 0@80 0@80") { w in
      let it = w.go(.wait(), .wait(), .wait())
      let irq = w.irq(it, label: 0x80)
      for _ in 0..<3 {
        w.ms(1)
        w.raise(irq)
      }
      return w.after(1, it)
    },
    .both("g06", "0@80 70002=11") { w in against(&w, 254) },
    // Priority 255 is that of IRQs: first come, first served. Main is below it, so the sender starts by itself.
    .both("g07", "70002=11 0@80") { w in against(&w, 255) },
    .both("g08", "0@90 0@80 0@a0") { w in
      let it = w.makeThread()
      let irqs = [0x80, 0x90, 0xa0].map { w.irq(it, label: $0) }
      w.append([.sleep(milliseconds: 3), .wait(), .wait(), .wait()], to: it.id)
      w.start(it, priority: 110)
      w.ms(1)
      for index in [1, 0, 2] { w.raise(irqs[index]) }
      return w.after(5, it)
    },
    .differs("g09", r67: "0 8000!3", modern: "1 8000!3") { w in
      let it = w.makeThread()
      let irq = w.irq(it, label: 0x80)
      w.raise(irq)
      let answer = w.detach(irq)
      return "\(answer) " + receives(&w, it, after: 0, stopsAtFirst: true)
    },
    .both("g10", "0 8000!3") { w in
      let it = w.makeThread()
      let irq = w.irq(it, label: 0x80)
      w.raise(irq)
      return "\(w.drop(irq)) " + receives(&w, it, after: 0, stopsAtFirst: true)
    },
    .differs("g11", r67: "-22 | 0@80 | 8000!3", modern: "0 | 8000!3 | 0@90") { w in
      let (first, second) = (w.makeThread(), w.makeThread())
      let irq = w.irq(first, label: 0x80)
      w.raise(irq)
      let answer = w.attach(irq, to: second, label: 0x90)
      for it in [first, second] {
        w.append([.wait(timeouts: .ms(nil, 2))], to: it.id)
        w.start(it, priority: 110)
      }
      return "\(answer) | " + w.after(10, first, second)
    },
    .differs("g12", r67: "0 0 -22 -22 -22 0 0", modern: "-2 0 0 0 0 0 -2") { w in
      let (irq, it, other) = (w.irq(nil), w.go(), w.makeThread())
      let answers = [
        w.detach(irq), w.attach(irq, to: it, label: 0x80), w.attach(irq, to: it, label: 0x80),
        w.attach(irq, to: it, label: 0x83), w.attach(irq, to: other, label: 0x80), w.detach(irq), w.detach(irq),
      ]
      return answers.map { "\($0)" }.joined(separator: " ")
    },
    .differs("g13", r67: "-22 8000!3", modern: "0 0@90 8000!3") { w in
      let it = w.go()
      let irq = w.irq(it, label: 0x80)
      w.raise(irq)
      w.drop(it.slot)
      w.ms(1)
      w.raise(irq)
      let next = w.makeThread()
      let answer = w.attach(irq, to: next, label: 0x90)
      return "\(answer) " + receives(&w, next, after: 0, stopsAtFirst: true)
    },
    .both("g14", "hi irq80 after-trigger lo after-trigger irq80 eq irq80 after-trigger") { w in
      for (name, priority) in [("hi", 110), ("lo", 90), ("eq", 100)] as [(String, UInt64)] {
        let it = w.go(.wait(), .mark("irq80"), at: priority)
        let irq = w.irq(it, label: 0x80)
        w.ms(1)
        _ = w.go(.mark(name), .triggered(irq), .mark("after-trigger"), at: 100)
        w.ms(5)
      }
      return w.order
    },
    .both("g15", "- 0@80 | -") { w in
      let it = w.makeThread()
      let irq = w.irq(it, label: 0x80)
      w.append([.receive(irq)], to: it.id)
      w.start(it, priority: 110)
      let sender = w.go(.send(it.slot))
      let before = w.after(2, it)
      w.raise(irq)
      return before + " " + w.after(1, it, sender)
    },
    .differs("g16", r67: "-22", modern: "ffffffffffff8000!3") { w in
      let it = w.go()
      let irq = w.irq(it, label: 0x80)
      let call = SystemCall(
        tag: MessageTag(label: KernelProtocol.irq), target: ObjectReference(slot: irq, operation: .call),
        timeouts: .ms(5, 5))
      return w.did(.call(call), within: 10)
    },
    .differs("g17", r67: "-19 8000!4 8000!4 8000!4 8000!4", modern: "0 0 0 0 -") { w in
      let slot = w.newSlot()
      let answer = w.create(KernelProtocol.semaphore, into: slot)
      for _ in 0..<3 { w.raise(slot) }
      let down = Step.invoke(slot, KernelProtocol.semaphore, [0])
      let text = w.did(down, down, down, down, within: 10)
      return "\(answer) " + text
    },
    .differs("r05", r67: "0@80 0@80 8000!3", modern: "0@80 8000!3 8000!3") { w in
      let it = w.makeThread()
      let irq = w.irq(it, label: 0x80)
      w.raise(irq)
      w.raise(irq)
      return closed(&w, it, irq)
    },
    .differs("r06", r67: "0 0 8000!3 8000!3 8000!3", modern: "1 0 0@90 8000!3 8000!3") { w in
      let it = w.makeThread()
      let irq = w.irq(it, label: 0x80)
      w.raise(irq)
      w.raise(irq)
      let answers = "\(w.detach(irq)) \(w.attach(irq, to: it, label: 0x90)) "
      return answers + closed(&w, it, irq)
    },
    .both("r07", "8000!7 0@80 8000!3") { w in
      let it = w.makeThread()
      let irq = w.irq(it, label: 0x80)
      w.append([.receive(irq), .receive(irq, timeouts: .ms(nil, 8)), .receive(irq, timeouts: .ms(nil, 8))], to: it.id)
      w.start(it, priority: 110)
      w.ms(1)
      w.cancel(it)
      w.ms(1)
      w.raise(irq)
      return w.after(20, it)
    },
    .both("r31", "8000!9") { w in
      w.did(
        .call(
          SystemCall(
            tag: MessageTag(label: KernelProtocol.factory, words: 3),
            target: ObjectReference(slot: .factory, operation: .call), words: [.max, 0, 0], buffers: [])))
    },
    .differs("r35", r67: "-39 -38 -38 -19 -22 -38", modern: "-39 -38 -38 -19 -38 -38") { w in
      let (it, irq) = (w.go(), w.irq(nil))
      let answers = [
        w.invoke(.task, 7, [0]), w.invoke(.task, KernelProtocol.task, [99]),
        w.invoke(it.slot, KernelProtocol.thread, [99]), w.create(-99, into: w.newSlot()),
        w.invoke(irq, KernelProtocol.irq, [99]), w.invoke(.scheduler, KernelProtocol.scheduler, [99]),
      ]
      return answers.map { "\($0)" }.joined(separator: " ")
    },
  ]

  /// Open waits of 2 ms each until one fails, or three and one more.
  private static func receives(
    _ w: inout KernelWorld, _ it: Actor, after: UInt64 = 3, stopsAtFirst: Bool = false
  ) -> String {
    let waits = (0..<4).map { _ in Step.wait(timeouts: .ms(nil, 2)) }
    w.append(waits, to: it.id)
    if after == 0 { w.start(it, priority: 110) }
    w.ms(20)
    let all = w.see(it).split(separator: " ")
    guard stopsAtFirst, let end = all.firstIndex(of: "8000!3") else { return all.joined(separator: " ") }
    return all[...end].joined(separator: " ")
  }

  private static func closed(_ w: inout KernelWorld, _ it: Actor, _ irq: CapabilitySlot) -> String {
    w.append((0..<3).map { _ in .receive(irq, timeouts: .ms(nil, 3)) }, to: it.id)
    w.start(it, priority: 110)
    return w.after(20, it)
  }

  /// A sender of this priority queues first, then an IRQ.
  private static func against(_ w: inout KernelWorld, _ priority: UInt64) -> String {
    let it = w.makeThread()
    let irq = w.irq(it, label: 0x80)
    w.append([.sleep(milliseconds: 5), .wait(), .wait()], to: it.id)
    w.start(it, priority: 110)
    _ = w.go(.sleep(milliseconds: 1), .send(it.slot), at: priority)
    w.ms(3)
    w.raise(irq)
    return w.after(10, it)
  }
}

extension Step {
  /// Software trigger with one word, send only.
  static func triggered(_ irq: CapabilitySlot) -> Step {
    .invoke(irq, KernelProtocol.irq, [Opcode.IRQ.trigger], operation: .send)
  }
}
