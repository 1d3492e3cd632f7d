// Writes: memory (message registers), and what map and unmap write.
import FiascoABI

extension Kernel {
  /// The operations of a task. The dispatcher has checked the protocol.
  ///
  /// Models `Task::invoke`.
  mutating func invokeTask(
    _ target: ObjectID, rights: UInt8, by caller: ThreadID, tag: MessageTag
  ) -> InvocationOutcome {
    let task = TaskID(Int(objects[target.slot].index))
    switch utcbWord(caller, 0) {
    case Opcode.Task.map: return mapIntoTask(task, rights: rights, by: caller, tag: tag)
    case Opcode.Task.unmap: return unmapFromTask(task, by: caller, tag: tag)
    case Opcode.Task.capabilityInfo: return capabilityInfo(task, by: caller, tag: tag)
    case Opcode.Task.addKernelUserMemory: return addKernelUserMemory(task, by: caller, tag: tag)
    default: return .refused(.noSystemCall)
    }
  }

  /// MR1 map item, MR2 flexpage in the source task, which is the typed argument. Any place of the target may be used.
  ///
  /// The right CS survives only if the capabilities to both tasks have it. Models `Task::sys_map`.
  private mutating func mapIntoTask(
    _ task: TaskID, rights: UInt8, by caller: ThreadID, tag: MessageTag
  ) -> InvocationOutcome {
    guard rights & 1 != 0 else { return .refused(.permission) }
    guard tag.items > 0, let (argument, page) = sendItem(of: caller, at: tag.words), argument.raw != 0 else {
      return .refused(.invalidArgument)
    }
    guard page.kind == .object else { return .ipcError(.sendOverflow) }
    guard let found = capability(of: threads[caller.slot].task, at: page.slotIndex),
      objects[found.object.slot].kind == .task
    else { return .refused(.invalidArgument) }
    let source = TaskID(Int(objects[found.object.slot].index))
    guard !tasks[task.slot].isDead, !tasks[source.slot].isDead else { return .refused(.invalidArgument) }
    let mask = ObjectRights(rawValue: UInt64(rights & found.rights & 3)).union([.read, .write, .delete])
    if recordsTrace { record(.taskMapRequested(task, item: utcbWord(caller, 1), flexPage: utcbWord(caller, 2))) }
    let outcome = map(
      SendItem(raw: utcbWord(caller, 1)), FlexPage(raw: utcbWord(caller, 2)), from: source, to: task,
      window: .everything, rightsMask: mask)
    if let failure = outcome.failure { return .ipcError(failure) }
    return .ok
  }

  /// MR1 mask, MR2... flexpages. The architecture has no access bits to return. Models `Task::sys_unmap`.
  private mutating func unmapFromTask(_ task: TaskID, by caller: ThreadID, tag: MessageTag) -> InvocationOutcome {
    if tasks[task.slot].isDead { return .ipcError(.notExistent) }
    let mask = utcbWord(caller, 1)
    if recordsTrace { record(.taskUnmapRequested(task, mask: mask, flexPage: utcbWord(caller, 2))) }
    var dying: [ObjectID] = []
    for register in 2..<max(2, min(tag.words, UTCB.messageRegisterCount)) {
      let page = FlexPage(raw: utcbWord(caller, register))
      unmap(page, of: task, mask: mask, dying: &dying)
      setUTCBWord(caller, register, page.raw & ~0xf)
    }
    reap(dying)
    return .answer(label: 0, words: tag.words)
  }

  /// One selector: is there a capability? Two: are they the same? Models `Task::sys_cap_info`.
  private func capabilityInfo(_ task: TaskID, by caller: ThreadID, tag: MessageTag) -> InvocationOutcome {
    let first = ObjectReference(raw: utcbWord(caller, 1))
    switch tag.words {
    case 2:
      guard !first.namesNoSlot, let found = capability(of: task, at: first.index) else { return .answer(label: 0) }
      // In profile r67 the lowest bit of the selector asks for the number of references.
      let counts = profile.countsReferencesOnRequest && first.raw & 1 != 0
      return .answer(label: counts ? objects[found.object.slot].references : 1)
    case 3:
      let second = ObjectReference(raw: utcbWord(caller, 2))
      return .answer(label: areEqual(task, first, second) ? 1 : 0)
    default:
      return .refused(.invalidArgument)
    }
  }

  private func areEqual(_ task: TaskID, _ first: ObjectReference, _ second: ObjectReference) -> Bool {
    if first == second { return true }
    if first.namesNoSlot || second.namesNoSlot { return first.raw >> 10 == second.raw >> 10 }
    switch (capability(of: task, at: first.index), capability(of: task, at: second.index)) {
    case (nil, nil): return true
    case (let a?, let b?): return areEqual(a, b)
    case (nil, _?), (_?, nil): return false
    }
  }

  /// With rights, a gate with the server right is another thing than the plain gate: the original compares the
  /// addresses of two interfaces.
  func areEqual(_ a: Capability, _ b: Capability) -> Bool {
    guard a.object == b.object else { return false }
    guard profile.equalityIncludesRights else { return true }
    let server = objects[a.object.slot].kind == .gate ? Capability.objectSpecific1 : 0
    return a.rights == b.rights && a.attributes & server == b.attributes & server
  }

  /// MR1... areas; the words that come back name them without rights. Models `Task::sys_add_ku_mem`.
  private mutating func addKernelUserMemory(
    _ task: TaskID, by caller: ThreadID, tag: MessageTag
  ) -> InvocationOutcome {
    if tasks[task.slot].isDead { return .ipcError(.notExistent) }
    let count = min(tag.words, UTCB.messageRegisterCount)
    for register in 1..<max(1, count) {
      let area = FlexPage(raw: utcbWord(caller, register))
      guard area.kind == .memory else { return .refused(.invalidArgument) }
      do throws(InvocationError) {
        try addKernelUserMemory(task, area)
      } catch {
        return .refused(error)
      }
      setUTCBWord(caller, register - 1, kernelUserAreaWord(area))
    }
    return .answer(label: 0, words: max(0, count - 1))
  }

  /// How an area is told to the caller: as memory, without rights.
  func kernelUserAreaWord(_ area: FlexPage) -> UInt64 {
    FlexPage.memory(area.address, order: area.order, rights: []).raw
  }
}
