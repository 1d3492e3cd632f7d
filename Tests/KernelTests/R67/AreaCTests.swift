import FiascoABI
import Testing

@testable import FiascoKernel

/// Area c: a thread is stopped, looked at, and set going again, in its place or in another's. The original frames hold
/// amd64 registers; here a0 is the result tag, a1 the operation, `+n` the number of system calls behind the start.
struct AreaCTests {
  @Test(arguments: cases)
  func `a stopped thread shows and does what it did on the real kernel`(_ observed: ObservedCase) { observed.verify() }

  static let waiting = "a1=fffffffffffff806"
  static let serving = "a1=fffffffffffff80f"

  static let cases: [ObservedCase] = [
    .both("c01", "0 +1 | trig a0=8000 \(waiting) +1 | 8000!7 | H w:ret") { w in
      let (it, handler) = pair(&w, [.wait(), .mark("w:ret")], [.wait(), .mark("H"), .resume])
      w.ms(1)
      let answer = w.poke(it, ExchangeRegisters.both)
      w.ms(2)
      return "\(answer) | \(w.frame(handler)) | \(w.see(it)) | \(w.order)"
    },
    .both("c02", "0 +1 0 - | trig a0=70002 \(waiting) +1 | 70002=11") { w in
      let (it, handler) = pair(&w, [.wait()], [.wait(), .resume])
      w.ms(1)
      let answer = w.poke(it, ExchangeRegisters.triggerException)
      w.ms(5)
      let before = "\(answer) \(w.results(handler.id).count) \(w.see(it))"
      w.tell(it)
      w.ms(1)
      return "\(before) | \(w.frame(handler)) | \(w.see(it))"
    },
    .both("c03", "0 +2 | trig a0=558001 \(serving) +2 | 70002=11 558001!7 | 550001=77") { w in
      let (server, handler, client) = served(&w, [.wait(), .resume])
      let answer = w.poke(server, ExchangeRegisters.both)
      w.ms(2)
      return "\(answer) | \(w.frame(handler)) | \(w.see(server)) | \(w.see(client))"
    },
    .both("c04", "0 +2 | trig a0=558001 \(serving) +2 | 70002=11 8000!4") { w in
      let (server, handler, _) = served(&w, [.wait(), .back, .resume])
      let answer = w.poke(server, ExchangeRegisters.both)
      w.ms(2)
      return "\(answer) | \(w.frame(handler)) | \(w.see(server))"
    },
    .both("c05", "trig a0=8000 \(waiting) +1 | - 70002=11") { w in
      let (it, handler) = pair(&w, [.wait()], [.wait(), .back, .resume])
      w.ms(1)
      w.poke(it, ExchangeRegisters.both)
      let before = w.after(2, it)
      w.tell(it)
      w.ms(1)
      return "\(w.frame(handler)) | \(before) \(w.see(it))"
    },
    .both("c06", "a0=78002 +1 | 78002!7") { w in
      let server = w.go(.wait())
      return interrupted(&w, .call(server.slot))
    },
    .both("c07", "a0=8000 +1 | 8000!6") { w in
      let server = w.go()
      return interrupted(&w, .call(server.slot))
    },
    .both("c08", "0 +0 | trig +0 | H spin:end") { w in spinning(&w, ExchangeRegisters.triggerException) },
    .both("c09", "0 +0 | trig +0 | H spin:end") { w in spinning(&w, ExchangeRegisters.both) },
    .both("c10", "1 8000!2 0 +1 1 0 +1 2 trig a0=8000 \(waiting) +1 -") { w in
      let (it, handler) = pair(&w, [.wait()], [.wait(), .wait(), .wait()])
      w.ms(1)
      w.poke(it, ExchangeRegisters.both)
      w.ms(1)
      var text = "\(w.results(handler.id).count) " + w.did(.send(it.slot, timeouts: .ms(0, nil)))
      for flags in [ExchangeRegisters.triggerException, ExchangeRegisters.both] {
        let answer = w.poke(it, flags)
        w.ms(1)
        text += " \(answer) \(w.results(handler.id).count)"
      }
      return "\(text) \(w.frame(handler, 1)) \(w.see(it))"
    },
    .both("c11", "0 0 0 2048") { w in
      let (it, _) = pair(&w, [.wait(), .mark("ran")], [.wait()])
      w.ms(1)
      w.poke(it, ExchangeRegisters.both)
      w.ms(1)
      let first = w.exchangeRegisters(it, ip: KernelWorld.start + 0x2000)
      w.ms(1)
      let before = w.log.count
      let second = w.exchangeRegisters(it, flags: ExchangeRegisters.cancel, ip: KernelWorld.start + 0x2000)
      w.ms(1)
      return "\(first) \(before) \(second) \(w.place(it) - 1)"
    },
    .both("c12", "0 +1 - 0 +1 0 ran") { w in
      let it = w.makeThread(handler: .nothing)
      w.append([.wait(), .mark("ran")], to: it.id)
      w.start(it, priority: 110)
      w.ms(1)
      let first = w.poke(it, ExchangeRegisters.both)
      let shown = w.after(2, it)
      let second = w.poke(it, 0)
      let third = w.exchangeRegisters(it, flags: ExchangeRegisters.cancel, ip: KernelWorld.start + 0x100)
      return "\(first) \(shown) \(second) \(third) " + w.seen(2)
    },
    .both("c13", "0 0") { w in
      let it = w.makeThread()
      return "\(w.exchangeRegisters(it)) \(w.kernel.messageWord(w.root, 1))"
    },
    .both("c14", "0 1000") { w in
      let it = w.makeThread()
      w.exchangeRegisters(it, ip: KernelWorld.start, sp: 0x1000)
      let registers = w.kernel.registers[it.id.slot]
      let sum = (1..<32).filter { $0 != 2 }.reduce(0 as UInt64) { $0 | registers[$1] }
      return "\(sum) \(registers.sp.hex)"
    },
    .both("c15", "0 0 8000!4") { w in
      let (_, _, frame) = lost(&w)
      let heir = w.makeThread()
      w.append([.reply(timeouts: .ms(0, 5))], to: heir.id)
      w.exchangeRegisters(heir, ip: frame.pc, sp: frame.sp)
      let seen = "\(w.kernel.registers[heir.id.slot].a0.hex) \(w.kernel.messageWord(heir.id, 0).hex)"
      w.runThread(heir, priority: 110)
      return "\(seen) " + w.after(2, heir)
    },
    .both("c16", "0 77") { w in
      let (old, _, frame) = lost(&w)
      let slot = w.newSlot()
      w.create(KernelProtocol.thread, into: slot)
      let id = ThreadID(Int(w.kernel.objects[w.object(slot).slot].index))
      let heir = Actor(id: id, slot: slot, task: .task, utcb: old.utcb)
      _ = w.bindAgain(heir, utcb: old.utcb)
      w.exchangeRegisters(heir, ip: frame.pc, sp: frame.sp)
      return "\(w.kernel.registers[id.slot].a0.hex) \(w.kernel.messageWord(id, 0).hex)"
    },
    // Today's amd64 kernel has the UTCB pointer in the frame; neither the old one nor this machine has.
    .old("c17", "2 558001=0") { w in
      let (_, handler, _) = lost(&w)
      let answer = SystemCall(tag: MessageTag(), target: .special(.replyAndWait))
      let (heir, keeper) = reborn(&w, handler, [.returned(answer)]) { _ in }
      let count = w.results(handler.id).count + w.results(keeper.id).count(where: { $0.tag.label < 0 })
      return "\(count) \(w.see(heir))"
    },
    .old("c18", "- 0 70002@83=11 | 560001=77") { w in recovered(&w) },
    .both("c19", "1 -") { w in
      let (it, handler) = pair(&w, [.wait()], [.wait()])
      w.ms(1)
      w.poke(it, ExchangeRegisters.both)
      w.ms(1)
      let count = w.results(handler.id).count
      w.drop(handler.slot)
      return "\(count) " + w.after(5, it)
    },
    .both("c20", "0 +0 0") { w in
      let handler = w.go(.wait())
      let gate = w.gate(handler, label: 0x100)
      let it = w.makeThread(handler: gate)
      w.append([.compute(.milliseconds(3)), .mark("spin:end")], to: it.id)
      w.start(it, priority: 90)
      w.ms(1)
      w.drop(gate)
      let answer = w.poke(it, ExchangeRegisters.triggerException)
      w.ms(10)
      return "\(answer) \(w.log.count)"
    },
    .both("c21", "trig a0=8000 \(waiting) +2048 1000 ran") { w in
      let (it, handler) = pair(&w, [.wait(), .mark("ran")], [.wait(), .resume])
      w.ms(1)
      w.exchangeRegisters(it, flags: ExchangeRegisters.both, ip: KernelWorld.start + 0x2000, sp: 0x1000)
      w.ms(2)
      return "\(w.frame(handler)) \(w.results(handler.id)[0].words[2].hex) \(w.order)"
    },
    .both("c22", "- 0 70002@83=11 | 560001=77") { w in recovered(&w) },
    .both("c23", "0 - | 8000!4") { w in
      let server = w.go(.wait())
      let gate = w.gate(server, label: 0x40)
      let client = w.go(.call(gate))
      w.ms(1)
      w.drop(server.slot)
      let next = w.go(.reply(timeouts: .ms(0, nil)))
      let answer = w.bind(gate, to: next, label: 0x80)
      return "\(answer) " + w.after(5, client, next)
    },
    .both("c24", "- 78002!7") { w in
      let server = w.go(.wait())
      let client = w.go(.call(server.slot))
      w.ms(1)
      w.drop(server.slot)
      let before = w.after(2, client)
      w.cancel(client)
      return "\(before) " + w.after(1, client)
    },
    .both("c25", "0 +1 -") { w in
      let it = w.go(.wait())
      w.ms(1)
      return w.poke(it, 0) + " " + w.after(1, it)
    },
    .both("c26", "0 +0 550001=77") { w in
      let server = w.go(.wait(), .reply())
      let it = w.go(.compute(.milliseconds(3)), .call(server.slot), at: 90)
      w.ms(1)
      w.poke(it, 0)
      return w.poke(it, ExchangeRegisters.cancel) + " " + w.after(10, it)
    },
    .both("c30", "-5@103=0 | x2 +0 | H recovered") { w in
      let (_, handler) = pair(
        &w, [.trapAgain(cause: ExceptionCause.illegalInstruction), .mark("recovered")],
        [.wait(), .mark("H"), .move(by: 0x100), .resume])
      w.ms(2)
      let message = w.see(handler).split(separator: " ")[0]
      return "\(message) | \(w.frame(handler, registers: false)) | \(w.order)"
    },
    .both("c35", "0 0 +0 0 0") { w in
      let it = w.makeThread(handler: .nothing)
      w.append([.trapAgain(cause: ExceptionCause.illegalInstruction), .mark("ran")], to: it.id)
      w.start(it, priority: 110)
      w.ms(2)
      let before = w.log.count
      let answer = w.poke(it, 0)
      let again = w.exchangeRegisters(it, ip: KernelWorld.start + 0x100)
      w.ms(2)
      return "\(before) \(answer) \(again) \(w.log.count)"
    },
    .both("c36", "5 0") { w in repeated(&w, label: -1) },
    .both("c37", "5 0") { w in repeated(&w, label: 0) },
  ]
}
