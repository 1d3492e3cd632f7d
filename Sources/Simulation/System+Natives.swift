import Determinism
import FiascoABI
import FiascoKernel
import FiascoMachine
import Genode

/// A thread whose user mode is Swift: where its program stands, and the action it is carrying out.
struct NativeThread: Sendable {
  let program: Int
  /// Which of the program's threads this is, and where it "executes".
  let entry: Int
  let address: UInt64
  let serial: UInt64
  /// Knows the action that is being carried out.
  var script = Script()
  /// Bytes of the action done so far, or picoseconds computed.
  var progress: UInt64 = 0
  /// System calls of a series; 0 if the action is none.
  var repetitions: UInt64 = 0
  var isInSystemCall = false
  var words: [UInt64] = []
}

extension System {
  /// The current thread is in user mode inside a native program: carry out its next action, or a part of it.
  mutating func advanceNative(_ t: ThreadID, until limit: Instant) {
    guard attach(t), var native = natives[t.slot].take() else {
      // Started outside every program: what jumping into unmapped memory gives.
      let ip = node.kernel.registers[t.slot].pc
      node.enterKernel { $0.pageFault(address: ip, access: .fetch) }
      return
    }
    repeat { act(&native, t, until: limit) } while node.stays(with: t, until: limit)
    natives[t.slot] = native
  }

  private mutating func act(_ native: inout NativeThread, _ t: ThreadID, until limit: Instant) {
    if native.isInSystemCall {
      native.isInSystemCall = false
      complete(&native, t)
    }
    if !native.script.isSuspended { resumeProgram(&native) }
    perform(&native, t, until: limit)
  }

  /// A system call has returned: the action is done, unless there are more of the same.
  private func complete(_ native: inout NativeThread, _ t: ThreadID) {
    guard native.repetitions > 0 else { return native.script.complete(.returned(systemCallResult(t))) }
    native.progress += 1
    if native.progress >= native.repetitions { native.script.complete(.done) }
  }

  private mutating func resumeProgram(_ native: inout NativeThread) {
    let events = programs[native.program].program.resume(thread: native.entry, script: &native.script)
    for event in events { records.append(SystemRecord(at: now, event: event)) }
    native.progress = 0
    native.repetitions = 0
    native.words.removeAll(keepingCapacity: true)
  }

  /// Finds or makes the program state behind a thread that begins in the native window.
  private mutating func attach(_ t: ThreadID) -> Bool {
    let thread = node.kernel.threads[t.slot]
    while natives.count <= t.slot { natives.append(nil) }
    if natives[t.slot]?.serial == thread.serial { return true }
    guard let place = NativeEntry.decode(node.kernel.registers[t.slot].pc) else { return false }
    guard let program = programs.firstIndex(where: { $0.task == thread.task && $0.program.kind == place.kind }) else {
      return adopt(t, place)
    }
    natives[t.slot] = NativeThread(
      program: program, entry: place.thread, address: node.kernel.registers[t.slot].pc, serial: thread.serial)
    return true
  }

  /// A program that was configured but has no task yet belongs to the first task that starts at its entry.
  private mutating func adopt(_ t: ThreadID, _ place: (kind: NativeEntry.Kind, thread: Int)) -> Bool {
    guard let index = programs.firstIndex(where: { $0.task.isNone && $0.program.kind == place.kind }) else {
      return false
    }
    let thread = node.kernel.threads[t.slot]
    programs[index] = HostedProgram(task: thread.task, program: programs[index].program)
    natives[t.slot] = NativeThread(
      program: index, entry: place.thread, address: node.kernel.registers[t.slot].pc, serial: thread.serial)
    return true
  }

  /// Configures a program that the first task starting at its entry will run.
  public mutating func install(_ program: Program) {
    programs.append(HostedProgram(task: .none, program: program))
  }

  // MARK: Actions

  private mutating func perform(_ native: inout NativeThread, _ t: ThreadID, until limit: Instant) {
    switch native.script.pending {
    case .invoke(let call):
      state(call, t)
      invoke(&native, t)
    case .invokeSeries(let call, let count, let word, let step):
      native.repetitions = UInt64(count)
      state(call, t)
      node.kernel.setMessageWord(t, word, call.words[word] &+ native.progress &* step)
      invoke(&native, t)
    case .compute(let picoseconds): compute(&native, picoseconds, until: limit)
    case .copy(let to, let from, let bytes): copy(&native, t, to, from, bytes)
    case .fill(let address, let bytes, let value): fill(&native, t, address, bytes, value)
    case .read(let address, let count): read(&native, t, address, count)
    case .write(let address, let words): write(&native, t, address, words)
    case .readClock: native.script.complete(.words([node.kernel.clockMicroseconds]))
    case nil: preconditionFailure("a native program always has a next action")
    }
  }

  /// Puts a system call where a program of machine code would have put it.
  private mutating func state(_ call: SystemCall, _ t: ThreadID) {
    node.kernel.setMessageWords(t, call.words)
    if let buffers = call.buffers { node.kernel.setReceiveBuffers(t, buffers) }
    node.kernel.registers[t.slot].a0 = call.tag.raw
    node.kernel.registers[t.slot].a1 = call.target.raw
    node.kernel.registers[t.slot].a2 = call.timeouts.raw
    node.kernel.registers[t.slot].a3 = call.label
  }

  private mutating func invoke(_ native: inout NativeThread, _ t: ThreadID) {
    node.kernel.registers[t.slot].pc = native.address
    native.isInSystemCall = true
    node.enterKernel { $0.systemCall() }
  }

  private func systemCallResult(_ t: ThreadID) -> SystemCallResult {
    let tag = MessageTag(raw: node.kernel.registers[t.slot].a0)
    let count = min(max(tag.words + 2 * tag.items, 8), UTCB.messageRegisterCount)
    return SystemCallResult(
      tag: tag, label: node.kernel.registers[t.slot].a3, error: node.kernel.messageWord(t, UTCB.error),
      words: node.kernel.messageWords(t, count))
  }

  private mutating func compute(_ native: inout NativeThread, _ picoseconds: UInt64, until limit: Instant) {
    let rest = TimeSpan.picoseconds(Int64(picoseconds - native.progress))
    native.progress += UInt64(node.spend(rest, until: min(limit, node.horizon)).picoseconds)
    if native.progress >= picoseconds { native.script.complete(.done) }
  }
}
