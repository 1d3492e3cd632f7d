/// What makes an IRQ object or a semaphore fire beside software: one thing at a time.
///
/// Models chip and pin of `Irq_base`.
enum InterruptSource: Hashable, BitwiseCopyable, Sendable {
  case software
  /// Pin of a controller, counted through all controllers.
  case pin(Int32)
  /// A gate that leads to this thread dies.
  case deletion(at: ThreadID)
  /// Everything that fires this muxer (profile r67).
  case muxer(ObjectID)

  var digestWord: UInt64 {
    switch self {
    case .software: 0
    case .pin(let pin): 1 << 32 | UInt64(UInt32(bitPattern: pin))
    case .deletion(let thread): 2 << 32 | UInt64(UInt32(bitPattern: thread.index))
    case .muxer(let object): 3 << 32 | UInt64(UInt32(bitPattern: object.index))
    }
  }
}

/// The part of an IRQ object or semaphore that faces its source. Models `Irq_base`.
struct InterruptLine: BitwiseCopyable, Sendable {
  var source = InterruptSource.software
  /// The source may fire. A new IRQ is masked, a new semaphore is not.
  var isUnmasked = false
  /// Fired again before the last message was taken: it is unmasked when that happens.
  var wasOverrun = false
  /// The next in the list of those chained to the same muxer.
  var nextChained = ObjectID.none

  /// A controller's input stays asserted until its device is served, so each delivery masks it; everything else is an
  /// edge.
  var isLevel: Bool {
    if case .pin(let pin) = source { return pin < InterruptPin.boardPins }
    return false
  }

  /// Source and flags for the state digest.
  var digestWord: UInt64 {
    source.digestWord << 2 | (isUnmasked ? 1 : 0) | (wasOverrun ? 2 : 0)
  }
}

/// One input of an interrupt controller.
///
/// The controller of the board is a PLIC: every input is level-triggered, a request is remembered until it is claimed
/// although it came while the pin was masked, and a line that is still asserted when its interrupt is acknowledged
/// asks again.
struct InterruptPin: BitwiseCopyable, Sendable {
  /// IRQ object or semaphore.
  var bound = ObjectID.none
  var isRequested = false
  /// The device holds the line.
  var isAsserted = false

  /// Inputs of the board's controller (QEMU's `virt`): what the kernel tells. Input 0 of a PLIC has no device.
  static let boardPins = 95
  /// Scheduler and log are controllers with one input each, which nothing raises.
  static let schedulerPin = 95
  static let logPin = 96
  static let count = 97

  /// The controller of a pin, and the pin's number there.
  static func place(_ pin: Int) -> (controller: ObjectKind, pin: Int) {
    switch pin {
    case schedulerPin: (.scheduler, 0)
    case logPin: (.log, 0)
    default: (.icu, pin)
    }
  }
}
