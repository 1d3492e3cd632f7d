import Determinism
import FiascoABI
import Testing

@testable import FiascoKernel

struct CapabilityPropertyTests {
  @Test(arguments: 1...40)
  func `tables and oracle hold the same capabilities after every operation`(seed: Int) {
    var history = History(seed: UInt64(seed))
    for step in 0..<250 {
      history.operate()
      if let difference = history.difference() ?? (step % 16 == 0 ? history.world.kernel.spaceDefect() : nil) {
        Issue.record("step \(step): \(difference)")
        return
      }
    }
    #expect(history.kinds == 7, "every kind of operation occurs in each history")
  }

  private struct History: ~Copyable {
    private static let tasks = 4
    private static let slots: UInt32 = 16
    /// Slots begin where two capability tables meet.
    private static let base: UInt32 = 248
    var world = SpaceWorld(tasks: History.tasks)
    private var oracle = CapabilityOracle()
    private var random: SeededGenerator
    private var seen: Set<Int> = []
    var kinds: Int { seen.count }

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    mutating func operate() {
      let kind = random.next(below: 20)
      let (source, target) = (anySlot(), anySlot())
      let order = random.next(below: 4) == 0 ? random.next(below: 3) : 0
      let aligned = CapabilityOracle.Slot(task: source.task, index: (source.index >> UInt32(order)) << UInt32(order))
      switch kind {
      case 0..<3: create(at: source)
      case 3..<14: map(from: source, to: target, order: order)
      case 14..<16: unmap(aligned, order: order, rights: .all, deletes: false)
      case 16..<17: unmap(aligned, order: order, rights: .all, deletes: true)
      case 17..<18: unmap(aligned, order: order, rights: [.write, .delete], deletes: false)
      case 18: unmapWithoutOwn(aligned)
      default: destroyTask(source.task)
      }
    }

    private mutating func anySlot() -> CapabilityOracle.Slot {
      .init(
        task: random.next(below: History.tasks), index: History.base + UInt32(random.next(below: Int(History.slots))))
    }

    private mutating func create(at slot: CapabilityOracle.Slot) {
      seen.insert(0)
      guard let gate = world.makeGate(in: world.tasks[slot.task], at: slot.index) else { return }
      oracle.create(gate.slot, at: slot)
    }

    private mutating func map(from source: CapabilityOracle.Slot, to target: CapabilityOracle.Slot, order: Int) {
      seen.insert(1)
      let rights = ObjectRights(rawValue: random.next(below: UInt64(16)) | (random.next(below: 4) == 0 ? 0 : 4))
      let attributes = random.next(below: UInt64(16)) << 4
      let grant = random.next(below: 5) == 0
      let size = UInt32(1) << UInt32(order)
      let from = CapabilityOracle.Slot(task: source.task, index: source.index & ~(size - 1))
      let to = CapabilityOracle.Slot(task: target.task, index: target.index & ~(size - 1))
      _ = world.mapObject(
        from: world.tasks[source.task], source.index, order: order, rights: rights, to: world.tasks[target.task],
        target.index, attributes: attributes, grant: grant)
      oracle.map(
        from: from, to: to, order: order, rights: UInt8(rights.rawValue), attributes: UInt8(attributes), grant: grant)
    }

    private mutating func unmap(_ slot: CapabilityOracle.Slot, order: Int, rights: ObjectRights, deletes: Bool) {
      seen.insert(deletes ? 2 : rights == .all ? 3 : 4)
      world.unmap(
        world.tasks[slot.task], .objects(CapabilitySlot(slot.index), order: order, rights: rights),
        UnmapMask.own | (deletes ? UnmapMask.deleteObjects : 0))
      oracle.unmap(slot, order: order, rights: UInt8(rights.rawValue), deletes: deletes)
    }

    private mutating func unmapWithoutOwn(_ slot: CapabilityOracle.Slot) {
      seen.insert(5)
      world.unmap(world.tasks[slot.task], .objects(CapabilitySlot(slot.index), order: 4), UnmapMask.deleteObjects)
    }

    /// The task is made anew at once, so that the others find it again.
    private mutating func destroyTask(_ task: Int) {
      seen.insert(6)
      world.kernel.destroyObject(world.kernel.tasks[world.tasks[task].slot].object)
      oracle.destroyTask(task)
      world.tasks[task] = world.addTask()
    }

    func difference() -> String? {
      for task in 0..<History.tasks {
        for index in History.base..<History.base + History.slots + 4 {
          let found = world.kernel.capability(of: world.tasks[task], at: UInt64(index))
            .map { CapabilityOracle.Content(object: $0.object.slot, mask: $0.mask) }
          let expected = oracle.slots[.init(task: task, index: index)]
          if found != expected {
            return "task \(task) slot \(index): \(String(describing: found)), not \(String(describing: expected))"
          }
        }
      }
      return nil
    }
  }
}
