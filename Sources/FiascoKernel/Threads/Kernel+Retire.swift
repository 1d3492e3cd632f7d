// Writes: threads (partner, caller, awaitedFrom of those who remember), registers, irqs: the slots of what is gone.

/// A thread or IRQ object is gone, and others may still remember its number: closed waits, stale reply capabilities.
///
/// The original keeps raw pointers there, and leaves to chance what they mean when the memory is used again. Here the
/// slot is not used again before nobody remembers it. The search for those who do is made once for many slots, so that a
/// deletion does not cost more with more threads.
extension Kernel {
  /// So many slots may be out of use beside as many as are in use.
  private static var spareSlots: Int { 32 }

  mutating func retireThread(_ t: ThreadID) {
    threads.retire(t.slot)
    registers.retire(t.slot)
    guard threads.retiredCount > threads.count + Self.spareSlots else { return }
    forgetAbsent()
    threads.recycle()
    registers.recycle()
  }

  mutating func retireIRQ(_ i: Int) {
    irqs.retire(i)
    guard irqs.retiredCount > irqs.count + threads.count + Self.spareSlots else { return }
    forgetAbsent()
    irqs.recycle()
  }

  private mutating func forgetAbsent() {
    for index in threads.indices {
      if let partner = threads[index].partner.thread, !threads.contains(partner.slot) {
        threads[index].partner = .gone
      }
      if let partner = threads[index].partner.irq, !irqs.contains(partner) { threads[index].partner = .gone }
      let (caller, holder) = (threads[index].caller, threads[index].awaitedFrom)
      if !caller.isNone, !threads.contains(caller.slot) {
        threads[index].caller = profile.tracksReplyCapability ? .none : .freed
      }
      // An explicit slot outlives the thread that received the call.
      if !holder.isNone, !threads.contains(holder.slot) { threads[index].awaitedFrom = .none }
    }
  }
}
