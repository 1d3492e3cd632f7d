import Determinism
import FiascoABI

@testable import FiascoKernel

/// Tasks and one window of memory with two superpages: the first task sees it as the root pager would have mapped it.
struct SuperpageWorld: ~Copyable {
  var kernel: Kernel
  let factory: ObjectID
  var tasks: [TaskID] = []
  let order: PageOrder
  /// Where the other tasks have what they are given; aligned to every size.
  static let target: UInt64 = 0x10_0000_0000
  private static let kernelFrames = 1024

  init(tasks count: Int, _ order: PageOrder = .large, profile: KernelProfile = .modern) {
    self.order = order
    let first = Self.firstFrame(order)
    let pages = Int(2 * order.bytes >> 12)
    kernel = Kernel(
      profile: profile, costs: .free, memory: PagedMemory(frames: first + pages), kernelFrames: 1..<Self.kernelFrames)
    kernel.recordsEvents = false
    factory = kernel.makeRootFactory()
    for _ in 0..<count { tasks.append(add(payer: factory)) }
    kernel.setIdentityWindow(tasks[0], base: base, end: base + 2 * size)
    kernel.tasks[tasks[0].slot].identityOrder = order
  }

  /// The first superpage behind the kernel's own frames.
  static func firstFrame(_ order: PageOrder) -> Int { max(kernelFrames, Int(order.bytes >> 12)) }

  var size: UInt64 { order.bytes }
  var base: UInt64 { Kernel.physicalBase + UInt64(Self.firstFrame(order)) << 12 }

  mutating func add(payer: ObjectID) -> TaskID {
    guard let task = kernel.makeTask(payer: payer) else { preconditionFailure("no room for a task") }
    return task
  }

  mutating func map(
    _ from: Int, _ source: UInt64, order: Int, to: Int, _ address: UInt64, rights: MemoryRights = .rw,
    grant: Bool = false
  ) -> MapOutcome {
    let item = SendItem.map(hotSpot: address, grant: grant)
    return kernel.map(
      item, .memory(source, order: order, rights: rights), from: tasks[from], to: tasks[to], window: .everything)
  }

  mutating func unmap(_ task: Int, _ address: UInt64, order: Int, own: Bool, rights: MemoryRights = .rwx) {
    var dying: [ObjectID] = []
    let mask = own ? UnmapMask.own : 0
    kernel.unmap(.memory(address, order: order, rights: rights), of: tasks[task], mask: mask, dying: &dying)
  }

  /// Size of the page at an address; nil if there is none.
  func order(_ task: Int, _ address: UInt64) -> Int? {
    let found = kernel.lookUp(tasks[task], address)
    return found.entry.isValid ? Int(found.order.rawValue) : nil
  }

  func frame(_ task: Int, _ address: UInt64) -> Int? { kernel.translate(tasks[task], address)?.frame }
}
