import Determinism
import FiascoABI

extension KernelEvent {
  /// Feeds the event into a digest: a number for the case, then its payload. Stable across processes and builds.
  /// Events that are recorded only for a trace feed nothing: a run has the same digest with and without one.
  public func digest(into digest: inout StateDigest) {
    switch self {
    case .contextSwitched(let from, let to): digest.combine(1, from.index, to.index)
    case .ipcStarted(let t, let target, let tag, let label):
      digest.combine(2, t.index, 0)
      digest.combine(together: target, tag, label)
    case .ipcFailed(let t, let error): digest.combine(3, t.index, Int32(error.rawValue))
    case .messageTransferred(let from, let to, let tag):
      digest.combine(4, from.index, to.index)
      digest.combine(tag)
    case .senderQueued(let t, let at): digest.combine(5, t.index, at.index)
    case .receiveBlocked(let t, let partner): digest.combine(6, t.index, partner.index)
    case .timeoutExpired(let t): digest.combine(7, t.index, 0)
    case .irqTriggered(let object): digest.combine(8, object.index, 0)
    case .irqDelivered(let object, let to): digest.combine(9, object.index, to.index)
    case .pageFaulted(let t, let address, let ip):
      digest.combine(10, t.index, 0)
      digest.combine(address)
      digest.combine(ip)
    case .pageFaultUnanswered(let t, let address):
      digest.combine(11, t.index, 0)
      digest.combine(address)
    case .exceptionRaised(let t, let cause, let ip):
      digest.combine(12, t.index, Int32(truncatingIfNeeded: cause))
      digest.combine(ip)
    case .registersExchanged(let t, let by, let ip, let sp, let flags):
      digest.combine(13, t.index, by.index)
      digest.combine(ip)
      digest.combine(sp)
      digest.combine(flags)
    case .objectCreated(let object, let kind, _): digest.combine(14, object.index, Int32(kind.rawValue))
    case .objectDestroyed(let object, let kind): digest.combine(15, object.index, Int32(kind.rawValue))
    case .threadStarted(let t): digest.combine(16, t.index, 0)
    case .threadKilled(let t): digest.combine(17, t.index, 0)
    case .objectsMapped(let from, let to, let slot, let count):
      digest.combine(18, from.index, to.index)
      digest.combine(UInt64(slot) << 32 | UInt64(count))
    case .pagesMapped(let from, let to, let address, let pages):
      digest.combine(19, from.index, to.index)
      digest.combine(address)
      digest.combine(UInt64(pages))
    case .unmapped(let task, let flexPage):
      digest.combine(20, task.index, 0)
      digest.combine(flexPage)
    case .sliceExpired(let t): digest.combine(21, t.index, 0)
    case .replyCapabilityMissing(let t): digest.combine(22, t.index, 0)
    case .vcpuEntered(let t, let entry, let state):
      digest.combine(24, t.index, Int32(entry.rawValue) << 16 | Int32(state))
    case .vcpuResumed(let t, let task, let state):
      digest.combine(25, t.index, task.index)
      digest.combine(UInt64(state))
    case .logWritten(let t, let bytes): digest.combine(23, t.index, Int32(truncatingIfNeeded: bytes))
    case .ipcReturned, .gateInvoked, .contextLoaded, .contextSaved, .contextInvalidated, .pageFaultAnswered,
      .exceptionUnanswered, .timerTicked, .taskMapRequested, .taskUnmapRequested, .objectReleased, .threadMigrated,
      .requestPosted, .requestHandled:
      break
    }
  }
}

extension StateDigest {
  /// Three words in one step. Products by different odd numbers do not wait for each other; one step after the other
  /// would take as long as a tenth of a system call.
  @inline(__always)
  mutating func combine(together a: UInt64, _ b: UInt64, _ c: UInt64) {
    combine(a &* 0x9e37_79b9_7f4a_7c15 &+ b &* 0xc2b2_ae3d_27d4_eb4f &+ c &* 0x1656_67b1_9e37_79f9)
  }

  /// A case number with two small ids, in one step: ids have fewer than 2^28 values.
  @inline(__always)
  mutating func combine(_ number: UInt64, _ a: Int32, _ b: Int32) {
    combine(number << 56 ^ UInt64(UInt32(bitPattern: a)) << 28 ^ UInt64(UInt32(bitPattern: b)))
  }
}
