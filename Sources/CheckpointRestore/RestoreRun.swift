import Genode

/// A restore that is being carried out.
struct RestoreRun: Hashable, Sendable {
  var checkpoint: Int
  /// The new child.
  var child: Int
  var policy: ResumptionPolicy
  var mode: ChildMode
  /// The checkpoint's image as it was when the restore began.
  var image: CheckpointImage
  var plan: RestorePlan
  var translation = BadgeTranslation()
  /// New objects by the image's indices: rows of the child's tables.
  var threads: [Int?]
  var sessions: [Int?]
  var maps: [Int?]
  var dataspaces: [RPCCapability?]
  var placeholders: [Placeholder] = []
  /// Where the child sees the page with the UTCB code; 0 before it is attached.
  var stubPlace: UInt64 = 0
  var attempts = 0
  /// Own address of a dataspace that is being filled.
  var open: UInt64 = 0
  var counts = CheckpointTotals()
  /// Which of the images that are restored together.
  var member = 0

  struct Placeholder: Hashable, BitwiseCopyable, Sendable {
    var place: Int
    var thread: Int
  }

  init(
    checkpoint: Int, child: Int, policy: ResumptionPolicy, mode: ChildMode, image: CheckpointImage, plan: RestorePlan
  ) {
    self.checkpoint = checkpoint
    self.child = child
    self.policy = policy
    self.mode = mode
    self.image = image
    self.plan = plan
    threads = Array(repeating: nil, count: image.threads.count)
    sessions = Array(repeating: nil, count: image.sessions.count)
    maps = Array(repeating: nil, count: image.regionMaps.count)
    dataspaces = Array(repeating: nil, count: image.dataspaces.count)
  }
}
