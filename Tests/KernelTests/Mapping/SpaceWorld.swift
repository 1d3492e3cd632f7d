import Determinism
import FiascoABI

@testable import FiascoKernel

/// A kernel with tasks but without running threads: map and unmap are called directly.
struct SpaceWorld: ~Copyable {
  var kernel: Kernel
  let factory: ObjectID
  var tasks: [TaskID] = []
  /// Frames from here to the end of memory are in the first task's identity window.
  static let firstUserFrame = 512
  static let frames = 768
  static var windowBase: UInt64 { Kernel.physicalBase + UInt64(firstUserFrame) * 4096 }

  init(tasks count: Int, profile: KernelProfile = .modern) {
    kernel = Kernel(
      profile: profile, costs: .free, memory: PagedMemory(frames: Self.frames),
      kernelFrames: 1..<Self.firstUserFrame)
    kernel.recordsEvents = false
    factory = kernel.makeRootFactory()
    for _ in 0..<count { tasks.append(addTask()) }
    if let first = tasks.first {
      let end = Kernel.physicalBase + UInt64(Self.frames) * 4096
      kernel.setIdentityWindow(first, base: Self.windowBase, end: end)
    }
  }

  /// A task that somebody holds a capability to is not needed: nothing here deletes it by accident.
  mutating func addTask(payer: ObjectID? = nil) -> TaskID {
    guard let task = kernel.makeTask(payer: payer ?? factory) else { preconditionFailure("no room for a task") }
    return task
  }

  mutating func mapObject(
    from: TaskID, _ source: UInt32, order: Int = 0, rights: ObjectRights, to: TaskID, _ target: UInt32,
    attributes: UInt64 = 0, grant: Bool = false
  ) -> MapOutcome {
    let item = SendItem.map(hotSpot: UInt64(target) << 12, attributes: attributes, grant: grant)
    let page = FlexPage.objects(CapabilitySlot(source), order: order, rights: rights)
    return kernel.map(item, page, from: from, to: to, window: .everything)
  }

  mutating func mapMemory(
    from: TaskID, _ source: UInt64, order: Int = 12, rights: MemoryRights, to: TaskID, _ target: UInt64,
    grant: Bool = false
  ) -> MapOutcome {
    let item = SendItem.map(hotSpot: target, grant: grant)
    return kernel.map(
      item, .memory(source, order: order, rights: rights), from: from, to: to, window: .everything)
  }

  mutating func unmap(_ task: TaskID, _ page: FlexPage, _ mask: UInt64) {
    var dying: [ObjectID] = []
    kernel.unmap(page, of: task, mask: mask, dying: &dying)
    kernel.reap(dying)
  }

  /// A gate, its creator's capability in a slot: an object of the simplest kind.
  mutating func makeGate(in task: TaskID, at slot: UInt32) -> ObjectID? {
    guard let gate = kernel.makeGate(payer: factory, thread: .none, label: 0) else { return nil }
    do throws(MapFailure) {
      try kernel.insertInitialCapability(gate, task: task, slot: UInt64(slot))
    } catch {
      return nil
    }
    return gate
  }

  func isValid(_ task: TaskID, _ slot: UInt32) -> Bool {
    kernel.capability(of: task, at: UInt64(slot)) != nil
  }

  func rights(_ task: TaskID, _ address: UInt64) -> MemoryRights? { kernel.translate(task, address)?.rights }
}
