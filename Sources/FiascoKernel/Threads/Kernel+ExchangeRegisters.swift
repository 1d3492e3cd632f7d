// Writes: threads (flags), registers (ip and sp of the target).
import FiascoABI

extension Kernel {
  /// Reads and sets instruction and stack pointer of any thread, starts it, cancels its IPC, or makes it raise an
  /// exception. Needs no right beyond having a capability.
  ///
  /// A started thread is put in front of its list, but the caller goes on: there is no preemption by this operation.
  /// Models `Thread_object::ex_regs`.
  mutating func exchangeRegisters(of target: ThreadID, by t: ThreadID, tag: MessageTag) -> InvocationOutcome {
    guard tag.words == 3 else {
      guard profile.distinguishesMessageLength, tag.words > 3 else { return .refused(.invalidArgument) }
      return .refused(.invalidArgument)
    }
    charge(.exchangeRegisters)
    let flags = utcbWord(t, 0) & ~0xffff
    let ip = utcbWord(t, 1)
    let sp = utcbWord(t, 2)
    let ready: UInt64 = profile.reportsReadiness && threads[target.slot].isReady ? 1 : 0
    setUTCBWord(t, 0, ready)
    setUTCBWord(t, 1, registers[target.slot].pc)
    setUTCBWord(t, 2, registers[target.slot].sp)
    record(.registersExchanged(target, by: t, ip: ip, sp: sp, flags: flags))
    applyExchange(target, ip: ip, sp: sp, flags: flags)
    return .answer(label: 0, words: 3)
  }

  private mutating func applyExchange(_ target: ThreadID, ip: UInt64, sp: UInt64, flags: UInt64) {
    let cancels = flags & ExchangeRegisters.cancel != 0
    // A thread whose exception is unanswered keeps its registers, and the operation reports success all the same.
    if threads[target.slot].flags.contains(.inException), !cancels { return }
    if threads[target.slot].isDead {
      guard !threads[target.slot].flags.contains(.dying) else { return }
      threads[target.slot].flags.remove(.dead)
      record(.threadStarted(target))
      makeReady(target)
    } else if cancels {
      threads[target.slot].flags.insert(.cancel)
      makeReady(target)
    }
    // Only one thing can happen at the return to user mode: what was asked for first.
    if flags & ExchangeRegisters.triggerException != 0, !threads[target.slot].flags.contains(.upcall) {
      threads[target.slot].flags.insert(.triggered)
    }
    if ip != ExchangeRegisters.keep { registers[target.slot].pc = ip }
    if sp != ExchangeRegisters.keep { registers[target.slot].sp = sp }
  }
}
