import Determinism
import FiascoABI
import FiascoKernel

extension RunCollector {
  /// The kernel's records: who exists, who waits for whom, what failed.
  mutating func take(_ event: KernelEvent, at instant: Instant, kernel: borrowing Kernel) {
    counts.add(event)
    switch event {
    case .objectCreated(_, .thread, let index):
      let thread = ThreadID(Int(index))
      tracker.created(thread)
      nameBare(thread)
    case .threadStarted(let thread): tracker[thread].isStarted = true
    case .threadKilled(let thread): tracker[thread].isKilled = true
    case .logWritten(let thread, let bytes): writes.append((instant, thread, Int(bytes)))
    case .pageFaulted(let thread, _, let ip):
      tracker[thread].isInFault = true
      tracker[thread].faultIP = ip
    case .ipcFailed(let thread, let error):
      if endFault(of: thread) { return }
      tracker.note(error: error, of: thread, at: instant)
      repetition.failed(thread, error)
    case .messageTransferred(_, let thread, _):
      repetition.reset()
      if endFault(of: thread) { return }
      tracker.update(thread) { $0.messages += 1 }
    case .senderQueued(let thread, let receiver): tracker[thread].partner = receiver
    case .receiveBlocked(let thread, let partner):
      tracker[thread].partner = partner
      if tracker[thread].isInFault { return }
    case .pageFaultUnanswered(let thread, let address):
      let place = place(of: thread, address, instant, kernel)
      tracker.update(thread) { $0.strandedFaults.append(place) }
    case .exceptionRaised(let thread, let cause, _):
      tracker[thread].isInFault = true
      if cause == ExceptionCause.triggered { return tracker.forgetException(of: thread) }
      let place = place(of: thread, cause, instant, kernel)
      // A breakpoint outside the program is the end of the checkpointer's own code in it.
      if programs.isGenode, cause == ExceptionCause.breakpoint, place.symbol == nil {
        return tracker.forgetException(of: thread)
      }
      tracker.raised(place, by: thread)
      // With Genode an exception that is answered is a tool of the checkpointer, not a fault of the program.
      if !programs.isGenode { tracker.keepException(of: thread) }
    default: break
    }
    checkpoints.take(event, at: instant)
  }

  /// The answer to a fault, or the failure to deliver it, is not seen by the program.
  private mutating func endFault(of thread: ThreadID) -> Bool {
    let wasInFault = tracker[thread].isInFault
    tracker[thread].isInFault = false
    // A handler has attached memory after all: the thread was late, not lost.
    if let unresolved = tracker.resolveFault(of: thread) {
      complaints.removeAll { $0.name == RunCollector.unresolvedFault && $0.at == unresolved }
    }
    return wasInFault
  }

  private func place(
    of thread: ThreadID, _ value: UInt64, _ instant: Instant, _ kernel: borrowing Kernel
  ) -> FaultPlace {
    // The records are taken later: the thread may be gone by now.
    let ip = kernel.registers.contains(thread.slot) ? kernel.registers[thread.slot].pc : 0
    return FaultPlace(
      at: instant, ip: ip, value: value, symbol: programs.symbol(at: ip, of: tracker.name(of: thread)?.component))
  }

  /// The root task's own thread is the first; it makes all threads of a bare scenario before any of them runs.
  private mutating func nameBare(_ thread: ThreadID) {
    guard !programs.isGenode else { return }
    if bareThreadsSeen > 0, bareThreadsSeen <= programs.bareThreads.count {
      tracker.give(programs.bareThreads[bareThreadsSeen - 1], to: thread)
    }
    bareThreadsSeen += 1
  }
}

/// Notices a thread that repeats a failing system call while nothing else happens.
struct Repetition {
  private(set) var thread = ThreadID.none
  private(set) var error = IPCError.notExistent
  private(set) var count: UInt64 = 0

  /// A thread that fails so often in a row will not stop by itself.
  static let limit: UInt64 = 10_000

  mutating func failed(_ thread: ThreadID, _ error: IPCError) {
    if thread == self.thread, error == self.error {
      count += 1
    } else {
      (self.thread, self.error, count) = (thread, error, 1)
    }
  }

  mutating func reset() { count = 0 }

  var isLivelock: Bool { count >= Repetition.limit }
}
