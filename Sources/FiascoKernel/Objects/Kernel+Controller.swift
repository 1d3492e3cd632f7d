// Writes: pins, irqs and semaphores (line), memory (message registers).
import FiascoABI

extension Kernel {
  /// An interrupt controller: inputs `pins`, counted through all controllers.
  ///
  /// Models `Icu_h` and `Icu`.
  mutating func invokeController(_ pins: Range<Int>, by t: ThreadID, tag: MessageTag) -> InvocationOutcome {
    guard tag.label == KernelProtocol.irq else { return .refused(.badProtocol) }
    guard tag.words > 0 else { return .refused(tooShort) }
    switch utcbWord(t, 0) {
    case Opcode.Controller.bind: return bindPin(pins, by: t, tag: tag)
    case Opcode.Controller.unbind: return unbindPin(pins, by: t, tag: tag)
    case Opcode.Controller.info:
      setUTCBWord(t, 0, 0)
      setUTCBWord(t, 1, UInt64(pins.count))
      setUTCBWord(t, 2, 0)
      return .answer(label: 0, words: 3)
    case Opcode.Controller.messageInfo: return .refused(tag.words >= 3 ? .noSystemCall : tooShort)
    case Opcode.Controller.mask, Opcode.Controller.unmask:
      if tag.words >= 2, let object = boundObject(pins, utcbWord(t, 1)) {
        if utcbWord(t, 0) == Opcode.Controller.mask { mask(object) } else { unmask(object) }
      }
      return .noReply
    case Opcode.Controller.setMode:
      guard tag.words >= 3 else { return .refused(tooShort) }
      // The controller has one mode for each input, so there is nothing to set.
      return utcbWord(t, 1) < UInt64(pins.count) ? .ok : .refused(.invalidArgument)
    default: return .refused(.noSystemCall)
    }
  }

  /// MR1 pin, typed argument the IRQ object or semaphore. It leaves what it was bound to even if the pin is taken.
  private mutating func bindPin(_ pins: Range<Int>, by t: ThreadID, tag: MessageTag) -> InvocationOutcome {
    guard tag.words >= 2, tag.items > 0 else { return .refused(tooShort) }
    let argument: Capability
    switch interruptArgument(t, tag) {
    case .found(let found): argument = found
    case .failed(let outcome): return outcome
    }
    guard argument.hasWrite else { return .refused(.permission) }
    let pin = utcbWord(t, 1)
    disconnect(argument.object)
    guard pin < UInt64(pins.count), self.pins[pins.lowerBound + Int(pin)].bound.isNone else {
      return .refused(emptyArgument)
    }
    connect(argument.object, to: .pin(Int32(pins.lowerBound + Int(pin))))
    return .ok
  }

  /// MR1 pin; the typed argument must be an IRQ object and is not looked at any further.
  private mutating func unbindPin(_ pins: Range<Int>, by t: ThreadID, tag: MessageTag) -> InvocationOutcome {
    guard tag.words >= 2, tag.items > 0 else { return .refused(tooShort) }
    if case .failed(let outcome) = interruptArgument(t, tag) { return outcome }
    if let object = boundObject(pins, utcbWord(t, 1)) { disconnect(object) }
    return .ok
  }

  private func boundObject(_ pins: Range<Int>, _ pin: UInt64) -> ObjectID? {
    guard pin < UInt64(pins.count) else { return nil }
    let object = self.pins[pins.lowerBound + Int(pin)].bound
    return object.isNone ? nil : object
  }

  /// A typed argument that must be an IRQ object or a semaphore.
  func interruptArgument(_ t: ThreadID, _ tag: MessageTag) -> CapabilityArgument {
    argument(t, tag, kind: .irq, or: .semaphore)
  }
}
