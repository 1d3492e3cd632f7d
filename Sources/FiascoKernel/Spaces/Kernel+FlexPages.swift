// Writes: nothing itself; what map and unmap write.
import FiascoABI

/// What came of a map operation.
struct MapOutcome: Equatable, Sendable {
  /// There was nothing to map at the sender. Not the case if kinds of source and window do not fit.
  var foundNothing = false
  /// Error of the send phase. What was mapped before it stays.
  var failure: IPCError?
}

/// Which part of the source goes where: both in units of pages or slots, the size as a power of two.
struct MapWindow: Equatable, Sendable {
  var source: UInt64
  var target: UInt64
  var order: Int

  /// Fits a source into a window. The larger of the two is cut down to the part that the hot spot selects.
  ///
  /// Models `Mu::free_constraint`.
  init(source: UInt64, sourceOrder: Int, target: UInt64, targetOrder: Int, hotSpot: UInt64) {
    let sourceOrder = min(sourceOrder, 52)
    let targetOrder = min(targetOrder, 52)
    self.source = source & ~Self.mask(sourceOrder)
    self.target = target & ~Self.mask(targetOrder)
    if targetOrder >= sourceOrder {
      order = sourceOrder
      self.target += hotSpot & Self.mask(targetOrder) & ~Self.mask(sourceOrder)
    } else {
      order = targetOrder
      self.source += hotSpot & Self.mask(sourceOrder) & ~Self.mask(targetOrder)
    }
  }

  var count: UInt64 { 1 << UInt64(order) }
  private static func mask(_ order: Int) -> UInt64 { 1 << UInt64(order) - 1 }
}

extension Kernel {
  /// Maps or grants what `source` names in one task into `window` of another.
  ///
  /// `rightsMask` diminishes object rights: capabilities sent through one without CS lose theirs. Kinds that do not
  /// fit map nothing and are no error. Models `fpage_map`.
  mutating func map(
    _ item: SendItem, _ source: FlexPage, from: TaskID, to: TaskID, window: FlexPage,
    rightsMask: ObjectRights = .all
  ) -> MapOutcome {
    switch source.kind {
    case .memory where window.isEverything || window.kind == .memory:
      return mapMemory(item, source, from: from, to: to, window: window)
    case .object where window.isEverything || window.kind == .object:
      let rights = source.objectRights.intersection(rightsMask)
      return mapObjects(item, source, rights: rights, from: from, to: to, window: window)
    case .memory, .object, .io, .special:
      return MapOutcome()
    }
  }

  /// Takes away what `page` names: from those who got it from the task, and with the mask's own bit from itself.
  /// Capabilities have no descendants. Models `fpage_unmap`.
  mutating func unmap(_ page: FlexPage, of task: TaskID, mask: UInt64, dying: inout [ObjectID]) {
    record(.unmapped(task, flexPage: page.raw))
    if page.kind == .object || page.isEverything { unmapObjects(of: task, page, mask, dying: &dying) }
    if page.kind == .memory || page.isEverything { unmapMemory(of: task, page, mask) }
  }
}
