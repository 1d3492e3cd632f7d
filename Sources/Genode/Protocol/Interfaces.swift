// Opcodes of all interfaces. `in:` and `out:` list words and, after a bar, capabilities; `text` is an RPC string.
// Names and meaning follow the interfaces of Genode 16.08; deviations are marked.

/// What a component asks of its parent. The capability sits in slot 8, its badge at the start of the data segment.
///
/// Models `Genode::Parent`.
public enum ParentOpcode: UInt64, CaseIterable, Sendable {
  /// in: - out: - | CPU thread of the main thread
  case mainThread
  /// in: text service name, text arguments; out: - | session. `Env::ram_session`, `Env::cpu_session` and
  /// `Env::pd_session` give the environment of the component without creating anything.
  /// Exceptions: quotaExceeded, serviceDenied, unavailable.
  case session
  /// in: text arguments (`ram_quota=`) | session
  case upgrade
  /// in: | session
  case close
  /// in: exit value
  case exit
  /// in: text service name | root
  case announce
  /// in: text arguments (`ram_quota=`)
  case resourceRequest
}

/// What a server offers to its parent so that sessions can be made. Models `Genode::Root`.
public enum RootOpcode: UInt64, CaseIterable, Sendable {
  /// in: text arguments; out: | session
  case createSession
  /// in: text arguments | session
  case upgrade
  /// in: | session
  case close
}

/// A protection domain: address space, RPC capabilities, signals. Models `Genode::Pd_session`.
public enum PDOpcode: UInt64, CaseIterable, Sendable {
  /// in: | parent. Maps the capability into slot 8; later calls are ignored.
  case assignParent
  /// out: | signal source (always the same)
  case allocSignalSource
  case freeSignalSource
  /// in: imprint | signal source; out: | context. Exceptions: outOfMetadata.
  case allocContext
  /// in: | context
  case freeContext
  /// in: count | context
  case submit
  /// in: | thread gate or CPU thread of the entrypoint; out: | new RPC capability. Exceptions: outOfMetadata.
  case allocRPCCap
  /// in: | RPC capability
  case freeRPCCap
  /// out: | region map
  case addressSpace
  /// out: | region map
  case stackArea
  /// out: | region map
  case linkerArea
  /// out: | native PD
  case nativePD
}

/// Kernel-specific part of a PD. Deviation: `install` and `capMapInfo` are the core extensions a checkpointer needs.
public enum NativePDOpcode: UInt64, CaseIterable, Sendable {
  /// in: slot | capability. Core maps its own copy of the capability into that slot of the PD.
  case install
  /// in: address of `cap_map`, told by the component itself at start
  case setCapMapInfo
  /// out: the address, 0 if never told
  case capMapInfo
}

/// Models `Genode::Cpu_session`.
public enum CPUOpcode: UInt64, CaseIterable, Sendable {
  /// in: priority (0: the session's; else a kernel priority, lowered to the session's), CPU number, text name | PD;
  /// out: | CPU thread. Exceptions: outOfMetadata, threadCreationFailed, invalidCapability.
  /// Deviation: Genode has one priority per session.
  case createThread
  /// in: | CPU thread
  case killThread
  /// out: | dataspace of 8 KiB
  case traceControl
}

/// One thread. Models `Genode::Cpu_thread`.
public enum CPUThreadOpcode: UInt64, CaseIterable, Sendable {
  /// in: ip, sp. On a thread that was started before: a warning on the log, success, and no effect.
  case start
  /// Stops the thread at its next return to user mode; does not end a blocking system call.
  case pause
  /// Answers the pending exception with the registers of the record.
  case resume
  /// out: `ThreadStateWords`
  case state
  /// in: flags, exception count, 37 registers (`ThreadStateWords`): replaces the record in core, nothing else.
  case setState
  /// in: CPU number
  case affinity
  /// in: | signal context of exceptions (not of page faults)
  case exceptionSigh
  /// Triggers the thread's own IRQ (a lock wait), nothing else.
  case cancelBlocking
  /// Deviation: stops the thread at once; a blocking system call ends with error 6 or 7. This is what all registers of
  /// a blocked thread cost on a kernel without an "exchange all registers" operation.
  case pauseCancelling
  /// out: | invalid dataspace. Not implemented on this kernel, which core says on the log: nobody outside can read or
  /// write a UTCB.
  case utcb
}

/// Models `Genode::Ram_session`.
public enum RAMOpcode: UInt64, CaseIterable, Sendable {
  /// in: size; out: | dataspace (invalid for size 0). Exceptions: quotaExceeded, outOfMetadata.
  case alloc
  /// in: | dataspace
  case free
  /// in: | RAM session; out: 0, -2 set before, -3 own account
  case refAccount
  /// in: bytes | RAM session; out: 0, -1 no such session, -2 no relation, -3 not enough
  case transferQuota
  /// out: bytes
  case quota
  /// out: bytes
  case used
}

/// Models `Genode::Dataspace`.
public enum DataspaceOpcode: UInt64, CaseIterable, Sendable {
  /// out: bytes
  case size
  /// out: address, 0 for a managed dataspace
  case physicalAddress
  /// out: 0 or 1
  case writable
}

/// Models `Genode::Rm_session`.
public enum RMOpcode: UInt64, CaseIterable, Sendable {
  /// in: size; out: | region map. Exceptions: outOfMetadata.
  case create
  /// in: | region map
  case destroy
}

/// Models `Genode::Region_map`.
public enum RegionMapOpcode: UInt64, CaseIterable, Sendable {
  /// in: size (0: all), offset, use local address (0/1), local address, executable (0/1) | dataspace; out: address.
  /// Exceptions: invalidArgs, invalidDataspace, regionConflict, outOfMetadata.
  case attach
  /// in: address
  case detach
  /// in: | signal context
  case faultHandler
  /// out: `RegionMapState`, address inside the map
  case state
  /// out: | dataspace
  case dataspace
}

/// First word of `RegionMapOpcode.state`.
public enum RegionMapState: UInt64, CaseIterable, BitwiseCopyable, Sendable {
  case ready, readFault, writeFault, executeFault
}

/// Models `Genode::Rom_session`.
public enum ROMOpcode: UInt64, CaseIterable, Sendable {
  /// out: | dataspace
  case dataspace
  /// in: | signal context
  case sigh
}

/// Models `Genode::Log_session`.
public enum LOGOpcode: UInt64, CaseIterable, Sendable {
  /// in: text of at most 236 bytes; out: bytes written
  case write
}

/// Models `Timer::Session`.
public enum TimerOpcode: UInt64, CaseIterable, Sendable {
  /// in: microseconds (32 bit)
  case triggerOnce
  /// in: microseconds (32 bit), 0 stops
  case triggerPeriodic
  /// in: | signal context
  case sigh
  /// out: milliseconds since the session was created
  case elapsedMilliseconds
}

/// Where a component fetches its signals. Models `Genode::Signal_source` of base-foc.
public enum SignalSourceOpcode: UInt64, CaseIterable, Sendable {
  /// out: imprint, count, contexts to fetch before the next wait; imprint 0 if nothing is pending. Never blocks.
  /// Deviation: the third word, needed on kernels that merge the triggers of several contexts into one IRQ message.
  case wait
  /// in: | (optional) CPU thread or thread gate; out: | IRQ. Deviation: with a thread, core binds the IRQ to that
  /// thread with label 0, because a component holds no capability to its own thread.
  case requestSemaphore
}
