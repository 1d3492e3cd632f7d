import FiascoABI
import Genode

/// What the checkpointer knows, beside what it is doing at the moment.
struct CheckpointerState: Hashable, Sendable {
  /// One element, because it never changes and is large.
  let configuration: [CheckpointerConfiguration]
  var environment: NativeEnvironment
  var slots: CapabilitySlots
  /// Where capabilities of requests arrive.
  let window: [CapabilitySlot]
  var commands: [TimedCommand]

  var children = ChunkedList<TargetChild>()
  var objects = ChunkedList<InterposedObject>()
  /// Services of children, in the order of announcement.
  var announced: [AnnouncedByChild] = []
  /// Old badges and new objects of the server restored last.
  var reconnections: [BadgeTranslation.Pair] = []
  var signals = OwnSignals()
  /// Session for region maps, in incremental mode.
  var regionMaps: RPCCapability?
  var checkpoints: [StoredCheckpoint]
  var retired: [CheckpointImage] = []
  var restoring: [RestoreRun] = []
  /// Of several components that are checkpointed or restored together one is worked on at a time; here are the others.
  var parkedRuns: [CheckpointRun?] = []
  var parkedRestores: [RestoreRun?] = []
  var postCopying: [PostCopyRun] = []
  var mirrors: [Mirror] = []
  var reservation: Reservation?

  init(_ configuration: CheckpointerConfiguration) {
    self.configuration = [configuration]
    slots = CapabilitySlots(count: configuration.slotCount)
    environment = NativeEnvironment(slots: &slots)
    window = slots.take(RPCLayout.maxCapabilities)
    commands = configuration.commands
    checkpoints = configuration.images.map {
      StoredCheckpoint(name: $0.name, target: $0.image.componentName, image: $0.image)
    }
  }
}

// The parts by their names, changed in place.
extension Checkpointer {
  public var configuration: CheckpointerConfiguration {
    _read { yield box[0].configuration[0] }
  }
  var environment: NativeEnvironment {
    _read { yield box[0].environment }
    _modify { yield &box[0].environment }
  }
  var slots: CapabilitySlots {
    _read { yield box[0].slots }
    _modify { yield &box[0].slots }
  }
  var window: [CapabilitySlot] { box[0].window }
  var commands: [TimedCommand] {
    _read { yield box[0].commands }
    _modify { yield &box[0].commands }
  }
  var children: ChunkedList<TargetChild> {
    _read { yield box[0].children }
    _modify { yield &box[0].children }
  }
  var objects: ChunkedList<InterposedObject> {
    _read { yield box[0].objects }
    _modify { yield &box[0].objects }
  }
  var announced: [AnnouncedByChild] {
    _read { yield box[0].announced }
    _modify { yield &box[0].announced }
  }
  var reconnections: [BadgeTranslation.Pair] {
    _read { yield box[0].reconnections }
    _modify { yield &box[0].reconnections }
  }
  var signals: OwnSignals {
    _read { yield box[0].signals }
    _modify { yield &box[0].signals }
  }
  var regionMaps: RPCCapability? {
    _read { yield box[0].regionMaps }
    _modify { yield &box[0].regionMaps }
  }
  /// Every checkpoint taken or given; a new one of the same name replaces the old one.
  public internal(set) var checkpoints: [StoredCheckpoint] {
    _read { yield box[0].checkpoints }
    _modify { yield &box[0].checkpoints }
  }
  /// Images of older generations, oldest first; they exist in the store only.
  public internal(set) var retired: [CheckpointImage] {
    _read { yield box[0].retired }
    _modify { yield &box[0].retired }
  }
  var postCopying: PostCopyRun? {
    get { box[0].postCopying.first }
    set { box[0].postCopying = newValue.map { [$0] } ?? [] }
  }
  var mirrors: [Mirror] {
    _read { yield box[0].mirrors }
    _modify { yield &box[0].mirrors }
  }
  var reservation: Reservation? {
    get { box[0].reservation }
    set { box[0].reservation = newValue }
  }
  var restoring: RestoreRun? {
    get { box[0].restoring.first }
    set { box[0].restoring = newValue.map { [$0] } ?? [] }
  }

  /// The checkpoint in progress; its jobs exist only while there is one.
  var run: CheckpointRun {
    _read {
      precondition(!progress.isEmpty, "a checkpoint job needs a checkpoint in progress")
      yield progress[0]
    }
    _modify {
      precondition(!progress.isEmpty, "a checkpoint job needs a checkpoint in progress")
      yield &progress[0]
    }
  }

  var taking: CheckpointRun? {
    get { progress.first }
    set { progress = newValue.map { [$0] } ?? [] }
  }

  var parkedRuns: [CheckpointRun?] {
    _read { yield box[0].parkedRuns }
    _modify { yield &box[0].parkedRuns }
  }
  var parkedRestores: [RestoreRun?] {
    _read { yield box[0].parkedRestores }
    _modify { yield &box[0].parkedRestores }
  }
}
