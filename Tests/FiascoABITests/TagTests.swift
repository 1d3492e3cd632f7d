import FiascoABI
import Testing

/// Words that user level and kernel exchange: the layout is the interface of the real kernel.
struct TagTests {
  @Test(arguments: [-0x7fff_ffff_ffff, -22, -1, 0, 1, 7, 0x7fff_ffff_ffff] as [Int64], [0, 1, 62, 63])
  func `a message tag gives back what it was made of`(_ label: Int64, _ words: Int) {
    for items in [0, 1, 63] {
      let tag = MessageTag(label: label, words: words, items: items, flags: [.schedule])
      #expect(tag.label == label)
      #expect(tag.words == words)
      #expect(tag.items == items)
      #expect(tag.flags == .schedule)
      #expect(!tag.hasError)
      #expect(tag.withError(true).hasError)
      #expect(tag.withError(true).withError(false) == tag)
    }
  }

  @Test func `the bits of a tag are where the kernel has them`() {
    #expect(MessageTag(label: 1).raw == 1 << 16)
    #expect(MessageTag(label: -1).raw == ~0 << 16)
    #expect(MessageTag(words: 63, items: 63).raw == 0xfff)
    let flags: [MessageTagFlags] = [.transferFPU, .schedule, .propagate, .error]
    #expect(flags.map(\.rawValue) == [0x1000, 0x2000, 0x4000, 0x8000])
    #expect(MessageTag.failed.raw == 0x8000)
  }

  @Test(arguments: [
    (IPCOperation.send, 1 as UInt64), (.receive, 2), (.call, 3), (.wait, 6), (.sendAndWait, 7), (.replyOnly, 9),
    (.replyAndWait, 15),
  ])
  func `an object reference names slot and operation`(_ operation: IPCOperation, _ bits: UInt64) {
    let reference = ObjectReference(slot: CapabilitySlot(0x123), operation: operation)
    #expect(reference.raw == 0x12_3000 | bits)
    #expect(reference.operation == operation && reference.index == 0x123)
    #expect(!reference.isSpecial && !reference.namesReplySlot)
    let special = ObjectReference.special(operation)
    #expect(special.isSpecial && !special.namesReplySlot && special.operation == operation)
    // Bit 10 would name a reply slot: the selector of nobody leaves it clear.
    #expect(special.raw == 0xffff_ffff_ffff_f800 | bits)
  }

  @Test func `an error of the sender has its counterpart for the receiver`() {
    for error in IPCError.allCases {
      let other = error.seenByReceiver
      #expect(other.rawValue == error.rawValue | 1 || other == error)
    }
    #expect(IPCError.sendOverflow.seenByReceiver == .receiveOverflow)
    #expect(IPCError.sendMapFailed.seenByReceiver == .receiveMapFailed)
    #expect(IPCError.sendCanceled.seenByReceiver == .receiveCanceled)
  }

  @Test func `the UTCB's parts follow each other`() {
    #expect(UTCB.messageRegisterCount == UTCB.ownAddress)
    #expect(UTCB.ownAddress + 1 == UTCB.bufferDescriptor)
    #expect(UTCB.bufferDescriptor + 1 == UTCB.bufferRegisters)
    #expect(UTCB.bufferRegisters + UTCB.bufferRegisterCount == UTCB.error)
    #expect(UTCB.error + 1 == UTCB.freeMarker)
    #expect(UTCB.freeMarker + 1 == UTCB.userWords)
    #expect(UTCB.userWords + 3 == UTCB.words)
    #expect(UInt64(UTCB.words * 8) == UTCB.size)
  }

  @Test(arguments: [4, 8, 12])
  func `a system call's result tells the error only if the tag does`(_ error: UInt64) {
    let failed = SystemCallResult(tag: .failed, label: 0, error: error | 0x20, words: [])
    #expect(failed.ipcError?.rawValue == (IPCError(rawValue: error) == nil ? nil : error))
    let fine = SystemCallResult(tag: MessageTag(), label: 0, error: error, words: [])
    #expect(fine.ipcError == nil)
  }
}
