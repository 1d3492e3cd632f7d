import FiascoKernel

/// Numbers of kernel objects for a reader: counted in the order of creation, never used twice.
///
/// The kernel's own ids are places in tables and are used again. Models the debugger's `Kobject_dbg::dbg_id`.
struct TraceNames {
  private struct Entry {
    var number: UInt64
    var isAlive: Bool
  }

  private var objects: [Entry] = []
  private var threads: [ObjectID] = []
  private var tasks: [ObjectID] = []
  private var last: UInt64 = 0

  /// What exists when the trace begins has been created in the order of its ids.
  init(_ kernel: borrowing Kernel) {
    for slot in kernel.objects.indices { give(ObjectID(slot)) }
    for slot in kernel.threads.indices { TraceNames.set(&threads, slot, kernel.threads[slot].object) }
    for slot in kernel.tasks.indices { TraceNames.set(&tasks, slot, kernel.tasks[slot].object) }
  }

  /// Every record has to pass here before its objects are named.
  mutating func follow(_ event: KernelEvent) {
    switch event {
    case .objectCreated(let object, let kind, let index):
      if !isAlive(object) { give(object) }
      if kind == .thread { TraceNames.set(&threads, Int(index), object) }
      if kind == .task { TraceNames.set(&tasks, Int(index), object) }
    case .objectReleased(let object, _):
      if object.slot < objects.count { objects[object.slot].isAlive = false }
    default: break
    }
  }

  /// 0 for no object.
  subscript(_ object: ObjectID) -> UInt64 {
    object.slot >= 0 && object.slot < objects.count ? objects[object.slot].number : 0
  }
  subscript(_ thread: ThreadID) -> UInt64 {
    thread.slot >= 0 && thread.slot < threads.count ? self[threads[thread.slot]] : 0
  }
  subscript(_ task: TaskID) -> UInt64 {
    task.slot >= 0 && task.slot < tasks.count ? self[tasks[task.slot]] : 0
  }

  /// Where the object would lie in the kernel's memory: a page for each, above the start of the kernel's addresses.
  static func pointer(_ number: UInt64) -> UInt64 { number == 0 ? 0 : 0xffff_ffc0_0000_0000 | number << 12 }

  private func isAlive(_ object: ObjectID) -> Bool {
    object.slot >= 0 && object.slot < objects.count && objects[object.slot].isAlive
  }

  private mutating func give(_ object: ObjectID) {
    last += 1
    while objects.count <= object.slot { objects.append(Entry(number: 0, isAlive: false)) }
    objects[object.slot] = Entry(number: last, isAlive: true)
  }

  private static func set(_ table: inout [ObjectID], _ slot: Int, _ object: ObjectID) {
    while table.count <= slot { table.append(.none) }
    table[slot] = object
  }
}
