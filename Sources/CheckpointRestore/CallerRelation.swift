import FiascoABI

/// A thread that holds a request, and the thread that waits for the answer to it.
///
/// The kernel alone knows who waits for whom, and nobody can read it. But a caller that was cut off in the receive
/// phase still names the object it called, and each object names the thread that serves it: of the same component, or
/// of another one that was checkpointed together with it.
public struct CallerRelation: Hashable, BitwiseCopyable, Sendable {
  /// A thread of one of the images of one instant.
  public struct Place: Hashable, BitwiseCopyable, Sendable {
    public var image: Int
    public var thread: Int

    public init(image: Int = 0, thread: Int) {
      self.image = image
      self.thread = thread
    }
  }
  public var caller: Place
  public var holder: Place

  public init(caller: Place, holder: Place) {
    self.caller = caller
    self.holder = holder
  }

  /// Inside one image.
  public init(caller: Int, holder: Int) { self.init(caller: Place(thread: caller), holder: Place(thread: holder)) }

  /// Who waits for whose answer. A thread serves one caller at a time.
  public static func all(in images: [CheckpointImage]) -> [CallerRelation] {
    var relations: [CallerRelation] = []
    for (number, image) in images.enumerated() {
      for thread in image.threads.indices where image.threads[thread].situation == .callReceivePhase {
        let caller = Place(image: number, thread: thread)
        guard let holder = servant(ofCallBy: caller, images), holder != caller,
          images[holder.image].threads[holder.thread].canHoldRequest,
          !relations.contains(where: { $0.holder == holder })
        else { continue }
        relations.append(CallerRelation(caller: caller, holder: holder))
      }
    }
    return relations
  }

  /// The thread that a blocked call went to, if it is in one of the images.
  private static func servant(ofCallBy caller: Place, _ images: [CheckpointImage]) -> Place? {
    let image = images[caller.image]
    let target = ObjectReference(raw: image.threads[caller.thread].registers[RegisterIndex.a1])
    guard !target.namesNoSlot, let badge = image.capabilities.first(where: { $0.slot == target.index })?.badge else {
      return nil
    }
    for (number, other) in images.enumerated() {
      if let object = other.rpcObjects.first(where: { $0.badge == badge }) {
        return Place(image: number, thread: object.threadIndex)
      }
    }
    return nil
  }
}

extension CheckpointImage {
  /// Who waits for whose answer inside the component.
  public var callerRelations: [CallerRelation] { CallerRelation.all(in: [self]) }
}

extension ThreadImage {
  /// Whoever is in an open wait has answered everybody it ever will.
  var canHoldRequest: Bool { started && registersValid && situation != .openWait && situation != .replyAndWait }

  /// Blocked until somebody else does something: to let it go on early disturbs nobody.
  var onlyWaits: Bool {
    switch situation {
    case .openWait, .replyAndWait: true
    case .closedReceive: IPCTimeouts(raw: registers[RegisterIndex.a2]).receive.isNever
    case .runnable, .sendPhase, .callReceivePhase, .pageFault, .unknown: false
    }
  }
}

/// A request whose caller is not among the images: its answer would find nobody, and the caller would wait for ever.
public struct OutsideCaller: Hashable, Sendable {
  public var holder: CallerRelation.Place
  /// As "component/thread".
  public var caller: String

  /// The first one. Whoever waits for a thread that has a caller among the images is queued behind that caller.
  public static func first(in images: [CheckpointImage]) -> OutsideCaller? {
    let relations = CallerRelation.all(in: images)
    for (number, image) in images.enumerated() {
      for (thread, captured) in image.threads.enumerated() {
        let holder = CallerRelation.Place(image: number, thread: thread)
        if let caller = captured.outsideCaller, !relations.contains(where: { $0.holder == holder }) {
          return OutsideCaller(holder: holder, caller: caller)
        }
      }
    }
    return nil
  }
}

/// Machine code that makes a thread wait for anybody, and then traps.
///
/// It lies in the page of `UTCBStub` and is entered with the address of the thread's UTCB as stack pointer, so that any
/// number of threads can be in it. What the caller sends is thrown away: it has been received before. Only the reply
/// capability counts, which the kernel gives to whoever receives a call. Capabilities that come with the message go
/// into the last slots of the table, so that no slot in use is overwritten. Afterwards the loader brings the UTCB back.
enum CallerStub {
  /// Offset of the code inside the page.
  static let code: UInt64 = 1280
  /// Instruction pointer of the trap, relative to the page.
  static let trap: UInt64 = code + 72

  /// To be written at offset `code`.
  static let words: [UInt64] = stride(from: 0, to: instructions.count, by: 2).map {
    UInt64(instructions[$0]) | UInt64(instructions[$0 + 1]) << 32
  }

  private static let instructions: [UInt32] = [
    0x0001_0513,  // mv   a0, sp
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
    0x0010_0073,  // ebreak
    0xffdf_f06f,  // j    -4
  ]
}
