// Writes: memory, frames, kernelUserAreas, factories (quota).
import FiascoABI

/// Memory the kernel shares with a task: UTCBs live there, an access never faults.
///
/// Models `Space::Ku_mem`.
struct KernelUserArea: BitwiseCopyable, Sendable {
  let task: TaskID
  let address: UInt64
  let size: UInt64
}

extension Kernel {
  /// Allocates and maps an area of kernel-user memory, readable and writable.
  ///
  /// Neither kind nor rights of the flexpage matter here, and its address need not be aligned to its size. Models
  /// `Task::alloc_ku_mem`.
  mutating func addKernelUserMemory(_ task: TaskID, _ area: FlexPage) throws(InvocationError) {
    // The original's buddy allocator has no larger blocks than 128 KiB.
    guard area.order >= 12, area.order <= 17 else { throw .invalidArgument }
    let size: UInt64 = 1 << UInt64(area.order)
    guard area.address <= userAddressLimit - size else { throw .invalidArgument }
    let payer = tasks[task.slot].payer
    let bytes = size + profile.objectSizes.kernelUserArea
    guard chargeQuota(payer, bytes) else { throw .noMemory }
    for offset in stride(from: 0, to: size, by: Int(pageBytes)) {
      do throws(InvocationError) {
        try addKernelUserPage(task, area.address + offset)
      } catch {
        removeKernelUserPages(task, area.address, bytes: offset)
        refundQuota(payer, bytes)
        throw error
      }
    }
    _ = kernelUserAreas.insert(KernelUserArea(task: task, address: area.address, size: size))
  }

  private mutating func addKernelUserPage(_ task: TaskID, _ address: UInt64) throws(InvocationError) {
    if pageEntry(task, address).isValid { throw .exists }
    guard let frame = takeFrame() else { throw .noMemory }
    do throws(MapFailure) {
      try setPage(task, address, .kernelUser(frame: frame))
    } catch {
      frames.give(back: frame)
      throw .noMemory
    }
  }

  private mutating func removeKernelUserPages(_ task: TaskID, _ address: UInt64, bytes: UInt64) {
    for page in stride(from: address, to: address + bytes, by: Int(pageBytes)) {
      let frame = pageEntry(task, page).frame
      clearPage(task, page)
      frames.give(back: frame)
    }
  }

  /// All areas of a task that is going away.
  mutating func removeKernelUserMemory(_ task: TaskID) {
    for index in kernelUserAreas.indices where kernelUserAreas[index].task == task {
      let area = kernelUserAreas[index]
      kernelUserAreas.remove(index)
      removeKernelUserPages(task, area.address, bytes: area.size)
      refundQuota(tasks[task.slot].payer, area.size + profile.objectSizes.kernelUserArea)
    }
  }

  /// Frame and offset of the first of `bytes` of kernel-user memory; nil if they are not all in one area.
  ///
  /// Models `Space::find_ku_mem`.
  func kernelUserPage(_ task: TaskID, _ address: UInt64, bytes: UInt64) -> (frame: Int, offset: Int)? {
    let offset = address & (pageBytes - 1)
    guard address < userAddressLimit, address & 7 == 0 else { return nil }
    let entry = pageEntry(task, address)
    guard entry.isValid, entry.isKernelUser else { return nil }
    if offset + bytes <= pageBytes { return (entry.frame, Int(offset)) }
    let isInside = kernelUserAreas.indices.contains { index in
      let area = kernelUserAreas[index]
      return area.task == task && area.address <= address && address + bytes <= area.address + area.size
    }
    return isInside ? (entry.frame, Int(offset)) : nil
  }
}
