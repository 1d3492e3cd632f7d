// Writes: objects and the tables of all kinds, tasks, factories (quota), memory (capability tables, message registers).
import FiascoABI

extension Kernel {
  /// Creates an object: MR0 its protocol, the capability goes into the caller's first object buffer.
  ///
  /// The dispatcher has made sure that the caller waits for an answer. Models `Factory::kinvoke`.
  mutating func invokeFactory(
    _ target: ObjectID, rights: UInt8, by caller: ThreadID, tag: MessageTag
  ) -> InvocationOutcome {
    guard tag.label == KernelProtocol.factory else { return .refused(.badProtocol) }
    guard rights & 2 != 0 else { return .refused(.permission) }
    guard tag.words > 0 || !profile.distinguishesMessageLength else { return .refused(.messageTooShort) }
    guard let window = firstObjectBuffer(of: caller) else { return .ipcError(.receiveOverflow) }
    let request = Int64(bitPattern: utcbWord(caller, 0))
    do throws(InvocationError) {
      let made = try make(request, payer: target, by: caller, tag: tag)
      return try handOver(made, to: caller, slot: window.slotIndex)
    } catch {
      return .refused(error)
    }
  }

  /// The creator gets all rights. If there is no room for the capability the object goes again.
  private mutating func handOver(
    _ made: (object: ObjectID, words: Int), to caller: ThreadID, slot: UInt64
  ) throws(InvocationError) -> InvocationOutcome {
    charge(objects[made.object.slot].kind == .task ? .createTask : .createObject)
    do throws(MapFailure) {
      try insertInitialCapability(made.object, task: threads[caller.slot].task, slot: slot)
    } catch {
      destroyObject(made.object)
      throw .noMemory
    }
    setUTCBWord(caller, made.words, FlexPage.Kind.object.rawValue << 4 | 8)
    return .answer(label: 0, words: made.words, items: 1)
  }

  private mutating func make(
    _ request: Int64, payer: ObjectID, by caller: ThreadID, tag: MessageTag
  ) throws(InvocationError) -> (object: ObjectID, words: Int) {
    let irqLabel = profile.separatesIRQLabel ? KernelProtocol.irqSender : KernelProtocol.irq
    switch request {
    case 0, KernelProtocol.kernelObject: return (try makeGate(payer: payer, by: caller, tag: tag), 0)
    case KernelProtocol.factory: return (try makeFactory(payer: payer, by: caller, tag: tag), 0)
    case KernelProtocol.task: return try makeTask(payer: payer, by: caller, tag: tag)
    case KernelProtocol.thread:
      guard chargeQuota(payer, profile.objectSizes.thread) else { throw .noMemory }
      return (threads[makeThread(payer: payer).slot].object, 0)
    case irqLabel:
      // Before there were semaphores, a word told IRQ objects from muxers.
      let isMuxer = profile.hasIRQMuxers && tag.words >= 3 && utcbWord(caller, 2) != 0
      return (try required(makeIRQ(payer: payer, isMuxer: isMuxer)), 0)
    case KernelProtocol.semaphore where profile.hasSemaphores: return (try required(makeSemaphore(payer: payer)), 0)
    default: throw .noDevice
    }
  }

  private func required(_ object: ObjectID?) throws(InvocationError) -> ObjectID {
    guard let object else { throw .noMemory }
    return object
  }

  var tooShort: InvocationError { profile.distinguishesMessageLength ? .messageTooShort : .invalidArgument }

  // MARK: Requests with arguments

  /// MR2 label, typed argument the thread to bind; without an argument the gate stays unbound.
  ///
  /// Models `ipc_gate_factory`.
  private mutating func makeGate(
    payer: ObjectID, by caller: ThreadID, tag: MessageTag
  ) throws(InvocationError) -> ObjectID {
    guard tag.items > 0, let (_, page) = sendItem(of: caller, at: tag.words) else {
      return try required(makeGate(payer: payer, thread: .none, label: 0))
    }
    guard page.kind == .object, let found = capability(of: threads[caller.slot].task, at: page.slotIndex),
      objects[found.object.slot].kind == .thread
    else { throw .invalidArgument }
    guard found.hasStrong else { throw .permission }
    guard tag.words >= 3 else { throw tooShort }
    let label = utcbWord(caller, 2)
    guard label & 3 == 0 || !profile.checksGateLabel else { throw .invalidArgument }
    let thread = ThreadID(Int(objects[found.object.slot].index))
    return try required(makeGate(payer: payer, thread: thread, label: label))
  }

  /// MR2 limit in bytes. Models `factory_factory`.
  private mutating func makeFactory(
    payer: ObjectID, by caller: ThreadID, tag: MessageTag
  ) throws(InvocationError) -> ObjectID {
    guard tag.words >= 3 else { throw tooShort }
    guard tag.words == 3 && tag.items == 0 || !profile.distinguishesMessageLength else { throw .messageTooLong }
    return try required(makeFactory(limit: utcbWord(caller, 2), payer: payer))
  }

  /// MR2 flexpage of the UTCB area, 0 for none; it comes back in MR0. Models `Task::create`.
  private mutating func makeTask(
    payer: ObjectID, by caller: ThreadID, tag: MessageTag
  ) throws(InvocationError) -> (object: ObjectID, words: Int) {
    guard tag.words >= 3 else { throw .invalidArgument }
    guard let task = makeTask(payer: payer) else { throw .noMemory }
    let object = tasks[task.slot].object
    let area = FlexPage(raw: utcbWord(caller, 2))
    guard area.raw != 0 else { return (object, 0) }
    do throws(InvocationError) {
      try addKernelUserMemory(task, area)
    } catch {
      destroyObject(object)
      throw error
    }
    setUTCBWord(caller, 0, kernelUserAreaWord(area))
    return (object, 1)
  }

  // MARK: Objects

  mutating func makeGate(payer: ObjectID, thread: ThreadID, label: UInt64) -> ObjectID? {
    guard chargeQuota(payer, profile.objectSizes.gate) else { return nil }
    let id = reserveObject()
    let index = gates.insert(Gate(object: id))
    define(id, .gate, index: index, payer: payer, bytes: profile.objectSizes.gate)
    if !thread.isNone { bindGate(index, to: thread, label: label) }
    return id
  }

  mutating func makeIRQ(payer: ObjectID, isMuxer: Bool = false) -> ObjectID? {
    guard chargeQuota(payer, profile.objectSizes.irq) else { return nil }
    let id = reserveObject()
    let index = irqs.insert(IRQ(object: id, isMuxer: isMuxer))
    define(id, .irq, index: index, payer: payer, bytes: profile.objectSizes.irq)
    return id
  }

  mutating func makeSemaphore(payer: ObjectID) -> ObjectID? {
    guard chargeQuota(payer, profile.objectSizes.irq) else { return nil }
    let id = reserveObject()
    let index = semaphores.insert(Semaphore(object: id))
    define(id, .semaphore, index: index, payer: payer, bytes: profile.objectSizes.irq)
    return id
  }
}
