import FiascoABI

/// A thread that holds a request, and the thread that waits for the answer to it.
///
/// The kernel alone knows who waits for whom, and nobody can read it. But a caller that was cut off in the receive
/// phase still names the object it called, and each object names the thread that serves it.
public struct CallerRelation: Hashable, BitwiseCopyable, Sendable {
  /// Indices into `CheckpointImage.threads`.
  public var caller: Int
  public var holder: Int

  public init(caller: Int, holder: Int) {
    self.caller = caller
    self.holder = holder
  }
}

extension CheckpointImage {
  /// As many holders can be in their open wait at the same time as there are places for their UTCBs in the page.
  private static let mostHolders = 2

  /// Who waits for whose answer inside the component. A thread serves one caller at a time.
  public var callerRelations: [CallerRelation] {
    var relations: [CallerRelation] = []
    for caller in threads.indices where threads[caller].situation == .callReceivePhase {
      guard let holder = servant(ofCallBy: caller), holder != caller, threads[holder].canHoldRequest,
        !relations.contains(where: { $0.holder == holder }), relations.count < Self.mostHolders
      else { continue }
      relations.append(CallerRelation(caller: caller, holder: holder))
    }
    return relations
  }

  /// The thread of this component that a blocked call went to.
  private func servant(ofCallBy caller: Int) -> Int? {
    let target = ObjectReference(raw: threads[caller].registers[RegisterIndex.a1])
    guard !target.namesNoSlot, let badge = capabilities.first(where: { $0.slot == target.index })?.badge,
      let object = rpcObjects.first(where: { $0.badge == badge })
    else { return nil }
    return object.threadIndex
  }
}

extension ThreadImage {
  /// Whoever is in an open wait has answered everybody it ever will.
  fileprivate var canHoldRequest: Bool {
    started && registersValid && situation != .openWait && situation != .replyAndWait
  }
}

/// Machine code that makes a thread wait for anybody before it loads its UTCB and traps.
///
/// It lies in the page of `UTCBStub`, whose loader it ends in. What the caller sends is thrown away: it has been
/// received before. Only the reply capability counts, which the kernel gives to whoever receives a call. Capabilities
/// that come with the message go into the last slots of the table, so that no slot in use is overwritten.
enum CallerStub {
  /// Offsets inside the page: of the code, and of the UTCB images that its users load from.
  static let code: UInt64 = 1280
  static func image(_ place: Int) -> UInt64 { 2048 + UInt64(place) * UTCB.size }

  /// To be written at offset `code`.
  static let words: [UInt64] = stride(from: 0, to: instructions.count, by: 2).map {
    UInt64(instructions[$0]) | UInt64(instructions[$0 + 1]) << 32
  }

  private static let instructions: [UInt32] = [
    0x1f81_3503,  // ld   a0, 504(sp)     UTCB address from word 63 of the image
    0x2005_3023,  // sd   zero, 512(a0)   buffer descriptor
    0x00ff_85b7,  // lui  a1, 0xff8       slot 0xff8
    0x00a5_8593,  // addi a1, a1, 10      a buffer for one capability
    0x0000_1637,  // lui  a2, 1
    0x20b5_3423,  // sd   a1, 520(a0)
    0x00c5_85b3,  // add  a1, a1, a2
    0x20b5_3823,  // sd   a1, 528(a0)
    0x00c5_85b3,  // add  a1, a1, a2
    0x20b5_3c23,  // sd   a1, 536(a0)
    0x00c5_85b3,  // add  a1, a1, a2
    0x22b5_3023,  // sd   a1, 544(a0)
    0x2205_3423,  // sd   zero, 552(a0)
    0x0000_0513,  // li   a0, 0
    0x8060_0593,  // li   a1, open wait
    0x0000_0613,  // li   a2, 0           for ever
    0x0000_0693,  // li   a3, 0
    0x0000_0073,  // ecall
    0xeb9f_f06f,  // j    to the loader
    0x0000_0013,  // nop
  ]
}
