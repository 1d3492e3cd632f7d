// Writes: fpuOwner, fpuStates, threads (fpuState), factories (quota).
import Determinism
import FiascoABI
import RISCV

extension Kernel {
  /// For whom the active core's floating-point unit is on.
  public internal(set) var fpuOwner: ThreadID {
    @inline(__always) get { here.fpuOwner }
    @inline(__always) set { here.fpuOwner = newValue }
  }

  /// Whether the active core's unit is on for the thread. A vCPU's user mode may be denied it.
  @inlinable @inline(__always) public func isFPUOn(for t: ThreadID) -> Bool {
    here.fpuOwner.index == t.index && !threads[t.slot].flags.contains(.vcpuNoFPU)
  }

  /// Where the registers of a thread that has used them stand in `fpuStates`.
  @inline(__always) public func fpuState(of t: ThreadID) -> Int { Int(threads[t.slot].fpuState) }

  /// The current thread executed an illegal instruction, or a floating-point instruction while the unit was off: the
  /// hardware does not tell which. So the unit is switched on first; what is really illegal traps once more.
  ///
  /// Models `Thread::handle_fpu_trap`.
  public mutating func illegalInstruction(bits: UInt64) {
    precondition(!current.isNone, "an exception needs a running thread")
    if fpuOwner != current && switchInFPU(current) { return }
    exception(cause: ExceptionCause.illegalInstruction, value: bits)
  }

  /// Makes a thread the owner of the unit; false if it may not use it, or if there is no quota left for its state.
  ///
  /// Models `Thread::switchin_fpu`.
  private mutating func switchInFPU(_ t: ThreadID) -> Bool {
    if threads[t.slot].flags.contains(.vcpuNoFPU) { return false }
    if threads[t.slot].fpuState < 0 {
      let payer = objects[threads[t.slot].object.slot].payer
      guard chargeQuota(payer, profile.objectSizes.fpuState) else { return false }
      threads[t.slot].fpuState = Int32(fpuStates.insert(FPUState(payer: payer)))
    }
    charge(.switchFPU)
    fpuOwner = t
    fpuStates[fpuState(of: t)].registers.isDirty = false
    return true
  }

  /// A message hands the sender's floating-point state over: the receiver's own is lost, the sender has none any more.
  ///
  /// If the sender owns the unit, the receiver does afterwards. Models `Thread::transfer_fpu`.
  mutating func transferFPU(from s: ThreadID, to r: ThreadID) {
    let keepsUnit = fpuOwner == s && threads[s.slot].core == threads[r.slot].core
    releaseFPU(of: s)
    releaseFPU(of: r)
    freeFPUState(of: r)
    threads[r.slot].fpuState = threads[s.slot].fpuState
    threads[s.slot].fpuState = -1
    if keepsUnit { fpuOwner = r }
  }

  /// A thread that dies, leaves its core, or gives its state away to another core owns no unit any more.
  ///
  /// Models `Context::release_fpu_if_owner` and `spill_fpu_if_owner`.
  mutating func releaseFPU(of t: ThreadID) {
    if fpuOwner == t {
      fpuOwner = .none
    } else if isMulticore {
      for core in parked.indices where parked[core].fpuOwner == t { parked[core].fpuOwner = .none }
    }
  }

  /// Models `Fpu_alloc::free_state`.
  mutating func freeFPUState(of t: ThreadID) {
    let state = threads[t.slot].fpuState
    guard state >= 0 else { return }
    threads[t.slot].fpuState = -1
    let payer = fpuStates[Int(state)].payer
    fpuStates.remove(Int(state))
    refundQuota(payer, profile.objectSizes.fpuState)
  }

  /// What the thread's status word says of the unit, as `sstatus.FS` with its summary bit: off, clean or dirty.
  func fpuStatus(of t: ThreadID) -> UInt64 {
    guard isFPUOn(for: t) else { return 0 }
    return fpuStates[fpuState(of: t)].registers.isDirty ? 1 << 63 | 0x6000 : 0x4000
  }

  /// Whether the receiver takes floating-point state with a message.
  func inheritsFPU(_ t: ThreadID) -> Bool { utcbWord(t, UTCB.bufferDescriptor) & UTCB.inheritFPU != 0 }

  // MARK: Digest and invariants

  func digestFPU(into digest: inout StateDigest) {
    for core in 0..<coreCount { digest.combine(Int(processor(core).fpuOwner.index)) }
    fpuStates.digest(into: &digest) { state, digest in
      state.registers.digest(into: &digest)
      digest.combine(Int(state.payer.index))
    }
  }

  /// Each state belongs to one thread, and the owner of the unit has one.
  func checkFPU(_ findings: inout InvariantFindings) {
    var holders = 0
    for index in threads.indices where threads[index].fpuState >= 0 {
      holders += 1
      let isThere = fpuStates.contains(Int(threads[index].fpuState))
      findings.require(isThere, "T\(index) has floating-point state that is absent")
      let isShared = threads.indices.contains { $0 != index && threads[$0].fpuState == threads[index].fpuState }
      findings.require(!isShared, "T\(index) shares its floating-point state")
    }
    findings.require(holders == fpuStates.count, "\(fpuStates.count) floating-point states have \(holders) holders")
    for core in 0..<coreCount {
      let owner = processor(core).fpuOwner
      if owner.isNone { continue }
      guard threads.contains(owner.slot) else { return findings.add("an absent thread owns the FPU") }
      findings.require(threads[owner.slot].fpuState >= 0, "\(owner) owns the FPU and has no registers in it")
      findings.require(threads[owner.slot].core == core, "\(owner) owns the FPU of another core")
    }
  }
}

extension FloatRegisters {
  fileprivate func digest(into digest: inout StateDigest) {
    for number in 0..<32 { digest.combine(self[number]) }
    digest.combine(fcsr << 1 | (isDirty ? 1 : 0))
  }
}
