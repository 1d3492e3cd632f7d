import FiascoABI

/// Loads a program into the protection domain of a child and starts its main thread.
///
/// Read-only segments are attached straight from the ROM dataspace; each writable segment is copied into fresh RAM of
/// the child, and the badge of the parent capability is stored in its first word. Models `Child::Process`
/// (base/src/lib/base/child_process.cc).
public struct ChildLoader: Hashable, Sendable {
  public enum Program: Hashable, Sendable {
    /// An executable in a dataspace.
    case elf(RPCCapability)
    /// A system component in Swift: one page for the parent's badge, and an entry the simulator knows.
    case native(NativeEntry.Kind)
    /// An invalid dataspace: nothing is loaded and the main thread is not started, but slot 8 is filled.
    case none
  }

  /// Why loading stopped.
  public enum Failure: Hashable, Sendable {
    case attachFailed, allocationFailed, notAnExecutable, segmentNotLoadable
  }

  public enum Progress: Hashable, Sendable {
    case running
    case finished
    case failed(Failure)
  }

  /// Capabilities of the loading component that the loader needs.
  public struct Resources: Hashable, Sendable {
    /// Region map of the loading component itself, where segments are filled.
    public var localMap: RPCCapability
    public var pd: RPCCapability
    /// The child's RAM session.
    public var ram: RPCCapability
    /// CPU thread of the child's main thread.
    public var mainThread: RPCCapability
    /// What goes into slot 8 of the child.
    public var parent: RPCCapability

    public init(
      localMap: RPCCapability, pd: RPCCapability, ram: RPCCapability, mainThread: RPCCapability, parent: RPCCapability
    ) {
      self.localMap = localMap
      self.pd = pd
      self.ram = ram
      self.mainThread = mainThread
      self.parent = parent
    }
  }

  private enum Stage: Hashable, Sendable {
    case addressSpace, attachFile, header, segment(Int), detachFile, nativePage, parent, start, done
  }

  public let program: Program
  let resources: Resources
  let costs: GenodeCosts
  private let slots: [CapabilitySlot]
  private var stage = Stage.addressSpace
  private var childMap: RPCCapability?
  private var file: UInt64 = 0
  private var fileSize: UInt64 = 0
  private var entry: UInt64 = 0
  private var segments: [ELFImage.Segment] = []
  private var failure: Failure?

  public static let slotCount = 2

  /// Needs two slots, which may be used again for the next child: what is in them is dropped.
  public init(_ program: Program, _ resources: Resources, slots: [CapabilitySlot], costs: GenodeCosts) {
    precondition(slots.count >= Self.slotCount, "the loader needs two slots")
    self.program = program
    self.resources = resources
    self.slots = slots
    self.costs = costs
  }

  /// The child's address space, known after the first step.
  public var addressSpace: RPCCapability? { childMap }

  /// Does the next part of the work; call it again while it says `running`.
  public mutating func step(_ script: inout Script) throws(Suspension) -> Progress {
    switch stage {
    case .addressSpace:
      childMap = try script.call(resources.pd, PDOpcode.addressSpace, receiveInto: [slots[0]]).capability
      stage = first
    case .attachFile: try attachFile(&script)
    case .header: try readHeader(&script)
    case .segment(let index): try load(index, &script)
    case .detachFile:
      try script.detach(file, from: resources.localMap)
      stage = .parent
    case .nativePage:
      try fill(bytes: ComponentLayout.pageSize, at: ComponentLayout.nativeDataBase, from: nil, &script)
      entry = nativeEntry
      stage = .parent
    case .parent:
      _ = try script.call(resources.pd, PDOpcode.assignParent, [], [resources.parent])
      stage = program == .none ? .done : .start
    case .start:
      _ = try script.call(resources.mainThread, CPUThreadOpcode.start, [entry, 0])
      stage = .done
    case .done: break
    }
    if let failure { return .failed(failure) }
    return stage == .done ? .finished : .running
  }

  private var first: Stage {
    switch program {
    case .elf: .attachFile
    case .native: .nativePage
    case .none: .parent
    }
  }

  private var nativeEntry: UInt64 {
    guard case .native(let kind) = program else { return 0 }
    return NativeEntry.address(kind)
  }
}

extension ChildLoader {
  private mutating func attachFile(_ script: inout Script) throws(Suspension) {
    guard case .elf(let dataspace) = program else { return }
    fileSize = try script.call(dataspace, DataspaceOpcode.size).word(0)
    guard let address = try script.attach(dataspace, to: resources.localMap) else { return fail(.attachFailed) }
    file = address
    stage = .header
  }

  private mutating func readHeader(_ script: inout Script) throws(Suspension) {
    let words = try script.read(file, count: ELFImage.headerWords)
    guard let image = ELFImage(header: words, fileSize: fileSize) else { return fail(.notAnExecutable) }
    let table = try script.read(file + image.tableOffset, count: image.tableWords)
    guard let segments = ELFImage.segments(table, fileSize: fileSize) else { return fail(.segmentNotLoadable) }
    self.segments = segments
    entry = image.entry
    stage = segments.isEmpty ? .detachFile : .segment(0)
  }

  private mutating func load(_ index: Int, _ script: inout Script) throws(Suspension) {
    let segment = segments[index]
    try script.compute(picoseconds: costs.picoseconds(.loadSegment))
    if segment.isWritable {
      try fill(bytes: segment.pages, at: segment.address - segment.lead, from: segment, &script)
    } else if case .elf(let dataspace) = program, let childMap {
      let place = segment.address - segment.lead
      let attached = try script.attach(
        dataspace, to: childMap, at: place, size: segment.pages, offset: segment.offset - segment.lead,
        executable: segment.isExecutable)
      if attached == nil { return fail(.attachFailed) }
    }
    if failure == nil { stage = index + 1 < segments.count ? .segment(index + 1) : .detachFile }
  }

  /// Fresh RAM of the child, filled in the loader's own address space, then attached to the child.
  private mutating func fill(
    bytes: UInt64, at address: UInt64, from segment: ELFImage.Segment?, _ script: inout Script
  ) throws(Suspension) {
    guard let dataspace = try script.allocate(bytes, from: resources.ram, into: slots[1]) else {
      return fail(.allocationFailed)
    }
    guard let local = try script.attach(dataspace, to: resources.localMap) else { return fail(.attachFailed) }
    let lead = segment?.lead ?? 0
    if let segment {
      if segment.fileSize > 0 {
        try script.copy(to: local + lead, from: file + segment.offset, bytes: segment.fileSize)
      }
      let rest = segment.memorySize - segment.fileSize
      if rest > 0 { try script.fill(local + lead + segment.fileSize, bytes: rest) }
    }
    try script.write(local + lead + ComponentLayout.parentBadgeOffset, [resources.parent.badge])
    try script.detach(local, from: resources.localMap)
    guard let childMap, try script.attach(dataspace, to: childMap, at: address) != nil else {
      return fail(.attachFailed)
    }
  }

  private mutating func fail(_ reason: Failure) { failure = reason }
}
