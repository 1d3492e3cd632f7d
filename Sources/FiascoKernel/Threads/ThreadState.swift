/// What a thread is doing in the IPC path; independent of whether it is ready.
///
///     none --send, partner busy--> sendWait --partner pulls--> none / receiveWait
///     none --receive-----------> receiveWait --message--> none
///
/// A caller that switched directly to its partner is `receiveWait` *and* ready until it is scheduled again
/// (thread-ipc.cpp: `do_ipc`); so phase and readiness are two fields, as in the original's state word.
public enum IPCPhase: UInt8, BitwiseCopyable, Sendable, CaseIterable {
  /// No IPC operation.
  case none
  /// Queued at `partner` (or at an unbound gate); moved on by the partner's receive, timeout, cancel, partner death.
  /// Models `Thread_send_wait`.
  case sendWait
  /// Waits for a message from `partner`, or from anybody if `partner` is none. Models `Thread_receive_wait`.
  case receiveWait
}

/// State bits that are independent of the IPC phase. The computed ones are looked at by the machine as well, before each
/// stay in user mode: a constant of another module would be a call.
public struct ThreadFlags: OptionSet, Hashable, BitwiseCopyable, Sendable {
  public let rawValue: UInt32
  @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// Schedulable. Models `Thread_ready`.
  public static let ready = ThreadFlags(rawValue: 1 << 0)
  /// Never started, or killed. Models `Thread_dead`.
  public static let dead = ThreadFlags(rawValue: 1 << 1)
  /// ex_regs asked to abort the IPC. Models `Thread_cancel`.
  public static let cancel = ThreadFlags(rawValue: 1 << 2)
  /// The IPC timeout has expired. Models `Thread_timeout`.
  public static let timeout = ThreadFlags(rawValue: 1 << 3)
  /// The receiver died while this thread was queued at it. Models `Thread_transfer_failed`.
  public static let transferFailed = ThreadFlags(rawValue: 1 << 4)
  /// An exception message is out and unanswered. Models `Thread_in_exception`.
  public static let inException = ThreadFlags(rawValue: 1 << 5)
  /// A synthetic exception is to be raised before the next user instruction (`do_trigger_exception`).
  public static let triggered = ThreadFlags(rawValue: 1 << 6)
  /// System calls are reported to the handler first. Models `Thread_alien`.
  public static let alien = ThreadFlags(rawValue: 1 << 7)
  /// The next system call of an alien thread is permitted. Models `Thread_dis_alien`.
  public static let alienPermitted = ThreadFlags(rawValue: 1 << 8)
  /// A kill is under way; the victim cleans up in its own context. Models `Thread_dying`.
  public static let dying = ThreadFlags(rawValue: 1 << 9)
  /// Stands in the ready list of its priority. Models `Sched_context::in_ready_list`.
  public static let listed = ThreadFlags(rawValue: 1 << 10)
  /// run_thread has given the thread a processor; before that it never runs.
  public static let placed = ThreadFlags(rawValue: 1 << 11)
  /// The receive buffers and message registers of an interrupted user program are saved in the thread.
  public static let savedBuffers = ThreadFlags(rawValue: 1 << 12)
  /// The thread is a virtual processor. Models `Thread_vcpu_enabled`.
  public static let vcpu = ThreadFlags(rawValue: 1 << 20)
  /// It runs in its user task. Models `Thread_vcpu_user`.
  @inlinable public static var vcpuUser: ThreadFlags { ThreadFlags(rawValue: 1 << 21) }
  /// Its program is to be entered before the next user instruction (`vcpu_save_state_and_upcall`).
  public static let upcall = ThreadFlags(rawValue: 1 << 22)
  /// It may not use the floating-point unit in user mode. Models `Thread_vcpu_fpu_disabled`.
  @inlinable public static var vcpuNoFPU: ThreadFlags { ThreadFlags(rawValue: 1 << 23) }
  /// Messages are held back while the kernel sends one of its own for the thread (`vcpu_disable_irqs`).
  public static let vcpuIRQsOff = ThreadFlags(rawValue: 1 << 26)
  /// The next page fault goes to the thread's own handler. Models `Thread_pf_trampoline`.
  public static let trampoline = ThreadFlags(rawValue: 1 << 27)
  /// On the way to another core: in nobody's lists until it arrives there. Models `Thread_finish_migration`.
  public static let migrating = ThreadFlags(rawValue: 1 << 24)
  /// Another core has woken the thread; its own core does not know yet.
  public static let wakePending = ThreadFlags(rawValue: 1 << 25)
}

/// On whose behalf the thread is inside the kernel: decides how a finished IPC continues.
public enum KernelEntry: UInt8, BitwiseCopyable, Sendable {
  /// User mode, or nothing left to do but return there.
  case user
  /// `ecall`: results go to a0 and a3.
  case systemCall
  /// The kernel calls the pager for the thread (`handle_page_fault_pager`).
  case pageFault
  /// The kernel calls the exception handler for the thread (`send_exception`).
  case exception
  /// A virtual processor goes on and takes a pending message before (`sys_vcpu_resume`).
  case vcpuResume
}

/// Where a thread continues inside the kernel when it next gets the processor.
///
/// A real kernel keeps this on the thread's kernel stack; here it is a value.
public enum Continuation: UInt8, BitwiseCopyable, Sendable {
  /// Return to user mode.
  case user
  /// The message is delivered, the partner activated: now receive (`do_ipc` after the send phase).
  case receive
  /// Blocked in the send phase; look why it was woken (`do_send_wait`).
  case sendWait
  /// Blocked in the receive phase; look why it was woken (`do_receive_wait`).
  case receiveWait
  /// Blocked at an unbound gate; look at the gate again (`Ipc_gate::block`).
  case gateWait
  /// Has bound a gate and wakes those that waited for it, one after the other (`Ipc_gate_obj::unblock_all`).
  case unblockGate
  /// Blocked on a semaphore (`Semaphore::sys_down`).
  case semaphoreWait
  /// The IPC is over: finish what it was for (system call, page fault, exception).
  case finish
  /// The exception or fault has to be sent (again).
  case raise
  /// Between two parts of a long operation, where interrupts are let in (`Proc::preemption_point`).
  case modifySenders
  /// Asked another core to do something and waits for its answer, which nothing cuts short (`Thread_drq_wait`).
  case requestWait
  /// The receiver's core has queued the sender: now its timeout begins (`do_send_wait` after a remote handshake).
  case sendQueued
  /// No pager or no handler: queued at itself for ever; only a cancel gets it out.
  case stranded
}
