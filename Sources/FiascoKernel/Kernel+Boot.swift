// Writes: every table, once: the state in which the first task begins.
import Determinism
import FiascoABI
import RISCV

/// What the first task finds.
public struct RootTask: Sendable {
  public var entry: UInt64
  public var stackPointer: UInt64 = 0
  /// Physical memory it sees at equal virtual addresses, as if the root pager had answered a fault for each page.
  public var window: Range<UInt64>
  /// Its UTCBs: one for the root thread, the others for threads it makes.
  public var utcbArea = FlexPage.memory(0x3f_ffff_0000, order: 16, rights: .rw)
  public var priority: UInt8 = 1

  public init(entry: UInt64, window: Range<UInt64>) {
    self.entry = entry
    self.window = window
  }
}

extension Kernel {
  /// Slots of the root task beyond those of `CapabilitySlot`: an object that understands no protocol.
  static var inertSlot: UInt64 { 10 }

  /// Creates the first task with its thread and the objects in its first slots; the thread is current.
  ///
  /// Models `Kernel_thread::init_workload`.
  public mutating func start(_ root: RootTask) {
    let payer = makeRootFactory()
    guard let task = makeTask(payer: payer) else { preconditionFailure("the first task needs two kernel frames") }
    setIdentityWindow(task, base: root.window.lowerBound, end: root.window.upperBound)
    let thread = makeThread(payer: payer)
    let entries: [(CapabilitySlot, ObjectID)] = [
      (.task, tasks[task.slot].object), (.factory, payer), (.thread, threads[thread.slot].object),
      (.pager, makeService(.rootPager, payer)), (.log, makeService(.log, payer)), (.icu, makeService(.icu, payer)),
      (.scheduler, makeService(.scheduler, payer)),
      (CapabilitySlot(UInt32(Self.inertSlot)), makeService(.inert, payer)),
    ]
    do throws(MapFailure) {
      for (slot, object) in entries {
        try insertCapability(.full(object), task: task, slot: UInt64(slot.index))
      }
    } catch {
      preconditionFailure("the first task's capability table does not fit into the kernel's frames")
    }
    addRootUTCBs(task, root.utcbArea)
    bindThread(thread, to: task, utcb: root.utcbArea.address)
    threads[thread.slot].pager = CapabilitySlot.pager.selector
    threads[thread.slot].exceptionHandler = CapabilitySlot.pager.selector
    registers[thread.slot] = Registers(pc: root.entry, sp: root.stackPointer)
    makeInfoPage(root)
    begin(thread, priority: root.priority)
  }

  private mutating func addRootUTCBs(_ task: TaskID, _ area: FlexPage) {
    do throws(InvocationError) {
      try addKernelUserMemory(task, area)
    } catch {
      preconditionFailure("the first task's UTCB area does not fit into the kernel's frames")
    }
  }

  private mutating func begin(_ thread: ThreadID, priority: UInt8) {
    threads[thread.slot].flags = [.ready]
    setSchedule(thread, priority: priority, quantum: .milliseconds(10))
    schedule()
    pendingCycles = 0
  }

  private mutating func makeService(_ kind: ObjectKind, _ payer: ObjectID) -> ObjectID {
    let id = reserveObject()
    define(id, kind, index: 0, payer: payer, bytes: 0)
    return id
  }

  /// A thread that is not bound and never ran: dead, as the kernel calls it.
  mutating func makeThread(payer: ObjectID) -> ThreadID {
    let id = reserveObject()
    let index = threads.insert(Thread(object: id))
    let place = registers.insert(Registers())
    precondition(index == place, "threads and registers use the same slots")
    threads[index].core = UInt8(activeCore)
    define(id, .thread, index: index, payer: payer, bytes: profile.objectSizes.thread)
    return ThreadID(index)
  }
}
