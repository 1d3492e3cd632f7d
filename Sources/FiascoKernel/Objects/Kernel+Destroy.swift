// Writes: objects, condemned.

extension Kernel {
  /// Destroys objects in the order of their deaths; those that die with them come after all others.
  ///
  /// Models `Kobject::Reap_list::del`: one list, so a chain of tasks that hold each other needs no deep stack.
  mutating func reap(_ dying: [ObjectID]) {
    if dying.isEmpty { return }
    let isFirst = condemned.isEmpty
    condemned += dying
    guard isFirst else { return }
    var next = 0
    while next < condemned.count {
      destroy(condemned[next])
      next += 1
    }
    condemned.removeAll()
  }

  mutating func destroyObject(_ id: ObjectID) { reap([id]) }

  /// The object's last counted capability is gone, or somebody deleted it: every capability to it becomes invalid.
  private mutating func destroy(_ id: ObjectID) {
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
    case .scheduler, .log, .icu, .rootPager, .inert: break
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
