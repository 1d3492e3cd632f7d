// Writes: pins, interruptRequested, irqs and semaphores (line).
import FiascoABI

extension Kernel {
  // MARK: The hardware's side

  /// Inputs of the board's controller to which a device can be connected.
  public static var devicePins: ClosedRange<Int> { 1...(InterruptPin.boardPins - 1) }

  /// A device signals at its input: once, or until it lets go of the line.
  ///
  /// The processor is interrupted when it next runs with interrupts on: see `interruptRequested`.
  public mutating func raisePin(_ pin: Int, held: Bool = false) {
    precondition(Self.devicePins.contains(pin), "a device is connected to an input of the controller")
    pins[pin].isRequested = true
    pins[pin].isAsserted = held
    noticeRequest(pin)
  }

  /// The device lets go. A request that was made stays.
  public mutating func lowerPin(_ pin: Int) {
    precondition(Self.devicePins.contains(pin), "a device is connected to an input of the controller")
    pins[pin].isAsserted = false
  }

  /// The external interrupt: claims and delivers what is requested, the lowest input first.
  ///
  /// Models `Irq_chip_sifive::handle_pending`.
  public mutating func interrupt() {
    interruptRequested = false
    charge(.enterKernel)
    for pin in 0..<InterruptPin.boardPins where isDeliverable(pin) {
      // Claimed, and acknowledged at once: the line's level counts again.
      pins[pin].isRequested = pins[pin].isAsserted
      hit(pins[pin].bound)
    }
    leave()
  }

  private func isDeliverable(_ pin: Int) -> Bool {
    pins[pin].isRequested && !pins[pin].bound.isNone && line(of: pins[pin].bound).isUnmasked
  }

  private mutating func noticeRequest(_ pin: Int) {
    if pin < InterruptPin.boardPins, isDeliverable(pin) { interruptRequested = true }
  }

  // MARK: Lines

  /// The source of an IRQ object or semaphore fires, or software does in its stead.
  mutating func hit(_ object: ObjectID) {
    let index = Int(objects[object.slot].index)
    switch objects[object.slot].kind {
    case .irq: triggerIRQ(index)
    case .semaphore: raiseSemaphore(index)
    case .thread, .task, .gate, .factory, .scheduler, .log, .icu, .rootPager, .inert:
      preconditionFailure("only IRQ objects and semaphores have a source")
    }
  }

  func line(of object: ObjectID) -> InterruptLine {
    let index = Int(objects[object.slot].index)
    return objects[object.slot].kind == .irq ? irqs[index].line : semaphores[index].line
  }

  private mutating func setLine(of object: ObjectID, _ line: InterruptLine) {
    let index = Int(objects[object.slot].index)
    if objects[object.slot].kind == .irq { irqs[index].line = line } else { semaphores[index].line = line }
  }

  /// Models `Irq_base::mask`.
  mutating func mask(_ object: ObjectID) {
    var line = line(of: object)
    guard line.isUnmasked else { return }
    line.isUnmasked = false
    setLine(of: object, line)
    if case .muxer(let muxer) = line.source { countMasked(muxer, by: 1) }
  }

  /// Models `Irq_base::unmask`. A request that waited interrupts as soon as interrupts are on.
  mutating func unmask(_ object: ObjectID) {
    var line = line(of: object)
    guard !line.isUnmasked else { return }
    line.isUnmasked = true
    setLine(of: object, line)
    switch line.source {
    case .pin(let pin): noticeRequest(Int(pin))
    case .muxer(let muxer): countMasked(muxer, by: -1)
    case .software, .deletion: break
    }
  }

  /// The edge came before the last one was taken: quiet until then.
  mutating func maskOverrun(_ object: ObjectID) {
    mask(object)
    var line = line(of: object)
    line.wasOverrun = true
    setLine(of: object, line)
  }

  /// The last message was taken. Models the end of `Irq_sender::finish_send`.
  mutating func endOverrun(_ object: ObjectID) {
    var line = line(of: object)
    guard line.wasOverrun else { return }
    line.wasOverrun = false
    setLine(of: object, line)
    unmask(object)
  }

  // MARK: Sources

  /// Gives an IRQ object or semaphore a source; it must have none.
  mutating func connect(_ object: ObjectID, to source: InterruptSource) {
    var line = line(of: object)
    precondition(line.source == .software, "an interrupt has one source")
    line.source = source
    switch source {
    case .software: break
    case .pin(let pin): pins[Int(pin)].bound = object
    case .deletion(let thread): threads[thread.slot].deletionObserver = object
    case .muxer(let muxer):
      let index = Int(objects[muxer.slot].index)
      line.nextChained = irqs[index].firstChained
      irqs[index].firstChained = object
      if !line.isUnmasked { irqs[index].maskedChained += 1 }
    }
    setLine(of: object, line)
    if case .pin(let pin) = source { noticeRequest(Int(pin)) }
  }

  /// Back to software alone. Models `Irq_base::detach`.
  mutating func disconnect(_ object: ObjectID) {
    var line = line(of: object)
    switch line.source {
    case .software: return
    case .pin(let pin): pins[Int(pin)].bound = .none
    case .deletion(let thread):
      // In profile r67 another observer may have taken the place.
      if threads[thread.slot].deletionObserver == object { threads[thread.slot].deletionObserver = .none }
    case .muxer(let muxer): unchain(object, from: muxer)
    }
    line.source = .software
    line.nextChained = .none
    setLine(of: object, line)
  }

  // MARK: Muxers (profile r67)

  /// Fires everything that is chained, also through further muxers. Nothing more comes until all of it is unmasked.
  ///
  /// Models `Irq_muxer::handle`.
  mutating func hitMuxer(_ m: Int) {
    var muxers = [m]
    var fired: [ObjectID] = []
    while let muxer = muxers.popLast() {
      mask(irqs[muxer].object)
      var object = irqs[muxer].firstChained
      while !object.isNone {
        mask(object)
        let index = Int(objects[object.slot].index)
        if objects[object.slot].kind == .irq, irqs[index].isMuxer { muxers.append(index) } else { fired.append(object) }
        object = line(of: object).nextChained
      }
    }
    for object in fired { hit(object) }
  }

  /// Whether what fires `muxer` would in the end be fired by `object` as well.
  func isChained(_ muxer: ObjectID, below object: ObjectID) -> Bool {
    var above = muxer
    while above != object {
      guard case .muxer(let next) = line(of: above).source else { return false }
      above = next
    }
    return true
  }

  private mutating func countMasked(_ muxer: ObjectID, by change: Int32) {
    let index = Int(objects[muxer.slot].index)
    irqs[index].maskedChained += change
    if irqs[index].maskedChained == 0 { unmask(muxer) }
  }

  private mutating func unchain(_ object: ObjectID, from muxer: ObjectID) {
    let index = Int(objects[muxer.slot].index)
    let line = line(of: object)
    if irqs[index].firstChained == object {
      irqs[index].firstChained = line.nextChained
    } else {
      var before = irqs[index].firstChained
      while self.line(of: before).nextChained != object { before = self.line(of: before).nextChained }
      var changed = self.line(of: before)
      changed.nextChained = line.nextChained
      setLine(of: before, changed)
    }
    if !line.isUnmasked { countMasked(muxer, by: -1) }
  }

  /// The muxer goes: what was chained to it is fired by software alone.
  mutating func unchainAll(from m: Int) {
    while !irqs[m].firstChained.isNone { disconnect(irqs[m].firstChained) }
  }
}
