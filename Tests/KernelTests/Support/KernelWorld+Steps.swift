import Determinism
import FiascoABI
import FiascoMachine
import RISCV

@testable import FiascoKernel

extension KernelWorld {
  /// What a scripted thread does now that it has the processor.
  mutating func step(_ t: ThreadID) {
    while scripts.count <= t.slot { scripts.append(Script()) }
    if hasComeBack(t) { return node.enterKernel { $0.systemCall() } }
    finishCall(t)
    guard scripts[t.slot].position < scripts[t.slot].steps.count else {
      return issue(SystemCall(tag: MessageTag(), target: .special(.receive)), by: t)
    }
    switch scripts[t.slot].steps[scripts[t.slot].position] {
    case .call(let call):
      scripts[t.slot].isWaiting = true
      scripts[t.slot].issuedAt = kernel.registers[t.slot].pc
      issue(call, by: t)
    case .mark(let name):
      log.append(name)
      scripts[t.slot].position += 1
    case .markTime:
      log.append("\(node.now.picoseconds / 1_000_000)")
      scripts[t.slot].position += 1
    case .markMessage(let name):
      log.append(name + String(kernel.messageWord(t, 0), radix: 16))
      scripts[t.slot].position += 1
    case .compute(let span):
      compute(t, span)
      onlyComputed = node.kernel.isMulticore
    case .touch(let address, let access): touch(t, address, access)
    case .fault(let address, let access):
      scripts[t.slot].position += 1
      node.enterKernel { $0.pageFault(address: address, access: access) }
    case .trap(let cause, let value):
      scripts[t.slot].position += 1
      node.enterKernel { $0.exception(cause: cause, value: value) }
    case .returned(let call):
      scripts[t.slot].position += 1
      scripts[t.slot].results.append(result(of: t, call))
      scripts[t.slot].calls.append(call)
    case .execute:
      scripts[t.slot].isWaiting = true
      scripts[t.slot].issuedAt = kernel.registers[t.slot].pc
      node.enterKernel { $0.systemCall() }
    case .trapAgain(let cause):
      let place = kernel.registers[t.slot].pc
      if scripts[t.slot].trapsAt == place || scripts[t.slot].trapsAt == 0 {
        scripts[t.slot].trapsAt = place
        node.enterKernel { $0.exception(cause: cause, value: 0) }
      } else {
        scripts[t.slot].trapsAt = 0
        scripts[t.slot].position += 1
      }
    case .amend(let change):
      var words = (0..<UTCB.messageRegisterCount).map { node.kernel.messageWord(t, $0) }
      change(&words)
      for (index, word) in words.enumerated() { kernel.setMessageWord(t, index, word) }
      scripts[t.slot].position += 1
    case .setFloat(let value):
      if canUseFPU(t) { self[fpu: t][10] = value }
    case .markFloat(let name):
      if canUseFPU(t) { log.append("\(name) \(self[fpu: t][10])") }
    case .spin:
      onlyComputed = node.kernel.isMulticore
      _ = node.spend(.milliseconds(1), until: min(node.horizon, node.now + .milliseconds(1)))
    }
    check()
  }

  /// Somebody has set the instruction pointer back: the call is executed again, with the registers as they are.
  private func hasComeBack(_ t: ThreadID) -> Bool {
    scripts[t.slot].isWaiting && kernel.registers[t.slot].pc == scripts[t.slot].issuedAt
  }

  private mutating func finishCall(_ t: ThreadID) {
    guard let call = calls(t).pending else { return }
    scripts[t.slot].isWaiting = false
    scripts[t.slot].position += 1
    scripts[t.slot].results.append(result(of: t, call))
    scripts[t.slot].calls.append(call)
  }

  private mutating func compute(_ t: ThreadID, _ span: TimeSpan) {
    if scripts[t.slot].rest == .zero { scripts[t.slot].rest = span }
    scripts[t.slot].rest -= node.spend(scripts[t.slot].rest, until: node.horizon)
    if scripts[t.slot].rest == .zero { scripts[t.slot].position += 1 }
  }

  /// A fault is taken again and again until the page is there, as an instruction would do it.
  private mutating func touch(_ t: ThreadID, _ address: UInt64, _ access: FaultAccess) {
    let entry = node.kernel.translate(node.kernel.threads[t.slot].task, address)
    let wanted: MemoryRights = access == .store ? .write : access == .fetch ? .execute : .read
    if let entry, entry.rights.contains(wanted) {
      scripts[t.slot].position += 1
    } else {
      node.enterKernel { $0.pageFault(address: address, access: access) }
    }
  }

  /// A floating-point instruction, as machine code would execute it; false if it is not carried out.
  private mutating func canUseFPU(_ t: ThreadID) -> Bool {
    if kernel.fpuOwner != t { node.enterKernel { $0.illegalInstruction(bits: 0x53) } }
    guard kernel.fpuOwner == t else { return false }
    scripts[t.slot].position += 1
    return true
  }

  /// The floating-point registers of a thread that has used them.
  subscript(fpu t: ThreadID) -> FloatRegisters {
    get { node.kernel.fpuStates[Int(node.kernel.threads[t.slot].fpuState)].registers }
    set { kernel.fpuStates[Int(node.kernel.threads[t.slot].fpuState)].registers = newValue }
  }
}
