// Writes: fpu, fpuStates, threads (fpuState), factories (quota).
import Determinism
import FiascoABI
import RISCV

extension Kernel {
  /// The current thread executed an illegal instruction, or a floating-point instruction while the unit was off: the
  /// hardware does not tell which. So the unit is switched on first; what is really illegal traps once more.
  ///
  /// Models `Thread::handle_fpu_trap`.
  public mutating func illegalInstruction(bits: UInt64) {
    precondition(!current.isNone, "an exception needs a running thread")
    if fpu.owner != current && switchInFPU(current) { return }
    exception(cause: ExceptionCause.illegalInstruction, value: bits)
  }

  /// Makes a thread the owner of the unit; false if there is no quota left for its state.
  ///
  /// Models `Thread::switchin_fpu`.
  private mutating func switchInFPU(_ t: ThreadID) -> Bool {
    if threads[t.slot].fpuState < 0 {
      let payer = objects[threads[t.slot].object.slot].payer
      guard chargeQuota(payer, profile.objectSizes.fpuState) else { return false }
      threads[t.slot].fpuState = Int32(fpuStates.insert(FPUState(payer: payer)))
    }
    charge(.switchFPU)
    spillFPU()
    fpu = FloatingPointUnit(owner: t, registers: fpuStates[Int(threads[t.slot].fpuState)].registers)
    return true
  }

  /// Saves the owner's registers; afterwards nobody owns the unit.
  ///
  /// Models `Context::spill_fpu`.
  private mutating func spillFPU() {
    let owner = fpu.owner
    guard !owner.isNone else { return }
    fpu.registers.isDirty = false
    fpuStates[Int(threads[owner.slot].fpuState)].registers = fpu.registers
    fpu.owner = .none
  }

  /// A message hands the sender's floating-point state over: the receiver's own is lost, the sender has none any more.
  ///
  /// The registers stay where they are if the sender owns the unit. Models `Thread::transfer_fpu`.
  mutating func transferFPU(from s: ThreadID, to r: ThreadID) {
    freeFPUState(of: r)
    threads[r.slot].fpuState = threads[s.slot].fpuState
    threads[s.slot].fpuState = -1
    if fpu.owner == r {
      fpu.owner = .none
    } else if fpu.owner == s {
      fpu.owner = r
    }
  }

  /// A killed thread's registers are nobody's. Models `Context::release_fpu_if_owner`.
  mutating func releaseFPU(of t: ThreadID) {
    if fpu.owner == t { fpu.owner = .none }
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
    guard fpu.owner == t else { return 0 }
    return fpu.registers.isDirty ? 1 << 63 | 0x6000 : 0x4000
  }

  /// Whether the receiver takes floating-point state with a message.
  func inheritsFPU(_ t: ThreadID) -> Bool { utcbWord(t, UTCB.bufferDescriptor) & UTCB.inheritFPU != 0 }

  // MARK: Digest and invariants

  func digestFPU(into digest: inout StateDigest) {
    digest.combine(UInt64(bitPattern: Int64(fpu.owner.index)))
    if !fpu.owner.isNone { fpu.registers.digest(into: &digest) }
    fpuStates.digest(into: &digest) { state, digest in
      state.registers.digest(into: &digest)
      digest.combine(UInt64(bitPattern: Int64(state.payer.index)))
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
    if fpu.owner.isNone { return }
    guard threads.contains(fpu.owner.slot) else { return findings.add("an absent thread owns the FPU") }
    findings.require(threads[fpu.owner.slot].fpuState >= 0, "\(fpu.owner) owns the FPU and has no place to save it")
  }
}

extension FloatRegisters {
  fileprivate func digest(into digest: inout StateDigest) {
    for number in 0..<32 { digest.combine(self[number]) }
    digest.combine(fcsr << 1 | (isDirty ? 1 : 0))
  }
}
