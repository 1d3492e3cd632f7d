import Determinism
import FiascoABI

/// Which kind of thing one core asks of another.
public enum RequestKind: UInt8, Hashable, BitwiseCopyable, Sendable {
  case wake, send, operate, runThread, arrive, kill, irq
}

/// What one core wants done on another: whatever concerns a thread at home there.
///
/// Each request keeps the control blocks of its threads until it has been carried out. Models `Context::Drq` and the
/// remote state changes of `Context::xcpu_state_change`.
enum RemoteRequest: Hashable, BitwiseCopyable, Sendable {
  /// The thread has become ready. Ignored if it was made ready otherwise in the meantime.
  case wake(ThreadID)
  /// The send phase of an IPC: the sender waits for the outcome.
  case send(ThreadID, to: ThreadID)
  /// An operation on a thread; who asked waits for the answer, or (`waits` false) for its end alone.
  case operate(on: ThreadID, by: ThreadID, opcode: UInt16, rights: UInt8, waits: Bool)
  /// run_thread: parameters stand in the UTCB of who asked, and it waits.
  case runThread(ThreadID, by: ThreadID)
  /// The thread is at home on the asked core from now on.
  case arrive(ThreadID)
  case kill(ThreadID)
  /// Deliver what is pending at the IRQ object.
  case irq(Int32)

  var kind: RequestKind {
    switch self {
    case .wake: .wake
    case .send: .send
    case .operate: .operate
    case .runThread: .runThread
    case .arrive: .arrive
    case .kill: .kill
    case .irq: .irq
    }
  }

  /// Whom the request is about.
  var subject: ThreadID {
    switch self {
    case .wake(let t), .send(_, let t), .operate(let t, _, _, _, _), .runThread(let t, _), .arrive(let t), .kill(let t):
      t
    case .irq: .none
    }
  }

  /// Who waits for the answer.
  var initiator: ThreadID {
    switch self {
    case .send(let t, _), .operate(_, let t, _, _, _), .runThread(_, let t): t
    case .wake, .arrive, .kill, .irq: .none
    }
  }

  func digest(into digest: inout StateDigest) {
    switch self {
    case .wake: digest.combine(1, subject.index, -1)
    case .send: digest.combine(2, subject.index, initiator.index)
    case .operate(_, _, let opcode, let rights, let waits):
      digest.combine(3, subject.index, initiator.index)
      digest.combine(UInt64(opcode) << 16 | UInt64(rights) << 1 | (waits ? 1 : 0))
    case .runThread: digest.combine(4, subject.index, initiator.index)
    case .arrive: digest.combine(5, subject.index, -1)
    case .kill: digest.combine(6, subject.index, -1)
    case .irq(let i): digest.combine(7, i, -1)
    }
  }
}
