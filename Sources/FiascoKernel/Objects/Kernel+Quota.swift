// Writes: factories (quota), objects.
import FiascoABI

extension Kernel {
  /// Takes bytes from a factory's quota; false, and nothing taken, if they are not there.
  ///
  /// A factory that was deleted gives nothing more to the objects it made. Models `Ram_quota::alloc`.
  mutating func chargeQuota(_ payer: ObjectID, _ bytes: UInt64) -> Bool {
    if payer.isNone { return true }
    let index = Int(objects[payer.slot].index)
    if factories[index].limit == .max { return true }
    if objects[payer.slot].isDying { return false }
    let (used, overflow) = factories[index].used.addingReportingOverflow(bytes)
    if overflow || used > factories[index].limit { return false }
    factories[index].used = used
    return true
  }

  /// Gives bytes back. The last ones free a factory that was deleted before, and that may free the one above it.
  mutating func refundQuota(_ payer: ObjectID, _ bytes: UInt64) {
    var (payer, bytes) = (payer, bytes)
    while !payer.isNone {
      let object = objects[payer.slot]
      let index = Int(object.index)
      if factories[index].limit == .max { return }
      precondition(factories[index].used >= bytes, "more quota is given back than was taken")
      factories[index].used -= bytes
      guard object.isDying, factories[index].used == 0 else { return }
      factories.remove(index)
      objects.remove(payer.slot)
      (payer, bytes) = (object.payer, object.bytes)
    }
  }

  /// Reserves an id; `define` fills it in when the table of the kind has given an index.
  mutating func reserveObject() -> ObjectID {
    ObjectID(objects.insert(KernelObject(kind: .inert, index: -1, payer: .none, bytes: 0)))
  }

  /// The bytes have been charged to the payer; `releaseObject` gives them back.
  mutating func define(_ id: ObjectID, _ kind: ObjectKind, index: Int, payer: ObjectID, bytes: UInt64) {
    objects[id.slot] = KernelObject(kind: kind, index: index, payer: payer, bytes: bytes)
    record(.objectCreated(id, kind: kind, index: Int32(index)))
  }

  mutating func refundQuota(_ object: KernelObject) { refundQuota(object.payer, object.bytes) }

  /// A factory with `limit` bytes, reserved from `payer` at once; nil if they are not there.
  ///
  /// Models `Factory::create_factory`.
  mutating func makeFactory(limit: UInt64, payer: ObjectID) -> ObjectID? {
    // One bit marks deleted quotas and one byte is spare in the original.
    if limit == 0 || limit >= 1 << 63 - 1 { return nil }
    let bytes = profile.objectSizes.factory + limit
    if !chargeQuota(payer, bytes) { return nil }
    let id = reserveObject()
    define(id, .factory, index: factories.insert(Factory(object: id, limit: limit)), payer: payer, bytes: bytes)
    return id
  }

  /// The factory of the root task: nothing is counted.
  mutating func makeRootFactory() -> ObjectID {
    let id = reserveObject()
    define(id, .factory, index: factories.insert(Factory(object: id, limit: .max)), payer: .none, bytes: 0)
    return id
  }

  /// The last capability to the factory is gone. What it made lives on and keeps its quota.
  mutating func destroyFactory(_ id: ObjectID) {
    precondition(objects[id.slot].kind == .factory, "not a factory")
    objects[id.slot].isDying = true
    let index = Int(objects[id.slot].index)
    // An unlimited factory does not count its objects, so it can never know that it is not needed any more.
    guard factories[index].used == 0, factories[index].limit != .max else { return }
    factories.remove(index)
    releaseObject(id)
  }
}
