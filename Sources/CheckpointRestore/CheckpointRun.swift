import FiascoABI
import Genode

/// What was taken from one thread so far.
struct ThreadCapture: Hashable, Sendable {
  /// Index into the child's threads.
  var thread: Int
  var flags: ThreadStateFlags = []
  var exceptions: UInt64 = 0
  /// An exception message: x1...x31, ip, status, cause, value.
  var words = [UInt64](repeating: 0, count: ExceptionMessage.words)
  var utcb: [UInt64] = []
  /// Whether the instruction before the instruction pointer is `ecall`; nil if it made no difference.
  var followsSystemCall: Bool?
  /// Found in the code before the system call, for a call that was cut off in its send phase.
  var sendTag: UInt64?
  /// What it is blocked in, while a child is being brought to a stand; empty if nobody knows.
  var operation: IPCOperation = []
  /// The thread that serves the object it calls, if that is checkpointed with it.
  var called: CalledThread?
  /// Let go on while its child is being brought to a stand, and not asked to stop again.
  var wasReleased = false
  var image: ThreadImage?

  var registers: [UInt64] { ThreadImage.registers(exceptionWords: words) }
  var pc: UInt64 { words[ExceptionMessage.instructionPointer] }
  var isStopped: Bool { flags.contains(.inException) }
}

/// A thread by its row in the tables of a child.
struct CalledThread: Hashable, BitwiseCopyable, Sendable {
  var child: Int
  var thread: Int
}

/// A checkpoint that is being taken.
struct CheckpointRun: Hashable, Sendable {
  var name: String
  var child: Int
  /// Kernel clock at the beginning of the freeze, microseconds.
  var startedAt: UInt64 = 0
  var threads: ChunkedList<ThreadCapture>
  /// Where the child sees the page with the UTCB code.
  var stubPlace: UInt64 = 0
  var attempts = 0
  var quiescence = Quiescence.notAsked
  /// How often threads have been let go on while the child is being brought to a stand.
  var releases = 0
  /// Signals taken out of core's queue, in its order.
  var pendingSignals: [PendingSignal] = []
  /// A dataspace of the child's code that is attached here at present.
  var code: AttachedHere?
  var nativePD: RPCCapability?
  var interrupt: RPCCapability?
  var capabilityMapAddress: UInt64 = 0
  /// Where the map begins in its dataspace.
  var capabilityMapOffset: UInt64 = 0
  var capabilityMapWords: [UInt64] = []
  var image: CheckpointImage
  /// Index into the child's dataspaces for each dataspace of the image; nil for those without a capability.
  var dataspaces: [Int?] = []
  var copies = ChunkedList<RPCCapability?>()
  /// Those that were allocated for this checkpoint; the others are left from the one before.
  var ownCopies = ChunkedList<RPCCapability>()
  /// What was copied of each dataspace of the image.
  var stretches: [[MemoryStretch]] = []
  /// The first thread has been told to stop.
  var isFrozen = false
  /// Messages of the component that were kept back when it stood still.
  var heldOutputs = 0
  /// Everybody runs again.
  var isThawed = false
  /// Set if memory is copied before the freeze.
  var preCopy: PreCopyRun?
  /// Rows of mirrored dataspaces whose writes since the last checkpoint are to be merged.
  var sealed: [Int] = []
  var isWriting = false
  /// What was read of each dataspace of the image.
  var contents = ChunkedList<[UInt8]>()
  var open: UInt64 = 0
  var chunks: [ReadChunk] = []
  var counts = CheckpointTotals()
  /// Which of the components that are checkpointed together, and the names of all their checkpoints.
  var member = 0
  var group: [String] = []
}

/// A dataspace in the checkpointer's own address space.
struct AttachedHere: Hashable, BitwiseCopyable, Sendable {
  var badge: UInt64
  var address: UInt64
}

extension TargetChild {
  /// The dataspace behind an address of the child, through nested region maps, and the offset in it.
  func place(of address: UInt64) -> (dataspace: Int, offset: UInt64)? {
    var map = 0
    var current = address
    for _ in 0...maps.count {
      guard let region = maps[map].regions.first(where: { current >= $0.address && current - $0.address < $0.size }),
        let index = dataspace(badge: region.dataspace)
      else { return nil }
      current = current - region.address + region.offset
      guard case .managed(let inner) = dataspaces[index].kind else { return (index, current) }
      map = inner
    }
    return nil
  }

  /// Why this child cannot be checkpointed, as far as its records tell.
  func obstacle(besides allowed: [String]) -> RefusalReason? {
    if let session = sessions.first(where: {
      $0.isLive && $0.provider == .foreign && !allowed.contains($0.service)
    }) {
      return .notInterposed(service: session.service)
    }
    for map in maps where map.isLive {
      for region in map.regions {
        if let index = dataspace(badge: region.dataspace), dataspaces[index].kind == .foreign {
          return .foreignDataspace(badge: region.dataspace)
        }
      }
    }
    return nil
  }

  /// Bytes of all RAM dataspaces that have no copy yet.
  func bytesWithoutCopy(_ early: PreCopyRun?) -> UInt64 {
    dataspaces.indices.filter { row in
      dataspaces[row].isLive && dataspaces[row].kind == .ram && !stored.kept.contains { $0.row == row }
        && early?.copy(of: row) == nil
    }.reduce(0) { $0 + dataspaces[$1].size }
  }
}
