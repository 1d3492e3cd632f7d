import FiascoABI

// What follows from an image about the kernel: for people, and for debuggers. Nothing here was seen in kernel tables.

/// A message that was under way, as far as the checkpointer could see it.
public struct IPCInFlight: Hashable, Codable, Sendable {
  /// Index into `CheckpointImage.threads`.
  public var threadIndex: Int
  public var thread: String
  public var phase: ThreadImage.Situation
  /// Slot the thread names as its partner; nil where the operation names none.
  public var slot: UInt64?
  /// Badge in the capability map for that slot; 0 if it has none.
  public var partnerBadge: UInt64
  public var partnerKind: String
  /// The four bits of the object reference: send, receive, open wait, reply.
  public var operation: UInt64
  /// Nil if the cancel destroyed it.
  public var tag: UInt64?
  /// Receive timeout in the low half, send timeout in the high half. How much of it was left nobody knows.
  public var timeouts: UInt64
  public var label: UInt64
  /// Message words in the UTCB; none if the tag or the UTCB is unknown.
  public var words: [UInt64]
}

/// A kernel object the component is known to use.
public struct KernelObjectImage: Hashable, Codable, Sendable {
  public enum Kind: String, Hashable, Codable, Sendable, CaseIterable { case task, thread, gate, irq }

  public var kind: Kind
  public var name: String
  public var badge: UInt64
  /// First slot of the component's capability map with that badge; nil if it has none.
  public var slot: UInt64?
  /// The thread it is, wakes or serves: index into `CheckpointImage.threads`.
  public var threadIndex: Int?
}

extension CheckpointImage {
  /// One entry for each thread that was inside a system call.
  public var messagesInFlight: [IPCInFlight] {
    threads.indices.compactMap { index in
      let thread = threads[index]
      guard thread.started, thread.situation.wasCutOff else { return nil }
      let reference = ObjectReference(raw: thread.registers[RegisterIndex.a1])
      let slot = reference.namesNoSlot ? nil : reference.index
      let partner = slot.flatMap { slot in capabilities.first { $0.slot == slot } }
      let count = thread.sendTag.map { MessageTag(raw: $0).words } ?? 0
      return IPCInFlight(
        threadIndex: index, thread: thread.name, phase: thread.situation, slot: slot,
        partnerBadge: partner?.badge ?? 0, partnerKind: partner?.kind ?? "", operation: reference.operation.rawValue,
        tag: thread.sendTag, timeouts: thread.registers[RegisterIndex.a2],
        label: thread.registers[RegisterIndex.a3],
        words: thread.utcb.isEmpty ? [] : Array(thread.utcb[..<count]))
    }
  }

  /// Task, threads and their gates, gates of the component's own objects and of its sessions, the interrupt of its
  /// signal source. What a component made by the kernel's own factory nobody tells the checkpointer.
  public var kernelObjects: [KernelObjectImage] {
    var objects = [object(.task, componentName, badge: sessions.first { $0.service == "PD" }?.badge ?? 0)]
    for (index, thread) in threads.enumerated() {
      objects.append(object(.thread, thread.name, badge: thread.badge, thread: index))
      if thread.gateBadge != 0 {
        objects.append(object(.gate, "thread \(thread.name)", badge: thread.gateBadge, thread: index))
      }
    }
    objects += rpcObjects.map { object(.gate, "RPC object", badge: $0.badge, thread: $0.threadIndex) }
    objects += sessions.map { object(.gate, "\($0.service) session", badge: $0.badge) }
    if signals.interruptBadge != 0 {
      objects.append(object(.irq, "signal source", badge: signals.interruptBadge, thread: signals.threadIndex))
    }
    return objects
  }

  private func object(
    _ kind: KernelObjectImage.Kind, _ name: String, badge: UInt64, thread: Int? = nil
  ) -> KernelObjectImage {
    let slot = badge == 0 ? nil : capabilities.first { $0.badge == badge }?.slot
    return KernelObjectImage(kind: kind, name: name, badge: badge, slot: slot, threadIndex: thread)
  }
}
