import FiascoABI

/// Kernel-user memory, beside the UTCB, in which the kernel keeps state of a thread where its program can see it.
///
/// Few threads have any; they refer to an entry of their own table. Models `Context::_vcpu_state` and
/// `Thread::_pf_tramp_state`.
struct ThreadAreas: BitwiseCopyable, Sendable {
  let thread: ThreadID
  var vcpu = KernelUserPlace()
  var trampoline = KernelUserPlace()
  /// The task in which the virtual processor runs in user mode. It is kept as long as it stands here.
  var userTask = TaskID.none
}

/// A structure in kernel-user memory, which may reach into a second page.
struct KernelUserPlace: BitwiseCopyable, Sendable {
  /// Where the task sees it.
  var address: UInt64 = 0
  private var frame: Int32 = -1
  private var nextFrame: Int32 = -1

  init() {}

  init(address: UInt64, frame: Int, nextFrame: Int) {
    self.address = address
    self.frame = Int32(truncatingIfNeeded: frame)
    self.nextFrame = Int32(truncatingIfNeeded: nextFrame)
  }

  var isNone: Bool { frame < 0 }

  /// Frame and offset of a word.
  func word(_ index: Int) -> (frame: Int, offset: Int) {
    let offset = Int(address & 0xfff) + index * 8
    return offset < 4096 ? (Int(frame), offset) : (Int(nextFrame), offset - 4096)
  }

  var frames: (Int32, Int32) { (frame, nextFrame) }
}

extension Kernel {
  func word(_ place: KernelUserPlace, _ index: Int) -> UInt64 {
    let at = place.word(index)
    return memory.load(frame: at.frame, offset: at.offset, as: UInt64.self)
  }

  mutating func setWord(_ place: KernelUserPlace, _ index: Int, _ value: UInt64) {
    let at = place.word(index)
    memory.store(value, frame: at.frame, offset: at.offset)
  }

  /// A range within one area of kernel-user memory; nil if it is not all there. Models `Space::find_ku_mem`.
  func kernelUserPlace(_ task: TaskID, _ address: UInt64, bytes: UInt64) -> KernelUserPlace? {
    guard !task.isNone, address & 7 == 0, address <= userAddressLimit - bytes else { return nil }
    for index in kernelUserAreas.indices {
      let area = kernelUserAreas[index]
      guard area.task == task, area.address <= address, address + bytes <= area.address + area.size else { continue }
      let last = address + bytes - 1
      return KernelUserPlace(
        address: address, frame: pageEntry(task, address).frame, nextFrame: pageEntry(task, last).frame)
    }
    return nil
  }

  /// The thread's entry, made if need be.
  mutating func makeAreas(of t: ThreadID) -> Int {
    if threads[t.slot].areas < 0 {
      threads[t.slot].areas = Int32(truncatingIfNeeded: areas.insert(ThreadAreas(thread: t)))
    }
    return Int(threads[t.slot].areas)
  }

  /// The thread is gone: its memory belongs to the task alone again.
  mutating func releaseAreas(of t: ThreadID) {
    guard threads[t.slot].areas >= 0 else { return }
    let index = Int(threads[t.slot].areas)
    leaveVCPU(t)
    let user = areas[index].userTask
    threads[t.slot].areas = -1
    threads[t.slot].flags.subtract([.vcpu, .vcpuUser, .upcall, .trampoline, .vcpuIRQsOff])
    areas.remove(index)
    if !user.isNone { releaseTask(user) }
  }

  // MARK: Register sets

  /// Writes the trap state as an exception message would show it.
  mutating func saveTrapState(of t: ThreadID, to place: KernelUserPlace, at first: Int) {
    setWord(place, first + ExceptionMessage.returnWork, 0)
    saveRegisters(of: t, to: place, at: first)
    setWord(place, first + ExceptionMessage.cause, threads[t.slot].faultCause)
    setWord(place, first + ExceptionMessage.value, threads[t.slot].faultAddress)
    setWord(place, first + ExceptionMessage.words - 1, 0)
  }

  /// Registers, program counter and status, without the reason of the trap.
  mutating func saveRegisters(of t: ThreadID, to place: KernelUserPlace, at first: Int) {
    for number in 1..<32 { setWord(place, first + number, registers[t.slot][number]) }
    setWord(place, first + ExceptionMessage.instructionPointer, registers[t.slot].pc)
    setWord(place, first + ExceptionMessage.status, Self.userStatus)
  }

  mutating func loadRegisters(of t: ThreadID, from place: KernelUserPlace, at first: Int) {
    for number in 1..<32 { registers[t.slot][number] = word(place, first + number) }
    registers[t.slot].pc = word(place, first + ExceptionMessage.instructionPointer) & ~1
  }
}
