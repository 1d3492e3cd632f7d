// Writes: memory (return items in the receiver's message registers), and what map operations write.
import FiascoABI

extension Kernel {
  /// Carries out the typed items of a message in the receiver's buffers. Returns the error as the sender sees it.
  ///
  /// What was mapped before an error stays. `rights` are those of the capability the sender used: without CS object
  /// rights lose theirs. A kernel-made message accepts everything everywhere without looking at buffers. Models
  /// `Thread::transfer_msg_items`.
  mutating func transferItems(
    from sender: ThreadID, to receiver: ThreadID, tag: MessageTag, rights: UInt8, acceptsEverything: Bool = false
  ) -> IPCError? {
    var cursors = BufferCursors(of: receiver, in: self)
    let mask = ObjectRights(rawValue: UInt64(rights & 3)).union([.read, .write, .delete])
    var output = tag.words
    for number in 0..<tag.items {
      guard let (item, page) = sendItem(of: sender, at: tag.words + 2 * number) else { return .sendOverflow }
      if item.raw == 0 {
        if profile.voidItemsTakeSpace {
          setUTCBWord(receiver, output, 0)
          output += 2
        }
        continue
      }
      guard item.isMap, page.kind != .special else { return .sendOverflow }
      charge(.transferItem)
      let cursor = cursors.cursor(for: page.kind, in: self)
      let buffer = acceptsEverything ? everythingBuffer : (cursor.buffer, cursor.window, cursor.forwardTo)
      guard buffer.0.isMap else { return .sendOverflow }
      let transfer = ItemTransfer(
        sender: sender, receiver: receiver, item: item, page: page, mask: mask, buffer: buffer.0, window: buffer.1,
        forwardTo: buffer.2, output: output)
      if let error = carryOut(transfer) { return error }
      output += 2
      if !item.isCompound { cursors.advance(page.kind, in: self) }
    }
    return nil
  }

  private var everythingBuffer: (ReceiveBuffer, FlexPage, UInt64) { (ReceiveBuffer(raw: 8), .everything, 0) }

  /// One item into one buffer.
  private mutating func carryOut(_ transfer: ItemTransfer) -> IPCError? {
    let word = ReturnItem.word(transfer.item, transfer.page)
    setUTCBWord(transfer.receiver, transfer.output, word)
    if transfer.buffer.wantsIdentity, let local = localIdentity(transfer) {
      setUTCBWord(transfer.receiver, transfer.output, word | local.kind)
      setUTCBWord(transfer.receiver, transfer.output + 1, local.payload)
      return nil
    }
    guard let task = receivingTask(transfer), !tasks[task.slot].isDead else { return .sendOverflow }
    let outcome = map(
      transfer.item, transfer.page, from: threads[transfer.sender.slot].task, to: task, window: transfer.window,
      rightsMask: transfer.mask)
    if outcome.foundNothing, profile.marksEmptyItems {
      setUTCBWord(transfer.receiver, transfer.output, word | ReturnItem.nothingMapped)
    }
    return outcome.failure
  }

  /// The receiver asked for an identity instead of a mapping, and there is one: the sender's own flexpage within one
  /// task, the label of a gate to a thread of the receiver's task.
  ///
  /// Models `Thread::try_transfer_local_id`.
  private func localIdentity(_ transfer: ItemTransfer) -> (kind: UInt64, payload: UInt64)? {
    let own = threads[transfer.receiver.slot].task
    let rights = transfer.page.raw & (transfer.page.kind == .object ? transfer.mask.rawValue : 0xf)
    if threads[transfer.sender.slot].task == own {
      return (ReturnItem.flexPage, transfer.page.raw & ~0xf | rights)
    }
    guard let found = capability(of: threads[transfer.sender.slot].task, at: transfer.page.slotIndex),
      objects[found.object.slot].kind == .gate
    else { return nil }
    let gate = gates[Int(objects[found.object.slot].index)]
    guard !gate.thread.isNone, threads[gate.thread.slot].task == own else { return nil }
    return (ReturnItem.identity, gate.label | UInt64(found.rights) & rights)
  }

  /// The receiver's own task, or the one that a forwarding buffer names: that needs CW on it.
  private func receivingTask(_ transfer: ItemTransfer) -> TaskID? {
    let own = threads[transfer.receiver.slot].task
    guard transfer.buffer.isCompound else { return own }
    let reference = ObjectReference(raw: transfer.forwardTo)
    guard !reference.isSpecial, let found = capability(of: own, at: reference.index), found.hasWrite,
      objects[found.object.slot].kind == .task
    else { return nil }
    return TaskID(Int(objects[found.object.slot].index))
  }
}

/// One typed item on its way.
private struct ItemTransfer {
  let sender: ThreadID
  let receiver: ThreadID
  let item: SendItem
  let page: FlexPage
  let mask: ObjectRights
  let buffer: ReceiveBuffer
  let window: FlexPage
  let forwardTo: UInt64
  /// Message register of the return item.
  let output: Int
}
