import Determinism
import FiascoABI

@testable import FiascoKernel

/// Registers and words of a random call: mostly what the object understands, sometimes anything.
extension RandomCalls {
  mutating func fillRegisters(_ t: ThreadID) {
    let target = selector()
    let label = label(for: target, of: t)
    let words = random.next(below: 4) == 0 ? random.next(below: 64) : random.next(below: 8)
    let items = random.next(below: 12) == 0 ? random.next(below: 64) : random.next(below: 3)
    let flags = MessageTagFlags(rawValue: random.next(below: 4) == 0 ? random.next() & 0xf000 : 0)
    kernel.registers[t.slot].a0 = MessageTag(label: label, words: words, items: items, flags: flags).raw
    kernel.registers[t.slot].a1 = target
    kernel.registers[t.slot].a2 = UInt64(timeout()) << 16 | UInt64(timeout())
    kernel.registers[t.slot].a3 = random.next()
    fillMessage(t, label: label, words: words)
  }

  /// Mostly the protocol that the object understands.
  private mutating func label(for target: UInt64, of t: ThreadID) -> Int64 {
    switch random.next(below: 10) {
    case 0: return Int64(truncatingIfNeeded: random.next())
    case 1, 2: return [0, 7, -1, -2, -5, -10, -11, -12, -13, -14, -15, -18, -20][random.next(below: 13)]
    default: break
    }
    let found = kernel.capability(of: kernel.threads[t.slot].task, at: ObjectReference(raw: target).index)
    switch found.map({ kernel.objects[$0.object.slot].kind }) {
    case .thread, nil: return random.next(below: 2) == 0 ? KernelProtocol.thread : 7
    case .task: return KernelProtocol.task
    case .gate: return random.next(below: 2) == 0 ? KernelProtocol.kernelObject : 7
    case .irq:
      return [KernelProtocol.irq, KernelProtocol.kernelObject, KernelProtocol.irqSender][random.next(below: 3)]
    case .semaphore: return random.next(below: 2) == 0 ? KernelProtocol.semaphore : KernelProtocol.irq
    case .factory: return KernelProtocol.factory
    case .scheduler: return KernelProtocol.scheduler
    case .log: return KernelProtocol.log
    case .icu, .rootPager, .inert: return KernelProtocol.irq
    }
  }

  private mutating func selector() -> UInt64 {
    if random.next(below: 20) == 0 { return random.next() }
    let operation: UInt64 = [1, 2, 3, 3, 3, 3, 6, 7, 0xf, 9, random.next(below: 16)][random.next(below: 11)]
    if operation == 6 || operation == 0xf, random.next(below: 2) == 0 {
      return ObjectReference.special(IPCOperation(rawValue: operation)).raw
    }
    // Bit 10: the reply slot is named.
    let explicit: UInt64 = random.next(below: 8) == 0 ? 1 << 10 : 0
    return random.next(below: Self.slots) << 12 | explicit | operation
  }

  private mutating func timeout() -> UInt16 {
    switch random.next(below: 8) {
    case 0: 0
    case 1, 2: 0x400
    case 3: UInt16(truncatingIfNeeded: random.next())
    case 4: 0x8000 | UInt16(random.next(below: 64))
    default: IPCTimeout.relative(microseconds: 1 + random.next(below: 4000)).raw
    }
  }

  private mutating func fillMessage(_ t: ThreadID, label: Int64, words: Int) {
    for index in 0..<12 { kernel.setUTCBWord(t, index, word()) }
    if random.next(below: 4) == 0 { kernel.setUTCBWord(t, random.next(below: 63), random.next()) }
    // Most requests begin with an operation that exists.
    if label < 0, random.next(below: 6) != 0 {
      let requests: [UInt64] = [0, .max, .max - 9, .max - 10, .max - 11, .max - 14, .max - 17, .max - 19]
      let isFactory = label == KernelProtocol.factory
      let flags: UInt64 = label == KernelProtocol.thread ? random.next(below: 4) << 16 : 0
      kernel.setUTCBWord(
        t, 0,
        isFactory
          ? requests[random.next(below: requests.count)] : flags | [0, 1, 2, 3, 5, 6, 16, 17][random.next(below: 8)])
    }
    if label == KernelProtocol.task, random.next(below: 2) == 0 {
      kernel.setUTCBWord(
        t, 1, SendItem.map(hotSpot: random.next(below: Self.slots) << 12, attributes: random.next() & 0xf0).raw)
      kernel.setUTCBWord(t, 2, page())
    }
    if label == KernelProtocol.scheduler {
      kernel.setUTCBWord(t, 3, random.next(below: 4) == 0 ? random.next() : 97 + random.next(below: 6))
      kernel.setUTCBWord(t, 4, random.next(below: 5000))
    }
    for item in 0..<2 where words + 2 * item + 1 < 63 {
      kernel.setUTCBWord(t, words + 2 * item, random.next(below: 8) == 0 ? word() : 8 | random.next() & 0xf2)
      kernel.setUTCBWord(t, words + 2 * item + 1, page())
    }
    fillBuffers(t)
  }

  private mutating func fillBuffers(_ t: ThreadID) {
    guard random.next(below: 3) != 0 else { return }
    kernel.setUTCBWord(t, UTCB.bufferDescriptor, random.next(below: 6) == 0 ? random.next() : 0)
    for index in 0..<6 {
      let buffer =
        random.next(below: 6) == 0 ? word() : random.next(below: Self.slots) << 12 | 8 | random.next(below: 8)
      kernel.setUTCBWord(t, UTCB.bufferRegisters + index, buffer)
    }
  }

  private mutating func word() -> UInt64 {
    switch random.next(below: 6) {
    case 0: random.next()
    case 1: page()
    case 2: random.next(below: Self.slots) << 12
    case 3: .max
    default: random.next(below: 8)
    }
  }

  private mutating func page() -> UInt64 {
    switch random.next(below: 8) {
    case 0: random.next()
    case 1: FlexPage.everything.raw | random.next(below: 16)
    case 2, 3:
      FlexPage.memory(
        Kernel.physicalBase + (254 + random.next(below: 36)) * 4096, order: 12 + random.next(below: 4),
        rights: MemoryRights(rawValue: random.next(below: 8))
      ).raw
    default:
      FlexPage.objects(
        CapabilitySlot(UInt32(random.next(below: Self.slots))),
        order: random.next(below: 8) == 0 ? random.next(below: 4) : 0,
        rights: ObjectRights(rawValue: random.next(below: 16))
      ).raw
    }
  }
}
