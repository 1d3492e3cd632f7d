import CheckpointRestore
import Determinism
import FiascoABI
import FiascoKernel

/// Watches restored threads from their first instruction to their first success.
struct FateWatch {
  private struct Watched {
    var thread: ThreadID
    var restore: Int
    var fate: Int
    /// The first answer was a failure, and only failures of this kind have followed.
    var counting: Int?
    var isDone = false
    /// The system call it makes, or made last.
    var operation: IPCOperation = []
    /// It was captured inside a call or a receive from one partner: the answer to that is what it sees first. For any
    /// other thread the answer to a call of its own, such as printing a line, tells nothing.
    var expectsAnswer: Bool
  }

  private var watched: [Watched] = []

  mutating func add(_ thread: ThreadID, restore: Int, fate: Int, situation: ThreadImage.Situation) {
    let expectsAnswer =
      switch situation {
      case .sendPhase, .callReceivePhase, .closedReceive: true
      case .runnable, .openWait, .replyAndWait, .pageFault, .unknown: false
      }
    watched.append(Watched(thread: thread, restore: restore, fate: fate, expectsAnswer: expectsAnswer))
  }

  /// Messages about faults and exceptions are left out by the caller: the program does not see them.
  mutating func take(_ event: KernelEvent, at instant: Instant, _ restores: inout [RestoreRecord]) {
    switch event {
    case .threadKilled(let thread):
      // The kernel gives the id to another thread.
      for index in watched.indices where watched[index].thread == thread { watched[index].isDone = true }
    case .ipcStarted(let thread, let target, _, _):
      for index in watched.indices where watched[index].thread == thread {
        watched[index].operation = ObjectReference(raw: target).operation
      }
    case .ipcFailed(let thread, let error): failed(thread, Int(error.rawValue), at: instant, &restores)
    case .messageTransferred(_, let thread, _): succeeded(thread, .message, at: instant, &restores)
    case .receiveBlocked(let thread, _): succeeded(thread, nil, at: instant, &restores)
    default: break
    }
  }

  private mutating func failed(_ thread: ThreadID, _ code: Int, at instant: Instant, _ restores: inout [RestoreRecord])
  {
    for index in watched.indices where watched[index].thread == thread && !watched[index].isDone {
      let place = watched[index]
      switch restores[place.restore].threads[place.fate].sight {
      case .nothing:
        restores[place.restore].threads[place.fate].sight = .error(code: code)
        restores[place.restore].threads[place.fate].at = instant
        restores[place.restore].threads[place.fate].repetitions = 1
        watched[index].counting = code
      case .error(let first) where first == code && !restores[place.restore].threads[place.fate].hasWaited:
        restores[place.restore].threads[place.fate].repetitions += 1
      case .error where !restores[place.restore].threads[place.fate].hasWaited:
        follow(place, code, &restores)
      default: watched[index].isDone = true
      }
    }
  }

  /// The first failure led to another one: a program that answers a cancelled reply_and_wait by making it again.
  private func follow(_ place: Watched, _ code: Int, _ restores: inout [RestoreRecord]) {
    let known = restores[place.restore].threads[place.fate].following
    guard known == nil || known?.code == code else { return }
    restores[place.restore].threads[place.fate].following = .init(
      code: code, repetitions: (known?.repetitions ?? 0) + 1)
  }

  /// A message ends the watch; being blocked in a receive is remembered, because a failure may still follow.
  private mutating func succeeded(
    _ thread: ThreadID, _ sight: ThreadFate.FirstSight?, at instant: Instant, _ restores: inout [RestoreRecord]
  ) {
    for index in watched.indices where watched[index].thread == thread && !watched[index].isDone {
      let place = watched[index]
      guard place.operation.contains(.openWait) || place.expectsAnswer else { continue }
      restores[place.restore].threads[place.fate].hasWaited = true
      guard let sight else { continue }
      if restores[place.restore].threads[place.fate].sight == .nothing {
        restores[place.restore].threads[place.fate].sight = sight
        restores[place.restore].threads[place.fate].at = instant
      }
      watched[index].isDone = true
    }
  }

  mutating func settle(_ restores: inout [RestoreRecord], _ standing: (ThreadID) -> ThreadStanding) {
    for place in watched where !place.isDone && restores[place.restore].threads[place.fate].sight == .nothing {
      let sight: ThreadFate.FirstSight? =
        switch standing(place.thread) {
        case .waitsForAnybody, .waitsFor, .sleepsUntil, .waitsForSemaphore: .waits
        case .sendsTo, .atUnboundGate: .stillSends
        case .running, .exited: .runs
        case .waitsForPager, .waitsForExceptionHandler, .stranded, .neverStarted, .killed: nil
        }
      if let sight { restores[place.restore].threads[place.fate].sight = sight }
    }
  }
}
