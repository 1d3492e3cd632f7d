import FiascoABI

@testable import FiascoKernel

extension KernelWorld {
  func delete(_ slot: CapabilitySlot) -> Step { .invoke(.task, KernelProtocol.task, unmapping(slot)) }

  private func unmapping(_ slot: CapabilitySlot) -> [UInt64] {
    [Opcode.Task.unmap, UnmapMask.own | UnmapMask.deleteObjects, FlexPage.objects(slot).raw]
  }

  /// Whether a slot of the root task holds something, as the kernel says.
  mutating func valid(_ slot: CapabilitySlot) -> Int64 {
    invoke(.task, KernelProtocol.task, [Opcode.Task.capabilityInfo, slot.selector])
  }
}

extension Step {
  /// A call to an object of the kernel.
  static func invoke(
    _ slot: CapabilitySlot, _ label: Int64, _ words: [UInt64], items: [CapabilitySlot] = [],
    operation: IPCOperation = .call
  ) -> Step {
    .call(
      SystemCall(
        tag: MessageTag(label: label, words: words.count, items: items.count),
        target: ObjectReference(slot: slot, operation: operation),
        words: words + items.flatMap { [SendItem.map().raw, FlexPage.objects($0).raw] }))
  }

  /// Answers with this protocol and one word.
  static func answer(_ label: Int64, _ operation: IPCOperation = .replyOnly, timeouts: IPCTimeouts = .never) -> Step {
    .call(
      SystemCall(
        tag: MessageTag(label: label, words: 1), target: .special(operation), timeouts: timeouts, words: [0x77]))
  }
}

/// A client sends capabilities to a server that begins to wait only after it; both show what they got.
func queued(
  _ w: inout KernelWorld, _ items: [CapabilitySlot], _ timeouts: IPCTimeouts, buffers: [ReceiveBuffer],
  operation: IPCOperation = .call, reply: Bool = false, early: Bool = false
) -> String {
  var steps: [Step] = early ? [] : [.sleep(milliseconds: 4)]
  steps.append(.waitFor(buffers))
  if reply { steps.append(.reply(timeouts: .ms(0, 5))) }
  let server = w.thread(priority: 110, steps)
  w.ms(1)
  let client = w.go(.carry(w.gate(server, label: 0x40), operation, items, timeouts: timeouts))
  return w.after(20, client, server)
}

/// A server answers with a capability; the caller has these buffers.
func carriedBack(_ w: inout KernelWorld, buffers: [ReceiveBuffer]) -> String {
  let server = w.go(.wait(), .carry(nil, .replyAndWait, [.factory], timeouts: .ms(0, 5)))
  let call = SystemCall(
    tag: MessageTag(label: 7, words: 2), target: ObjectReference(slot: server.slot, operation: .call),
    words: [0x11, 0x12], buffers: buffers)
  let client = w.go(.call(call))
  w.ms(20)
  let valid = buffers.first.map { " \(w.valid(CapabilitySlot(UInt32($0.raw >> 12))))" } ?? ""
  return w.see(client) + valid + " | " + w.see(server)
}
