// Writes: threads (labels, walk, continuation, references), irqs (labels).
import FiascoABI

extension Kernel {
  /// Rewrites the labels of queued senders: (test mask, test value, delete mask, add mask) from MR1 on.
  ///
  /// One thread at a time may walk along a queue. Models `Thread_object::sys_modify_senders`.
  mutating func modifySenders(of target: ThreadID, by t: ThreadID, tag: MessageTag) -> InvocationOutcome {
    guard mayWalk(along: target) else { return .refused(.invalidArgument) }
    guard threads[target.slot].nextModified.isNone else { return .refused(.busy) }
    guard tag.words >= 5 else { return .ok }
    threads[target.slot].nextModified = threads[target.slot].firstSender
    guard !modifySome(of: target, by: t) else { return .ok }
    threads[t.slot].partner = SenderID(thread: target)
    threads[t.slot].continuation = .modifySenders
    threads[target.slot].internalReferences += 1
    return .none
  }

  /// Whoever was interrupted between two parts goes on with the next one.
  ///
  /// The machine calls this at a preemption point when no interrupt is due.
  public mutating func passPreemptionPoint() {
    let t = current
    guard let target = threads[t.slot].partner.thread else { preconditionFailure("a queue belongs to a thread") }
    let isHere = mayWalk(along: target)
    if !isHere { threads[target.slot].nextModified = .none }
    if !isHere || modifySome(of: target, by: t) {
      threads[t.slot].continuation = .finish
      let waits = ObjectReference(raw: registers[t.slot].a1).operation.contains(.receive)
      if waits { complete(t, isHere ? .ok : .refused(.invalidArgument)) }
      dropInternalReference(target)
    }
    leave()
  }

  /// Only the core where the thread is at home, or to which it is on its way, may walk; r67 does not look.
  private func mayWalk(along target: ThreadID) -> Bool {
    let hasHome = !threads[target.slot].flags.isDisjoint(with: [.placed, .migrating])
    return !hasHome || Int(threads[target.slot].core) == activeCore || !profile.distinguishesMessageLength
  }

  /// The senders up to the next preemption point; true if there are no more. Those that leave meanwhile move the walk on.
  private mutating func modifySome(of target: ThreadID, by t: ThreadID) -> Bool {
    let rules = (threads[t.slot].tag.words - 1) / 4
    let start = threads[target.slot].nextModified
    var sender = start
    for _ in 0..<50 where !sender.isNone {
      charge(.copyWords, count: rules)
      if let s = sender.thread {
        threads[s.slot].label = modified(threads[s.slot].label, by: t, rules: rules)
      } else if let i = sender.irq {
        irqs[i].label = modified(irqs[i].label, by: t, rules: rules)
      }
      sender = next(sender)
    }
    // The end is not noted in r67: whoever comes is refused until the senders of the last part have gone.
    let keepsStart = sender.isNone && !profile.endsSenderWalks && threads[t.slot].continuation == .modifySenders
    threads[target.slot].nextModified = keepsStart ? start : sender
    return sender.isNone
  }

  /// The first rule whose test fits changes the label.
  private func modified(_ label: UInt64, by t: ThreadID, rules: Int) -> UInt64 {
    for rule in 0..<rules where label & utcbWord(t, 1 + rule * 4) == utcbWord(t, 2 + rule * 4) {
      return label & ~utcbWord(t, 3 + rule * 4) | utcbWord(t, 4 + rule * 4)
    }
    return label
  }
}
