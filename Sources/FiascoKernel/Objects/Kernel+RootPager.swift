// Writes: threads (result of a fault), rootPager, and what map operations write.
import FiascoABI

/// What the boot loader's pager (`sigma0`) does for the first task; it is no thread here but answers at once.
struct RootPager: BitwiseCopyable, Sendable {
  /// It gives each page of this window at its physical address.
  private(set) var windowStart: UInt64 = 0
  private(set) var windowEnd: UInt64 = 0
  /// The kernel info page; -1 before the kernel has begun.
  private(set) var infoFrame = -1
  /// Somebody can see the clock word, and what it shows.
  var showsClock = false
  var shownTick: UInt64 = 0

  init() {}

  init(window: Range<UInt64>, infoFrame: Int) {
    windowStart = window.lowerBound
    windowEnd = window.upperBound
    self.infoFrame = infoFrame
  }

  func gives(_ address: UInt64) -> Bool { address >= windowStart && address < windowEnd }
}

extension Kernel {
  /// A message to the root pager: it understands the request for the kernel info page.
  mutating func invokeRootPager(by t: ThreadID, tag: MessageTag, waits: Bool) -> InvocationOutcome {
    guard tag.label == KernelProtocol.sigma0 else { return .refused(.badProtocol) }
    guard tag.words > 0, utcbWord(t, 0) == KernelInfo.request else { return .refused(.noSystemCall) }
    guard waits else { return .ok }
    var cursors = BufferCursors(of: t, in: self)
    let buffer = cursors.cursor(for: .memory, in: self)
    guard buffer.buffer.isMap else { return .ipcError(.receiveOverflow) }
    let page = FlexPage.memory(physicalAddress(of: rootPager.infoFrame), order: 12, rights: .rx)
    if buffer.window.isEverything || buffer.window.kind == .memory, buffer.window.order >= 12 {
      let target = buffer.window.isEverything ? 0 : buffer.window.address >> UInt64(buffer.window.order)
      do throws(MapFailure) {
        try mapRoot(
          frame: rootPager.infoFrame, to: threads[t.slot].task, at: target << UInt64(buffer.window.order & 63),
          rights: .rx)
      } catch {
        return .ipcError(.receiveMapFailed)
      }
      if profile.clockAdvancesInTicks, !rootPager.showsClock {
        rootPager.showsClock = true
        rootPager.shownTick = .max
      }
    }
    setUTCBWord(t, 0, ReturnItem.word(.map(), page))
    setUTCBWord(t, 1, page.raw)
    return .answer(label: 0, items: 1)
  }

  private func physicalAddress(of frame: Int) -> UInt64 { Self.physicalBase + UInt64(frame) * pageBytes }

  /// A fault of a thread whose pager this is: a page of the window, or a refusal. It does not answer exceptions.
  mutating func askRootPager(_ t: ThreadID) {
    charge(.ipcSend)
    let address = threads[t.slot].faultAddress & ~(pageBytes - 1)
    var given = rootPager.gives(address)
    if given {
      do throws(MapFailure) {
        try mapRoot(frame: Self.identityFrame(address), to: threads[t.slot].task, at: address, rights: .rwx)
      } catch {
        given = false
      }
    }
    threads[t.slot].tag = MessageTag(label: given ? 0 : -1, items: given ? 1 : 0)
    if !given { setUTCBWord(t, 0, .max) }
    threads[t.slot].continuation = .finish
  }

  /// Maps a frame that nobody of the kernel's users has given: a tree of mappings begins here.
  private mutating func mapRoot(
    frame: Int, to task: TaskID, at page: UInt64, rights: MemoryRights
  ) throws(MapFailure) {
    let (old, order) = lookUp(task, page)
    if old.isValid {
      if old.isKernelUser { return }
      if order == .page, old.frame == frame {
        return rewritePage(task, page, to: old.with(rights: old.rights.union(rights)))
      }
      removeSubtree(old.node)
    }
    try setPage(task, page, PageEntry(frame: frame, rights: rights, node: -1))
    guard chargeQuota(tasks[task.slot].payer, profile.objectSizes.mapping) else {
      clearPage(task, page)
      throw .noMemory
    }
    let node = mappings.insert(MemoryMapping(task: task, address: page, frame: frame, order: .page))
    rewritePage(task, page, to: PageEntry(frame: frame, rights: rights, node: node))
    charge(.mapPage)
  }
}
