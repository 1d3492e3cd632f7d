// Writes: tasks, objects, frames, memory (tables), mappings, kernelUserAreas, factories (quota).
import FiascoABI

extension Kernel {
  /// An empty task; nil if the payer's quota or the kernel's frames are exhausted.
  ///
  /// Models `Task::create`.
  mutating func makeTask(payer: ObjectID) -> TaskID? {
    let bytes = profile.objectSizes.task
    guard chargeQuota(payer, bytes) else { return nil }
    guard frames.freeCount >= 2, let directory = takeFrame(), let pages = takeFrame() else {
      refundQuota(payer, bytes)
      return nil
    }
    let id = reserveObject()
    let task = Task(object: id, payer: payer, capabilityDirectory: directory, pageDirectory: pages)
    let index = tasks.insert(task)
    define(id, .task, index: index, payer: payer, bytes: bytes)
    return TaskID(index)
  }

  /// Lets a task see a window of physical memory at equal virtual addresses, as the first task does.
  public mutating func setIdentityWindow(_ task: TaskID, base: UInt64, end: UInt64) {
    precondition(base >= Self.physicalBase && base <= end, "the window begins below the memory")
    precondition(end <= Self.physicalBase + UInt64(memory.frameCount) * pageBytes, "the window ends behind the memory")
    tasks[task.slot].identityBase = base
    tasks[task.slot].identityEnd = end
  }

  mutating func retainTask(_ task: TaskID) { tasks[task.slot].boundThreads += 1 }

  /// A bound thread is gone.
  mutating func releaseTask(_ task: TaskID) {
    precondition(tasks[task.slot].boundThreads > 0, "a thread that was not bound leaves its task")
    tasks[task.slot].boundThreads -= 1
    freeTaskIfUnused(task)
  }

  /// The last capability to the task is gone: all its mappings and capabilities vanish, with those derived from them.
  /// Objects for which it held the delete right die with it.
  ///
  /// Threads of the task run on until they fault. Models `Task::destroy`.
  mutating func destroyTask(_ task: TaskID) {
    precondition(!tasks[task.slot].isDead, "a task is destroyed twice")
    tasks[task.slot].isDead = true
    retainTask(task)
    tasks[task.slot].identityEnd = tasks[task.slot].identityBase
    var dying: [ObjectID] = []
    let everything = FlexPage(raw: FlexPage.everything.raw | 0xf)
    unmapObjects(of: task, everything, UnmapMask.own | UnmapMask.deleteObjects, dying: &dying)
    unmapMemory(of: task, everything, UnmapMask.own)
    reap(dying)
    releaseTask(task)
  }

  private mutating func freeTaskIfUnused(_ task: TaskID) {
    guard tasks[task.slot].isDead, tasks[task.slot].boundThreads == 0 else { return }
    let object = tasks[task.slot].object
    removeKernelUserMemory(task)
    freeCapabilityTables(of: task)
    freePageTables(of: task)
    tasks.remove(task.slot)
    forgetTranslations()
    releaseObject(object)
  }

  private mutating func freeCapabilityTables(of task: TaskID) {
    let root = Int(tasks[task.slot].capabilityDirectory)
    freeCapabilityTables(of: task, in: root, at: 256)
    for offset in stride(from: 4, to: 256, by: 4) {
      let directory = Int(memory.load(frame: root, offset: offset, as: UInt32.self)) - 1
      if directory < 0 { continue }
      freeCapabilityTables(of: task, in: directory, at: 0)
      frames.give(back: directory)
    }
    frames.give(back: root)
  }

  private mutating func freeCapabilityTables(of task: TaskID, in directory: Int, at start: Int) {
    for offset in stride(from: start, to: start + 256, by: 4) {
      let table = Int(memory.load(frame: directory, offset: offset, as: UInt32.self)) - 1
      if table < 0 { continue }
      frames.give(back: table)
      refundQuota(tasks[task.slot].payer, profile.objectSizes.capabilityPage)
    }
  }

  private mutating func freePageTables(of task: TaskID) {
    let top = Int(tasks[task.slot].pageDirectory)
    for middle in tables(in: top) {
      for leaf in tables(in: middle) { freePageTable(leaf, of: task) }
      freePageTable(middle, of: task)
    }
    frames.give(back: top)
  }

  private mutating func freePageTable(_ frame: Int, of task: TaskID) {
    frames.give(back: frame)
    refundQuota(tasks[task.slot].payer, profile.objectSizes.pageTable)
  }

  /// The tables a page table of an upper level refers to.
  func tables(in frame: Int) -> [Int] {
    var found: [Int] = []
    for offset in stride(from: 0, to: 4096, by: 8) {
      let entry = memory.load(frame: frame, offset: offset, as: UInt64.self)
      if entry & 1 == 0, entry != 0 { found.append(PageTable.table(entry)) }
    }
    return found
  }
}
