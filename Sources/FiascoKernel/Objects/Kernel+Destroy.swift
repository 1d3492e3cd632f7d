// Writes: objects.

extension Kernel {
  /// The object's last counted capability is gone, or somebody deleted it: every capability to it becomes invalid.
  ///
  /// Models `Kobject::Reap_list::del` with the object's own `destroy`.
  mutating func destroyObject(_ id: ObjectID) {
    guard objects.contains(id.slot), !objects[id.slot].isDying else { return }
    let object = objects[id.slot]
    objects[id.slot].isDying = true
    charge(object.kind == .task ? .destroyTask : .destroyObject)
    record(.objectDestroyed(id, kind: object.kind))
    revokeAll(id)
    let index = Int(object.index)
    switch object.kind {
    case .thread:
      // The control block stays until the victim has run and no gate refers to it.
      return killThread(ThreadID(index))
    case .gate: destroyGate(index)
    case .irq: destroyIRQ(index)
    case .semaphore: destroySemaphore(index)
    case .task: return destroyTask(TaskID(index))
    case .factory: return destroyFactory(id)
    case .scheduler, .log, .icu, .inert: break
    }
    releaseObject(id)
  }

  /// The last trace of an object goes, and its bytes go back to the factory that paid.
  mutating func releaseObject(_ id: ObjectID) {
    if recordsTrace { record(.objectReleased(id, kind: objects[id.slot].kind)) }
    refundQuota(objects[id.slot])
    objects.remove(id.slot)
  }
}
