import Determinism
import FiascoABI
import Genode
import RISCV

@testable import Scenarios

/// Enough of a kernel and of core to run one compiled component: one capability table, threads that take turns when
/// they block, and the services of core as a switch over opcodes.
///
/// It is as strict as the protocol: a call to a slot that holds nothing, or with an unknown opcode, stops the test.
final class FakeGenode {
  enum Object: Equatable {
    case parent, ram, cpu, pd, addressSpace, stackArea, nativePD, signalSource, signalIRQ, log, timer
    case dataspace(Int)
    case thread(Int), gate(Int), irq(Int), context(UInt64)
    case rpc(server: Int)
  }

  enum State: Equatable { case unstarted, ready, waiting, calling, blockedOnIRQ, asleep, sending }

  struct FakeThread {
    var registers = Registers()
    var state = State.unstarted
    var name: String
    var caller: Int?
    var queue: [Int] = []
    var irqCount = 0
  }

  let machine: TestMachine
  var slots: [UInt64: (object: Object, badge: UInt64)] = [:]
  var threads: [FakeThread] = []
  var log: [String] = []
  var hints: [(kind: UInt64, operand: UInt64)] = []
  var calls: [String] = []
  var worked: UInt64 = 0
  var microseconds: UInt64 = 0
  /// So many replies come back with error 4, as if the caller did not exist.
  var failingReplies = 0
  var replies = 0
  private var badges: [UInt64: Object] = [:]
  private var nextBadge: UInt64 = 4
  private var dataspaces = 0
  private var signals: [(imprint: UInt64, count: UInt64)] = []
  private var signalThread: Int?
  private var signalIRQCount = 0
  private var timerContext: Object?
  private var timerDeadline: UInt64?

  init(_ program: CompiledProgram) throws {
    machine = try TestMachine(elf: program.elf)
    threads = [FakeThread(registers: Registers(pc: program.entry), state: .ready, name: "main")]
    let parent = badge(for: .parent)
    machine.store(parent, at: ComponentLayout.dataBase)
    slots[8] = (.parent, parent)
    slots[9] = (.gate(0), 4000)
    slots[11] = (.irq(0), 4004)
  }

  private func badge(for object: Object) -> UInt64 {
    for (badge, known) in badges where known == object { return badge }
    nextBadge += 4
    badges[nextBadge] = object
    return nextBadge
  }

  private func utcb(_ t: Int) -> UInt64 { ComponentLayout.utcb(ofThread: t) }
  private func word(_ t: Int, _ index: Int) -> UInt64 { machine.load(utcb(t) + 8 * UInt64(index)) }
  private func setWord(_ t: Int, _ index: Int, _ value: UInt64) {
    machine.store(value, at: utcb(t) + 8 * UInt64(index))
  }

  /// Runs until every thread is blocked and no timeout is left, or the time is over.
  func run(until end: UInt64 = 10_000_000) throws {
    var steps = 0
    while true {
      steps += 1
      if steps > 200_000 { throw TestFailure.noProgress }
      if let t = threads.firstIndex(where: { $0.state == .ready }) {
        try step(t)
        // The next one gets its turn.
      } else if let sleeper = threads.firstIndex(where: { $0.state == .asleep }) {
        microseconds += 1000
        threads[sleeper].state = .ready
      } else if let deadline = timerDeadline, deadline <= end, let context = timerContext {
        microseconds = max(microseconds, deadline)
        timerDeadline = nil
        submit(context, 1)
      } else {
        return
      }
    }
  }

  private func step(_ t: Int) throws {
    var registers = threads[t].registers
    let stop = machine.run(&registers)
    switch stop {
    case .systemCall: break
    case .work(let nanoseconds):
      worked += nanoseconds
      microseconds += nanoseconds / 1000
    case .hint(let kind, let operand): hints.append((kind, operand))
    case .clock(let register): registers[register] = microseconds * 10
    case .fault, .other: throw FakeError.trap("\(threads[t].name): \(stop) at \(String(registers.pc, radix: 16))")
    }
    threads[t].registers = registers
    if stop == .systemCall { try systemCall(t) }
  }

  // MARK: System calls

  enum FakeError: Error { case trap(String), badCall(String) }

  private func systemCall(_ t: Int) throws {
    precondition(threads[t].registers.tp == utcb(t), "tp must be the thread's own UTCB")
    let target = ObjectReference(raw: threads[t].registers.a1)
    let tag = MessageTag(raw: threads[t].registers.a0)
    if target.isSpecial {
      switch target.operation {
      case .replyAndWait: try reply(t, tag)
      case .wait: wait(t)
      case .receive: threads[t].state = IPCTimeouts(raw: threads[t].registers.a2).receive.isNever ? .waiting : .asleep
      default: throw FakeError.badCall("operation \(target.operation)")
      }
      if target.operation == .receive, threads[t].state == .waiting { threads[t].state = .unstarted }
      return
    }
    if target.index == 1 { return task(t, tag) }
    guard let (object, badge) = slots[target.index] else {
      throw FakeError.badCall("\(threads[t].name): nothing in slot \(target.index), calls \(calls.suffix(5))")
    }
    switch (object, target.operation) {
    case (.irq(let owner), .receive):
      precondition(owner == t)
      let isPending = threads[t].irqCount > 0
      if isPending { threads[t].irqCount -= 1 }
      receiveIRQ(t, isPending)
    case (.signalIRQ, .receive):
      signalThread = t
      let isPending = signalIRQCount > 0
      if isPending { signalIRQCount -= 1 }
      receiveIRQ(t, isPending)
    case (.irq(let owner), .send):
      if threads[owner].state == .blockedOnIRQ { finish(owner, MessageTag()) } else { threads[owner].irqCount += 1 }
    case (.signalIRQ, .call): finish(t, MessageTag())
    case (.rpc(let server), .call): deliver(from: t, to: server, badge, tag)
    case (_, .call): try core(t, object, badge, tag)
    default: throw FakeError.badCall("\(object) \(target.operation)")
    }
  }

  private func receiveIRQ(_ t: Int, _ isPending: Bool) {
    if isPending { finish(t, MessageTag()) } else { threads[t].state = .blockedOnIRQ }
  }

  private func finish(_ t: Int, _ tag: MessageTag, label: UInt64 = 0) {
    threads[t].registers.a0 = tag.raw
    threads[t].registers.a3 = label
    threads[t].state = .ready
  }

  private func task(_ t: Int, _ tag: MessageTag) {
    switch word(t, 0) {
    case Opcode.Task.capabilityInfo where tag.words == 2:
      finish(t, MessageTag(label: slots[word(t, 1) >> 12] == nil ? 0 : 1))
    case Opcode.Task.capabilityInfo:
      let same = slots[word(t, 1) >> 12]?.object == slots[word(t, 2) >> 12]?.object
      finish(t, MessageTag(label: same ? 1 : 0))
    case Opcode.Task.map:
      slots[word(t, 1) >> 12] = slots[word(t, 2) >> 12]
      slots[word(t, 2) >> 12] = nil
      finish(t, MessageTag())
    default:
      slots[word(t, 2) >> 12] = nil
      finish(t, MessageTag())
    }
  }

  // MARK: IPC between threads of the component

  private func deliver(from client: Int, to server: Int, _ badge: UInt64, _ tag: MessageTag) {
    threads[client].state = .calling
    if threads[server].state == .waiting, threads[server].caller == nil {
      transfer(client, server, tag, badge)
    } else {
      threads[client].state = .sending
      threads[server].queue.append(client)
    }
  }

  private func transfer(_ from: Int, _ to: Int, _ tag: MessageTag, _ badge: UInt64) {
    copy(from, to, tag)
    threads[to].caller = from
    finish(to, tag, label: badge | 3)
  }

  private func copy(_ from: Int, _ to: Int, _ tag: MessageTag) {
    for index in 0..<tag.words { setWord(to, index, word(from, index)) }
    for item in 0..<tag.items {
      let source = word(from, tag.words + 2 * item + 1) >> 12
      let buffer = word(to, UTCB.bufferRegisters + item) >> 12
      slots[buffer] = slots[source]
      setWord(to, tag.words + 2 * item, 0x38)
    }
  }

  private func wait(_ t: Int) {
    threads[t].state = .waiting
    guard !threads[t].queue.isEmpty else { return }
    let client = threads[t].queue.removeFirst()
    threads[client].state = .calling
    let target = ObjectReference(raw: threads[client].registers.a1)
    transfer(client, t, MessageTag(raw: threads[client].registers.a0), slots[target.index]?.badge ?? 0)
  }

  private func reply(_ t: Int, _ tag: MessageTag) throws {
    replies += 1
    if failingReplies > 0 {
      failingReplies -= 1
      setWord(t, UTCB.error, IPCError.notExistent.rawValue)
      return finish(t, .failed)
    }
    guard let client = threads[t].caller else { throw FakeError.badCall("reply to nobody") }
    threads[t].caller = nil
    copy(t, client, tag)
    finish(client, tag)
    wait(t)
  }

  // MARK: Core

  private func answer(_ t: Int, _ words: [UInt64] = [], _ objects: [Object] = []) {
    let window = word(t, UTCB.bufferRegisters) >> 12
    var message: [UInt64] = [0, UInt64(objects.count)]
    for (index, object) in objects.enumerated() {
      let badge = badge(for: object)
      message.append(badge)
      slots[window + UInt64(index)] = (object, badge)
    }
    message += words
    for (index, word) in message.enumerated() { setWord(t, index, word) }
    for index in 0..<objects.count { setWord(t, message.count + 2 * index, 0x38) }
    finish(t, MessageTag(words: message.count, items: objects.count))
  }

  private func submit(_ context: Object, _ count: UInt64) {
    guard case .context(let imprint) = context else { return }
    signals.append((imprint, count))
    if let signalThread, threads[signalThread].state == .blockedOnIRQ {
      finish(signalThread, MessageTag())
    } else {
      signalIRQCount += 1
    }
  }

  private func core(_ t: Int, _ object: Object, _ badge: UInt64, _ tag: MessageTag) throws {
    guard word(t, 0) == badge else { throw FakeError.badCall("badge \(word(t, 0)) for \(object)") }
    let capabilities = Int(word(t, 1))
    let payload = (2 + capabilities..<tag.words).map { word(t, $0) }
    let objects = (0..<tag.items).map { slots[word(t, tag.words + 2 * $0 + 1) >> 12]?.object }
    guard let opcode = payload.first else { throw FakeError.badCall("no opcode") }
    let arguments = Array(payload.dropFirst())
    let text = { (index: Int) in RPCString.decode(arguments, at: index)?.text ?? "" }
    func name<T: RawRepresentable<UInt64>>(_ type: T.Type) throws -> T {
      guard let value = T(rawValue: opcode) else { throw FakeError.badCall("opcode \(opcode) of \(object)") }
      calls.append("\(object).\(value)")
      return value
    }
    switch object {
    case .parent:
      switch try name(ParentOpcode.self) {
      case .mainThread: answer(t, [], [.thread(0)])
      case .session:
        calls[calls.count - 1] += " \(text(0))"
        let sessions: [String: Object] = [
          "Env::ram_session": .ram, "Env::cpu_session": .cpu, "Env::pd_session": .pd, "LOG": .log, "Timer": .timer,
        ]
        guard let session = sessions[text(0)] else { throw FakeError.badCall("service \(text(0))") }
        answer(t, [], [session])
      default: answer(t)
      }
    case .pd:
      switch try name(PDOpcode.self) {
      case .allocSignalSource: answer(t, [], [.signalSource])
      case .allocContext: answer(t, [], [.context(arguments[0])])
      case .submit:
        if let context = objects[0] { submit(context, arguments[0]) }
        answer(t)
      case .allocRPCCap:
        guard case .gate(let server)? = objects[0] else { throw FakeError.badCall("server \(objects)") }
        nextBadge += 4
        let window = word(t, UTCB.bufferRegisters) >> 12
        slots[window] = (.rpc(server: server), nextBadge)
        for (index, value) in [0, 1, nextBadge, 0x38].enumerated() { setWord(t, index, value) }
        finish(t, MessageTag(words: 3, items: 1))
      case .addressSpace: answer(t, [], [.addressSpace])
      case .stackArea: answer(t, [], [.stackArea])
      case .nativePD: answer(t, [], [.nativePD])
      default: answer(t)
      }
    case .nativePD:
      _ = try name(NativePDOpcode.self)
      answer(t)
    case .addressSpace, .stackArea:
      switch try name(RegionMapOpcode.self) {
      case .attach:
        calls[calls.count - 1] += " \(String(arguments[3], radix: 16))"
        answer(t, [arguments[2] == 1 ? arguments[3] : 0x3000_0000 + UInt64(calls.count) << 20])
      case .dataspace: answer(t, [], [.dataspace(-1)])
      default: answer(t)
      }
    case .ram:
      _ = try name(RAMOpcode.self)
      dataspaces += 1
      answer(t, [], [.dataspace(dataspaces)])
    case .cpu:
      switch try name(CPUOpcode.self) {
      case .createThread:
        threads.append(FakeThread(name: text(2)))
        let index = threads.count - 1
        let gate = UInt64(ComponentSlots.gate(ofThread: index).index)
        slots[gate] = (.gate(index), self.badge(for: .gate(index)))
        slots[gate + 2] = (.irq(index), self.badge(for: .irq(index)))
        calls[calls.count - 1] += " \(text(2))"
        answer(t, [], [.thread(index)])
      case .traceControl: answer(t, [], [.dataspace(0)])
      default: answer(t)
      }
    case .thread(let index):
      switch try name(CPUThreadOpcode.self) {
      case .state:
        let gate = UInt64(ComponentSlots.gate(ofThread: index).index)
        answer(t, [0, 0, gate, self.badge(for: .gate(index)), utcb(index)])
      case .start:
        if threads[index].state == .unstarted {
          threads[index].registers = Registers(pc: arguments[0], sp: arguments[1])
          threads[index].state = .ready
        }
        answer(t)
      default: answer(t)
      }
    case .signalSource:
      switch try name(SignalSourceOpcode.self) {
      case .requestSemaphore: answer(t, [], [.signalIRQ])
      case .wait:
        let next = signals.isEmpty ? (0, 0) : signals.removeFirst()
        answer(t, [next.0, next.1])
      }
    case .log:
      _ = try name(LOGOpcode.self)
      log.append(text(0))
      answer(t, [UInt64(text(0).utf8.count)])
    case .timer:
      switch try name(TimerOpcode.self) {
      case .sigh: timerContext = objects[0]
      case .triggerOnce: timerDeadline = microseconds + arguments[0]
      default: break
      }
      answer(t)
    default: throw FakeError.badCall("call to \(object)")
    }
  }
}
