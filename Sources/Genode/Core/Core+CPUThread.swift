import FiascoABI

// Start, pause, state, resume of one thread. Writes threads[]; the pager writes the same records when faults and
// exceptions arrive.

/// A thread to be stopped, and whether its system call is cut off.
struct StopOrder: Hashable, BitwiseCopyable, Sendable {
  var thread: Int
  var cancelling: Bool
}

extension Core {
  mutating func handleCPUThread(
    _ opcode: CPUThreadOpcode, _ thread: Int, _ request: RPCRequest, _ script: inout Script
  ) throws(Interruption) -> RPCReply {
    switch opcode {
    case .start: try start(thread, ip: request.word(0), sp: request.word(1), &script)
    case .pause: pause(thread, cancelling: false)
    case .pauseCancelling: pause(thread, cancelling: true)
    case .resume: resume(thread)
    case .state: return RPCReply(words: state(of: thread))
    case .setState: try setState(of: thread, request.words)
    case .affinity:
      threads[thread].cpu = Int(request.word(0) & 63)
      let record = threads[thread]
      entrypoint.work.append(
        .invoke(KernelCall.runThread(record.threadSlot, priority: record.priority, cpu: record.cpu)))
    case .exceptionSigh:
      if case .signalContext(let context)? = object(request.capability(0)) {
        threads[thread].exceptionContext = context
      } else {
        threads[thread].exceptionContext = nil
      }
    case .utcb:
      let signature = "virtual Genode::Dataspace_capability Genode::Cpu_thread_component::utcb()"
      print("Error: \(signature): not implemented")
      return RPCReply(capabilities: [nil])
    case .cancelBlocking:
      entrypoint.work.append(.invoke(KernelCall.triggerIRQ(threads[thread].irqSlot)))
    }
    return RPCReply()
  }

  /// Maps the pager gate, binds task and UTCB, sets ip and sp.
  ///
  /// The kernel binds a thread once. The second start therefore ends at the bind, before ip and sp are touched, and the
  /// caller does not learn of it: the RPC has no result. Models `Platform_thread::start`.
  mutating func start(_ row: Int, ip: UInt64, sp: UInt64, _ script: inout Script) throws(Interruption) {
    let thread = threads[row]
    let pd = pds[thread.pd]
    let pagerSlot = ComponentSlots.pager(ofThread: thread.place)
    _ = try script.kernel(KernelCall.mapObject(thread.pagerSlot, to: pd.task, at: pagerSlot))
    let bound = try script.kernel(
      KernelCall.bindThread(thread.threadSlot, pager: pagerSlot, task: pd.task, utcb: thread.utcb))
    guard bound.accepted else {
      warn("l4_thread_control_commit for \(thread.threadSlot.selector.hexadecimal) failed!")
      outbox.append(.threadStartIgnored(pd: pd.label, name: thread.name))
      return
    }
    _ = try script.kernel(KernelCall.exchangeRegisters(thread.threadSlot, ip: ip, sp: sp))
    threads[row].flags.insert(.started)
    outbox.append(.threadStarted(pd: pd.label, name: thread.name, ip: ip))
  }

  /// Triggers an exception and takes over ip and sp; all other registers come with the exception message, if it comes.
  ///
  /// Without `cancelling` a thread inside a system call goes on waiting there, and its record keeps the register values
  /// of some earlier stop. Whether the thread was ready only a patched kernel of 2016 tells (bit 0 of the old flags);
  /// then core lends it its time until the message is here. Models `Platform_thread::pause`.
  ///
  /// Two steps, as what a step changes is seen by the other threads of core when it is over: the pager may get the
  /// exception on another core before the kernel has answered, and must find the thread paused.
  private mutating func pause(_ row: Int, cancelling: Bool) {
    if threads[row].flags.contains(.paused) || !threads[row].flags.contains(.started) { return }
    threads[row].flags.insert(.paused)
    entrypoint.stop = StopOrder(thread: row, cancelling: cancelling)
  }

  /// The second step; gives whether core must wait for the thread's exception.
  mutating func stop(_ order: StopOrder, _ script: inout Script) throws(Suspension) -> Bool {
    let row = order.thread
    let flags = ExchangeRegisters.triggerException | (order.cancelling ? ExchangeRegisters.cancel : 0)
    let before = try script.invoke(KernelCall.exchangeRegisters(threads[row].threadSlot, flags: flags))
    let wasReady = before.words.count > 2 && before.words[0] & 1 != 0
    if !threads[row].flags.contains(.inException), before.accepted, before.words.count > 2 {
      threads[row].registers[ExceptionMessage.instructionPointer] = before.words[1]
      threads[row].registers[ThreadStateWords.stackPointerRegister] = before.words[2]
    }
    outbox.append(
      .threadPaused(pd: pds[threads[row].pd].label, name: threads[row].name, cancelling: order.cancelling))
    return order.cancelling || wasReady
  }

  private mutating func resume(_ row: Int) {
    threads[row].flags.remove(.paused)
    entrypoint.work.append(.invoke(pagerCommand(.resume, row)))
    outbox.append(.threadResumed(pd: pds[threads[row].pd].label, name: threads[row].name))
  }

  private func state(of row: Int) -> [UInt64] {
    let thread = threads[row]
    return [
      thread.flags.rawValue, thread.exceptions, UInt64(ComponentSlots.gate(ofThread: thread.place).index),
      thread.gateBadge, thread.utcb,
    ] + thread.registers
  }

  /// Replaces the record, bookkeeping included, and tells the kernel nothing: it counts only if the thread really waits
  /// in an exception and is resumed. `started` describes the kernel thread and is kept.
  private mutating func setState(of row: Int, _ words: [UInt64]) throws(Interruption) {
    guard words.count == ThreadStateWords.setCount else { throw .refused(.invalidArgs) }
    let started = threads[row].flags.intersection(.started)
    threads[row].flags = ThreadStateFlags(rawValue: words[0]).subtracting(.started).union(started)
    threads[row].exceptions = words[1]
    threads[row].registers = Array(words[ThreadStateWords.setRegisters...])
  }
}
