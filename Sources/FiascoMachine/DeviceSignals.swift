import Determinism
import FiascoKernel

/// What the devices of a machine will do: when which input of the interrupt controller is raised.
///
/// There are no device registers to program: a scenario, or whoever drives the machine, says what happens outside.
struct DeviceSignals: Sendable {
  /// nil until somebody schedules the first one: most machines have none, and are forked often.
  private var queue: EventQueue?
  /// When the next of them comes; kept beside the queue because the machine asks after each kernel entry.
  private(set) var next = Instant.never

  mutating func schedule(_ pin: Int, at instant: Instant) {
    var queue = queue.take() ?? EventQueue()
    queue.schedule(at: instant, class: 0, payload: UInt32(pin))
    next = queue.nextInstant
    self.queue = queue
  }

  /// The input of the next signal that is due.
  mutating func take(until now: Instant) -> Int? {
    guard next <= now, let event = queue?.popNext() else { return nil }
    next = queue?.nextInstant ?? .never
    return Int(event.payload)
  }

  func digest(into digest: inout StateDigest) { (queue ?? EventQueue()).digest(into: &digest) }
}

extension Node {
  /// A device will signal once, at an instant that is not over. A program runs up to exactly that instant.
  public mutating func scheduleInterrupt(_ pin: Int, at instant: Instant) {
    precondition(Kernel.devicePins.contains(pin), "a device is connected to an input of the controller")
    devices.schedule(pin, at: max(instant, now))
    // The first core may be asleep without an end.
    if kernel.activeCore != 0 { cores[0].next = min(cores[0].next, max(instant, cores[0].now)) }
    if kernel.isMulticore { cores[0].next = min(cores[0].next, instant) }
  }

  mutating func raisePins() {
    while let pin = devices.take(until: now) { kernel.raisePin(pin) }
  }
}
