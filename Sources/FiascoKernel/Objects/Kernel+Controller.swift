// Writes: irqs (controller, pin), memory (message registers).
import FiascoABI

extension Kernel {
  /// Inputs of the board's interrupt controller (PLIC of QEMU's `virt`).
  static var interruptPins: UInt64 { 95 }

  /// An interrupt controller: the board's, or that of a service with one interrupt of its own.
  ///
  /// No device raises an interrupt yet; what is modelled is which IRQ object has which pin. Models `Icu_h`.
  mutating func invokeController(
    _ controller: ObjectID, pins: UInt64, by t: ThreadID, tag: MessageTag
  ) -> InvocationOutcome {
    guard tag.label == KernelProtocol.irq else { return .refused(.badProtocol) }
    guard tag.words > 0 else { return .refused(tooShort) }
    switch utcbWord(t, 0) & 0xffff {
    case Opcode.Controller.bind: return bindPin(controller, pins, by: t, tag: tag)
    case Opcode.Controller.unbind:
      guard tag.words >= 2 else { return .refused(tooShort) }
      if let i = irq(at: controller, utcbWord(t, 1)) { irqs[i].controller = .none }
      return .ok
    case Opcode.Controller.info:
      setUTCBWord(t, 0, 0)
      setUTCBWord(t, 1, pins)
      setUTCBWord(t, 2, 0)
      return .answer(label: 0, words: 3)
    case Opcode.Controller.mask, Opcode.Controller.unmask: return .noReply
    case Opcode.Controller.setMode: return tag.words >= 2 && utcbWord(t, 1) < pins ? .ok : .refused(.invalidArgument)
    default: return .refused(.noSystemCall)
    }
  }

  /// MR1 pin, typed argument the IRQ; an IRQ that has another pin leaves that one.
  private mutating func bindPin(
    _ controller: ObjectID, _ pins: UInt64, by t: ThreadID, tag: MessageTag
  ) -> InvocationOutcome {
    guard tag.words >= 2, tag.items > 0 else { return .refused(tooShort) }
    guard let argument = capabilityArgument(t, tag), objects[argument.object.slot].kind == .irq else {
      return .refused(.invalidArgument)
    }
    guard argument.hasWrite else { return .refused(.permission) }
    let pin = utcbWord(t, 1)
    guard pin < pins, irq(at: controller, pin) == nil else {
      return .refused(profile.name == .r67 ? .permission : .invalidArgument)
    }
    let i = Int(objects[argument.object.slot].index)
    irqs[i].controller = controller
    irqs[i].pin = Int32(pin)
    return .ok
  }

  private func irq(at controller: ObjectID, _ pin: UInt64) -> Int? {
    for i in irqs.indices where irqs[i].controller == controller && UInt64(irqs[i].pin) == pin { return i }
    return nil
  }
}
