import FiascoABI
import Genode

/// A component that checkpoints and restores its children, with nothing but what kernel and Genode offer to everybody.
///
/// It is the parent of its targets and stands between them and core: every session they use is an RPC object of its
/// own, which hands each call on and writes down what has to be known later. Thread 0 serves all of them and carries
/// out the commands of its configuration in turn; so while it takes a checkpoint the requests of its children wait,
/// as with the original, whose entrypoint was blocked for as long. Thread 1 + i serves the parent interface of child
/// i, because a session request may have to wait for another child, which needs thread 0 meanwhile. Models `Rtcr`
/// (argos-research, 2016 to 2018).
public struct Checkpointer: NativeProgram {
  public let configuration: CheckpointerConfiguration
  var environment: NativeEnvironment
  var slots: CapabilitySlots
  /// Where capabilities of requests arrive.
  let window: [CapabilitySlot]
  var phase = CheckpointerPhase.environment
  /// Work to be done before the next wait, first in, first out.
  var jobs: [CheckpointerJob] = []
  var commands: [TimedCommand]
  /// A command that is due; it starts when no request is waiting any more.
  var due: TimedCommand.Command?
  var requestsSinceDue = 0

  var children: [TargetChild] = []
  var objects: [InterposedObject] = []
  /// Services of children, in the order of announcement.
  var announced: [AnnouncedByChild] = []
  /// Old badges and new objects of the server restored last.
  var reconnections: [BadgeTranslation.Pair] = []
  var signals = OwnSignals()
  /// Every checkpoint taken or given; a new one of the same name replaces the old one.
  public internal(set) var checkpoints: [StoredCheckpoint] = []
  var taking: CheckpointRun?
  var restoring: RestoreRun?
  var outbox: [CheckpointEvent] = []

  static let slotCount = 3000

  public init(_ configuration: CheckpointerConfiguration) {
    self.configuration = configuration
    slots = CapabilitySlots(count: Self.slotCount)
    environment = NativeEnvironment(slots: &slots)
    window = slots.take(RPCLayout.maxCapabilities)
    commands = configuration.commands
    checkpoints = configuration.images.map {
      StoredCheckpoint(name: $0.name, target: $0.image.componentName, image: $0.image)
    }
  }

  public mutating func step(thread entry: Int, script: inout Script) throws(Suspension) {
    guard entry == 0 else {
      precondition(children.indices.contains(entry - 1), "each child has one thread that serves its parent interface")
      return try stepParent(of: entry - 1, &script)
    }
    switch phase {
    case .environment:
      try environment.step(&script)
      if environment.isComplete { phase = .signals }
    case .signals:
      try openSignals(&script)
      for target in configuration.targets { create(target, .withELF) }
      phase = .working(.none)
    case .working(let reply):
      guard !jobs.isEmpty else {
        phase = .waiting(reply)
        return
      }
      let job = jobs.removeFirst()
      try carryOut(job, &script)
    case .waiting(let reply):
      try wait(after: reply, &script)
    case .handling(let request):
      try script.compute(picoseconds: configuration.genodeCosts.picoseconds(.rpcDispatch))
      let reply = try handle(request, &script)
      phase = .working(reply.map { .answer($0) } ?? .none)
    }
  }

  /// Nothing of Genode's vocabulary happens here; see `drainCheckpointEvents`.
  public mutating func drainEvents() -> [GenodeEvent] { [] }

  public mutating func drainCheckpointEvents() -> [CheckpointEvent] {
    defer { outbox.removeAll() }
    return outbox
  }

  /// The newest checkpoint of a name; there is one from `imageWritten` on.
  public func image(named name: String) -> CheckpointImage? { checkpoints.first { $0.name == name }?.image }
}

enum CheckpointerPhase: Hashable, Sendable {
  case environment, signals
  case waiting(ServerReply)
  case handling(RPCRequest)
  case working(ServerReply)
}

/// A checkpoint that is kept: the image, and the copies of the memory it was made from.
public struct StoredCheckpoint: Hashable, Sendable {
  public var name: String
  public var target: String
  public var image: CheckpointImage
  /// Own RAM with the contents of dataspace i; nil where nothing was copied. Needed for restores and freed with the
  /// checkpoint.
  var copies: [RPCCapability?] = []
}

/// The checkpointer's own signal context: how it learns that a thread it let run has trapped.
struct OwnSignals: Hashable, Sendable {
  var source: RPCCapability?
  var irq: RPCCapability?
  var context: RPCCapability?
}

// The loop. Writes phase, due, commands.
extension Checkpointer {
  /// More requests than this are not served before a command that is due.
  private static let drainLimit = 64

  private mutating func wait(after reply: ServerReply, _ script: inout Script) throws(Suspension) {
    // A deadline in the past: what is queued is still received, nothing is waited for.
    let deadline = due != nil ? 1 : commands.first?.at
    let result = try script.replyAndWait(reply, window: window, deadline: deadline)
    guard let request = RPCRequest(result, window: window) else {
      phase = .waiting(.none)
      if result.ipcError == .receiveTimeout { onTimeout() }
      return
    }
    guard request.isGenuine else {
      phase = .waiting(.none)
      return
    }
    phase = .handling(request)
    if due != nil {
      requestsSinceDue += 1
      if requestsSinceDue > Self.drainLimit { startDueCommand() }
    } else if let next = commands.first, try script.readClock() >= next.at {
      takeNextCommand()
    }
  }

  private mutating func onTimeout() {
    if due == nil {
      takeNextCommand()
    } else {
      startDueCommand()
      phase = .working(.none)
    }
  }

  private mutating func takeNextCommand() {
    due = commands.removeFirst().command
    requestsSinceDue = 0
  }

  private mutating func startDueCommand() {
    guard let command = due else { return }
    due = nil
    switch command {
    case .checkpoint(let target, let name): startCheckpoint(of: target, as: name)
    case .kill(let target): startKill(target)
    case .restore(let checkpoint, let name, let policy, let mode):
      startRestore(checkpoint, as: name, policy: policy, mode: mode)
    case .pause(let target): startCommand(.pause, to: target)
    case .resume(let target): startCommand(.resume, to: target)
    case .start(let child): create(child, .withELF)
    case .restoreMemory(let checkpoint, let target, let bytes):
      startMemoryRestore(checkpoint, into: target, bytes: bytes)
    }
  }

  mutating func refuse(_ reason: RefusalReason) { outbox.append(.refused(reason)) }
}

// Own resources. Writes slots, signals, objects.
extension Checkpointer {
  private static let upgrade: UInt64 = 16 << 10
  private static let upgradeAttempts = 3

  /// A call that may cost metadata: if the session has none left, it is upgraded and asked again.
  func callExpanding<Operation: RawRepresentable<UInt64>>(
    _ object: RPCCapability, _ opcode: Operation, _ words: [UInt64] = [], _ capabilities: [RPCCapability?] = [],
    receiveInto slots: [CapabilitySlot] = [], payer: RPCCapability, _ script: inout Script
  ) throws(Suspension) -> RPCReply {
    var reply = try script.call(object, opcode, words, capabilities, receiveInto: slots)
    for _ in 0..<Self.upgradeAttempts where reply.exception == .outOfMetadata {
      let arguments = RPCString.encode("ram_quota=\(Self.upgrade)")
      _ = try script.call(environment.parent, ParentOpcode.upgrade, arguments, [payer])
      reply = try script.call(object, opcode, words, capabilities, receiveInto: slots)
    }
    return reply
  }

  /// A new gate of the checkpointer.
  mutating func makeGate(
    _ kind: InterposedObject.Kind, of child: Int, thread: RPCCapability? = nil, _ script: inout Script
  ) throws(Suspension) -> RPCCapability? {
    let slot = slots.take()
    let reply = try callExpanding(
      environment.pd, PDOpcode.allocRPCCap, [], [thread ?? environment.mainThread], receiveInto: [slot],
      payer: environment.pd, &script)
    guard let gate = reply.capability else {
      slots.release(slot)
      return nil
    }
    objects.append(InterposedObject(badge: gate.badge, child: child, kind: kind))
    return gate
  }

  mutating func dropGate(_ gate: RPCCapability, _ script: inout Script) throws(Suspension) {
    _ = try script.call(environment.pd, PDOpcode.freeRPCCap, [], [gate])
    objects.removeAll { $0.badge == gate.badge }
    slots.release(gate.slot)
  }

  /// Makes a dataspace visible in the checkpointer's own address space.
  func attachHere(_ dataspace: RPCCapability, _ script: inout Script) throws(Suspension) -> UInt64? {
    try attach(dataspace, to: environment.addressSpace, payer: environment.pd, &script)
  }

  func detachHere(_ address: UInt64, _ script: inout Script) throws(Suspension) {
    try script.detach(address, from: environment.addressSpace)
  }

  func attach(
    _ dataspace: RPCCapability, to map: RPCCapability, at address: UInt64? = nil, size: UInt64 = 0, offset: UInt64 = 0,
    executable: Bool = false, payer: RPCCapability, _ script: inout Script
  ) throws(Suspension) -> UInt64? {
    let words = [size, offset, address == nil ? 0 : 1, address ?? 0, executable ? 1 : 0]
    let reply = try callExpanding(map, RegionMapOpcode.attach, words, [dataspace], payer: payer, &script)
    return reply.exception == nil ? reply.word(0) : nil
  }

  mutating func allocateHere(_ bytes: UInt64, _ script: inout Script) throws(Suspension) -> RPCCapability? {
    let slot = slots.take()
    let reply = try callExpanding(
      environment.ram, RAMOpcode.alloc, [bytes], receiveInto: [slot], payer: environment.ram, &script)
    if reply.capability == nil { slots.release(slot) }
    return reply.capability
  }

  mutating func openSignals(_ script: inout Script) throws(Suspension) {
    let taken = slots.take(3)
    signals.source = try script.call(environment.pd, PDOpcode.allocSignalSource, receiveInto: [taken[0]]).capability
    guard let source = signals.source else { return }
    signals.irq = try script.call(
      source, SignalSourceOpcode.requestSemaphore, [], [environment.mainThread], receiveInto: [taken[1]]
    ).capability
    signals.context = try script.call(environment.pd, PDOpcode.allocContext, [1], [source], receiveInto: [taken[2]])
      .capability
  }
}
