import FiascoABI
import Testing

@testable import FiascoKernel

/// Areas f and h and the yields of area r: threads, the scheduler, time.
struct AreaFTests {
  @Test(arguments: cases)
  func `threads begin and share the processor as on the real kernel`(_ observed: ObservedCase) { observed.verify() }

  static let yield = Step.own(.receive, .ms(0, 0))

  static let cases: [ObservedCase] = [
    .both("f01", "0 0") { w in
      let slot = w.newSlot()
      w.create(KernelProtocol.thread, into: slot)
      let it = Actor(id: .none, slot: slot, task: .task, utcb: 0)
      return "\(w.exchangeRegisters(it, ip: KernelWorld.start, sp: 0x1000)) \(w.runThread(it, priority: 90))"
    },
    .both("f02", "0 0 0") { w in
      let it = w.makeThread()
      return "\(w.runThread(it, priority: 110)) \(w.exchangeRegisters(it)) \(w.kernel.messageWord(w.root, 1))"
    },
    .both("f03", "-22") { w in
      let it = w.makeThread()
      return "\(w.bindAgain(it, utcb: it.utcb + 512))"
    },
    .differs("f04", r67: "-22 -22 -22 -1", modern: "-22 -22 -22 -22") { w in
      let slot = w.newSlot()
      w.create(KernelProtocol.thread, into: slot)
      func tried(_ utcb: UInt64, _ task: CapabilitySlot, _ w: inout KernelWorld) -> String {
        "\(w.bindAgain(Actor(id: .none, slot: slot, task: task, utcb: utcb), utcb: utcb))"
      }
      let good = w.nextUTCB
      return [
        tried(0x4000_0000, .task, &w), tried(good + 4, .task, &w), tried(good, .factory, &w), tried(good, .nothing, &w),
      ].joined(separator: " ")
    },
    .both("f05", "0 new 4096") { w in
      let it = w.go(.compute(.milliseconds(3)), .mark("new"), at: 90)
      w.ms(1)
      let answer = w.exchangeRegisters(it, ip: KernelWorld.start + 0x4000)
      return "\(answer) " + w.seen(10) + " \(w.place(it) - 1)"
    },
    .both("f06", "0 before-exregs after-exregs new-ip") { w in
      let it = w.makeThread()
      w.append([.mark("new-ip")], to: it.id)
      let run = w.runThread(it, priority: 110)
      _ = w.go(.mark("before-exregs"), .starting(it), .mark("after-exregs"), at: 100)
      return "\(run) " + w.seen(5)
    },
    .differs(
      "f07", r67: "before-exregs after-exregs before-run after-run new-ip",
      modern: "before-exregs after-exregs before-run new-ip after-run"
    ) { w in
      let it = w.makeThread()
      w.append([.mark("new-ip")], to: it.id)
      _ = w.go(
        .mark("before-exregs"), .starting(it), .mark("after-exregs"), .sleep(milliseconds: 3), .mark("before-run"),
        .running(it, 110), .mark("after-run"), at: 100)
      return w.seen(10)
    },
    .differs(
      "f08", r67: "before-run after-run new-ip after-sleep", modern: "before-run new-ip after-run after-sleep"
    ) { w in
      let it = w.makeThread()
      w.append([.mark("new-ip")], to: it.id)
      w.exchangeRegisters(it, ip: KernelWorld.start)
      _ = w.go(
        .mark("before-run"), .running(it, 100), .mark("after-run"), .sleep(milliseconds: 1), .mark("after-sleep"),
        at: 100)
      return w.seen(10)
    },
    .differs("f09", r67: "0 0 0 0 -22 -22", modern: "0 0 -22 0 -22 -22") { w in
      let it = w.makeThread()
      let good = ([256, 300, 0, 255] as [UInt64]).map { "\(w.runThread(it, priority: $0))" }
      let bad = [CapabilitySlot.factory, .nothing].map {
        "\(w.runThread(Actor(id: .none, slot: $0, task: .task, utcb: 0), priority: 90))"
      }
      return (good + bad).joined(separator: " ")
    },
    .differs("f10", r67: "0 1 1 0", modern: "0 1 1 2") { w in
      let answer = w.invoke(.scheduler, KernelProtocol.scheduler, [Opcode.Scheduler.info, 0, 0])
      let words = (0..<3).map { "\(w.kernel.messageWord(w.root, $0))" }
      return "\(answer) " + words.joined(separator: " ")
    },
    .both("f11", "C B A C B A C B A C B A") { w in spinners(&w, ["A", "B", "C"], turns: 4) },
    // The real program counted for about 60 and 200 ms and for as long as its start and end took.
    .both("f12", "32") { w in "\(switches(&w, quantum: 2000, within: 64))" },
    .both("f13", "21") { w in "\(switches(&w, quantum: 0, within: 210))" },
    .differs("f14", r67: "C B A C B A C B A", modern: "C C C B B B A A A") { w in turns(&w, { _ in yield }) },
    .both("f15", "A1 C A2 B") { w in switchTo(&w, 90, "C") },
    .both("f16", "A1 C80 A2 B") { w in switchTo(&w, 80, "C80") },
    .both("f17", "C B A") { w in
      for name in ["A", "B", "C"] { _ = w.go(.sleep(milliseconds: 5), .mark(name), at: 90) }
      return w.seen(10)
    },
    .both("f18", "X:before Y90 X:after") { w in
      let x = w.makeThread()
      w.append([.mark("X:before"), .running(x, 80), .mark("X:after")], to: x.id)
      _ = w.go(.mark("Y90"), at: 90)
      w.start(x, priority: 110)
      return w.seen(5)
    },
    .both("f19", "X:before Y X:after") { w in
      let y = w.go(.mark("Y"), at: 80)
      _ = w.go(.mark("X:before"), .running(y, 120), .mark("X:after"))
      return w.seen(5)
    },
    .both("f20", "-2004 -22 -2004") { w in
      let it = w.makeThread()
      w.drop(it.slot)
      return "\(w.exchangeRegisters(it)) \(w.runThread(it, priority: 90)) \(w.control(it, 0))"
    },
    .both("f21", "8000!4 8000!4") { w in
      let it = w.makeThread()
      return w.did(.send(it.slot, timeouts: .zero), .call(it.slot, timeouts: .ms(5, 5)), within: 10)
    },
    .both("f22", "20000") { w in
      let it = w.go(.compute(.milliseconds(20)), at: 90)
      w.ms(40)
      return "\(w.microseconds(it))"
    },
    .both("f23", "0 0 0 1") { w in
      let it = w.makeThread(handler: .nothing)
      w.append([.trapAgain(cause: ExceptionCause.illegalInstruction), .mark("ran")], to: it.id)
      w.start(it, priority: 110)
      w.ms(2)
      let first = w.exchangeRegisters(it, ip: KernelWorld.start + 0x100)
      w.ms(2)
      let before = w.log.count
      let second = w.exchangeRegisters(it, flags: ExchangeRegisters.cancel, ip: KernelWorld.start + 0x100)
      w.ms(2)
      return "\(first) \(before) \(second) \(w.log.count)"
    },
    // The records end in the middle of a turn; here each thread has as many as the other.
    .both("f24", "B A B A B A") { w in
      for name in ["A", "B"] { spinner(&w, name, turns: 3) }
      for _ in 0..<20 { w.ms(3) }
      return w.order
    },
    .both("f25", "0 2 -12") { w in
      let (factory, slot) = (w.newSlot(), w.newSlot())
      // Two threads fit, whatever their size is on the machine.
      let limit = w.kernel.profile.objectSizes.thread * 2
      let made = w.create(KernelProtocol.factory, into: factory, [0, limit])
      let threads = (0..<3).map { index in
        w.create(KernelProtocol.thread, into: index == 0 ? slot : w.newSlot(), factory: factory)
      }
      return "\(made) \(threads.count { $0 == 0 }) \(threads[2])"
    },
    .both("f26", "C C C B B B A A A") { w in
      turns(&w) { .invoke($0.slot, KernelProtocol.thread, [Opcode.Thread.switchTo]) }
    },
    .both("f27", "A:start A:end B:woken") { w in
      _ = w.go(.sleep(milliseconds: 3), .mark("B:woken"), at: 90)
      _ = w.go(.mark("A:start"), .compute(.milliseconds(8)), .mark("A:end"), at: 90)
      return w.seen(20)
    },
    .both("f28", "B:wait A:start B:woken A:end") { w in
      let b = w.go(.mark("B:wait"), .wait(), .mark("B:woken"), at: 90)
      w.ms(1)
      _ = w.go(.mark("A:start"), .compute(.milliseconds(8)), .mark("A:end"), at: 90)
      w.ms(3)
      w.request(b.slot)
      return w.seen(20)
    },
    .both("f29", "A:start N A:end") { w in
      _ = w.go(.mark("A:start"), .compute(.milliseconds(8)), .mark("A:end"), at: 90)
      w.ms(3)
      _ = w.go(.mark("N"), at: 90)
      return w.seen(20)
    },
    .both("r36", "C C C B B B A A A") { w in turns(&w, { _ in .wait(timeouts: .ms(0, 0)) }) },
    .differs("r41", r67: "C B A C B A C B A", modern: "C C C B B B A A A") { w in
      turns(&w) { .receive($0.slot, timeouts: .ms(0, 0)) }
    },
    .both("r42", "C C C B B B A A A") { w in
      let other = w.go()
      return turns(&w) { _ in .receive(other.slot, timeouts: .ms(0, 0)) }
    },
  ]
}
