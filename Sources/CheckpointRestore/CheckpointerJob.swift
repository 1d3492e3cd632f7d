import Genode

/// One piece of work: a handful of kernel calls, carried out as one step.
///
/// Children are named by index. Jobs of a checkpoint and of a restore refer to `taking` and `restoring`.
enum CheckpointerJob: Hashable, Sendable {
  // Making a child
  case openEnvironmentSession(child: Int, service: String)
  case giveQuota(child: Int)
  case openRegionMaps(child: Int)
  case openParent(child: Int)
  case makeStub(child: Int)
  case designate(child: Int, dataspace: Int, ManagedOrigin)
  case dissolve(child: Int, dataspace: Int)
  case destroyMap(RPCCapability, of: RPCCapability)
  case searchFault(child: Int, dataspace: Int)
  case createThread(child: Int, name: String, priority: UInt64, cpu: UInt64)
  case openProgram(child: Int)
  case readProgram(child: Int)
  case loadSegment(child: Int, ELFImage.Segment, file: UInt64)
  case loadPiece(child: Int, ELFImage.Segment, file: UInt64, dataspace: Int, piece: Int)
  case attachSegment(child: Int, ELFImage.Segment, dataspace: Int)
  case closeProgram(child: Int, file: UInt64)
  case assignParent(child: Int)
  case startMain(child: Int, entry: UInt64)

  // Taking a checkpoint
  case turnTo(Int)
  case preflight
  case beginFreeze
  case findOutsideCallers
  case letOriginalWait(thread: Int)
  case admitOriginal(thread: Int, caller: String)
  case finishOriginal(thread: Int)
  case requestStop(thread: Int)
  case findOperation(thread: Int)
  case judgeQuiescence
  case release(thread: Int)
  case stopForGood(thread: Int)
  case checkQuiescence
  case abandonCheckpoint(RefusalReason)
  case pause(thread: Int)
  case endFreeze
  case readState(thread: Int)
  case attachStub(child: Int)
  case saveUTCB(thread: Int)
  case awaitSave(thread: Int)
  case inspectCode(thread: Int)
  case searchTag(thread: Int)
  case classify(thread: Int)
  case detachStub(child: Int)
  case askSignals
  case drainSignals
  case returnSignals(position: Int)
  case openCapabilityMap
  case readCapabilityMap(MemoryPiece)
  case closeCapabilityMap
  case recordObjects
  case askTimer(index: Int)
  case announceObjects
  case prepare(CheckpointStep)
  case endStep(CheckpointStep)
  case allocateCopy(dataspace: Int)
  case beginDump
  case mark
  case rearm(dataspace: Int, part: Int)
  case copyOut(dataspace: Int, piece: Int)
  case endDump
  case resume(thread: Int)
  case endFrozen
  case openCopy(dataspace: Int)
  case writeOut(dataspace: Int, stretch: Int, offset: UInt64)
  case closeCopy(dataspace: Int)
  case finishImage
  case handOver(name: String, bytes: UInt64)
  /// The newest checkpoint of a name replaces the one before.
  case freeCopy(RPCCapability)

  // Copying while the target runs; dataspaces before the freeze and after a restore are rows of the child's table
  case allocateEarly(dataspace: Int)
  case copyEarly(dataspace: Int, part: Int)
  case endRound
  case copyBehind(dataspace: Int, part: Int)
  case endCopyingBehind
  case fetch(dataspace: Int, part: Int)
  case endPostCopy

  // Memory that is written twice
  case openMirror(dataspace: Int)
  case attachMirrored(dataspace: Int, part: Int)
  case flatten(dataspace: Int, page: Int)
  case searchMirror(child: Int, thread: Int)
  case emulate(child: Int, thread: Int)
  case endMirrorSearch
  case dropMirror(child: Int, dataspace: Int)
  /// The oldest message that was kept back.
  case releaseOutput(child: Int)

  // Orders
  case command(child: Int, thread: Int, CPUThreadOpcode)
  case detachPart(child: Int, dataspace: Int, part: Int)

  // Ending a child
  case killChild(Int)
  case closeSession(child: Int, session: Int)
  case dropGates(child: Int)

  // Restoring
  case checkRoom(child: Int)
  case plan(RestorePlan.Step, member: Int)
  case turnToRestore(Int)
  case patchCapabilityMap(page: Int)
  case fill(dataspace: Int, offset: UInt64)
  case fillPiece(dataspace: Int, MemoryPiece)
  case transfer(MemoryPiece, CopyDirection, copy: RPCCapability)
  case awaitLoad(thread: Int)
  case awaitCall(relation: Int)
  case awaitIssue(RPCCapability, at: UInt64, attempts: Int)
  case endRestore
  /// A restored periodic timer has come to the end of the period it was checkpointed in.
  case startPeriod(child: Int, session: Int)
  /// Clients of a restored server get its new objects.
  case reconnect(client: Int)
  case reconnectPiece(client: Int, dataspace: Int, piece: Int, mapOffset: UInt64)
  case endReconnect(client: Int)

  /// A parent thread waits for a service that exists now.
  case wake(child: Int)
}

extension CheckpointerJob {
  /// Takes time by the byte.
  var movesMemory: Bool {
    switch self {
    case .copyEarly, .copyBehind, .fetch, .flatten, .writeOut: true
    default: false
    }
  }
}

extension Checkpointer {
  mutating func carryOut(_ job: CheckpointerJob, _ script: inout Script) throws(Suspension) {
    switch job {
    case .openEnvironmentSession(let child, let service): try openEnvironmentSession(service, of: child, &script)
    case .giveQuota(let child): try giveQuota(to: child, &script)
    case .openRegionMaps(let child): try openRegionMaps(of: child, &script)
    case .openParent(let child): try openParent(of: child, &script)
    case .makeStub(let child): try makeStub(of: child, &script)
    case .designate(let child, let dataspace, let asked): try designate(dataspace, of: child, asked, &script)
    case .dissolve(let child, let dataspace): try dissolve(dataspace, of: child, &script)
    case .destroyMap(let map, let session): try destroyManagedMap(map, of: session, &script)
    case .searchFault(let child, let dataspace): try searchFault(dataspace, of: child, &script)
    case .createThread(let child, let name, let priority, let cpu):
      if try createThread(name, priority: priority, cpu: cpu, of: child, &script) == nil {
        fail(child, "create_thread")
      }
    case .openProgram(let child): try openProgram(of: child, &script)
    case .readProgram(let child): try readProgram(of: child, &script)
    case .loadSegment(let child, let segment, let file): try load(segment, of: child, file: file, &script)
    case .loadPiece(let child, let segment, let file, let dataspace, let piece):
      try loadPiece(piece, of: dataspace, segment, of: child, file: file, &script)
    case .attachSegment(let child, let segment, let dataspace):
      try attachSegment(segment, dataspace, of: child, &script)
    case .closeProgram(_, let file): try detachHere(file, &script)
    case .assignParent(let child): try assignParent(of: child, &script)
    case .startMain(let child, let entry): try startMain(of: child, entry: entry, &script)
    case .requestStop, .judgeQuiescence, .release, .stopForGood, .checkQuiescence: try quiesce(job, &script)
    case .turnTo(let member): turn(to: member)
    case .beginFreeze: try beginFreeze(&script)
    case .findOutsideCallers: try findOutsideCallers(&script)
    case .letOriginalWait(let thread): try letOriginalWait(thread, &script)
    case .admitOriginal(let thread, let caller): try admitOriginal(thread, caller: caller, &script)
    case .finishOriginal(let thread): try finishOriginal(thread, &script)
    case .findOperation(let thread): try findOperation(of: thread, &script)
    case .abandonCheckpoint(let reason): abandonCheckpoint(reason)
    case .searchTag(let thread): try searchTag(of: thread, &script)
    case .drainSignals: try drainSignals(&script)
    case .returnSignals(let position): try returnSignals(position, &script)
    case .preflight, .pause, .endFreeze, .readState, .attachStub, .saveUTCB, .awaitSave, .inspectCode, .classify,
      .detachStub, .resume, .endFrozen:
      try carryOutFreeze(job, &script)
    case .askSignals, .openCapabilityMap, .readCapabilityMap, .closeCapabilityMap, .recordObjects, .askTimer,
      .announceObjects, .prepare, .endStep, .allocateCopy, .beginDump, .mark, .rearm, .copyOut, .endDump:
      try carryOutCopy(job, &script)
    case .command(let child, let thread, let opcode): try command(opcode, thread, of: child, &script)
    case .detachPart(let child, let dataspace, let part): try detachPart(part, of: dataspace, child, &script)
    case .allocateEarly, .copyEarly, .endRound, .copyBehind, .endCopyingBehind, .fetch, .endPostCopy:
      try carryOutBehind(job, &script)
    case .openMirror, .attachMirrored, .flatten, .searchMirror, .emulate, .endMirrorSearch, .dropMirror:
      try carryOutMirror(job, &script)
    case .openCopy, .writeOut, .closeCopy, .finishImage, .freeCopy: try carryOutWrite(job, &script)
    case .releaseOutput(let child): try releaseOutput(of: child, &script)
    case .handOver(let name, let bytes): try handOver(name, bytes: bytes, &script)
    case .killChild(let child): kill(child)
    case .closeSession(let child, let session): try closeSession(session, of: child, &script)
    case .dropGates(let child): try dropGates(of: child, &script)
    case .checkRoom(let child): try checkRoom(for: child, &script)
    case .startPeriod(let child, let session): try startPeriod(of: session, child, &script)
    case .plan(let step, let member):
      turn(toRestore: member)
      try restore(step, &script)
    case .turnToRestore(let member): turn(toRestore: member)
    case .awaitCall(let relation): try awaitCall(relation, &script)
    case .awaitIssue(let thread, let ip, let attempts): try awaitIssue(thread, at: ip, attempts, &script)
    case .patchCapabilityMap(let page): try patchCapabilityMap(page: page, &script)
    case .fill(let dataspace, let offset): try fill(dataspace, from: offset, &script)
    case .fillPiece(let dataspace, let piece): try fill(dataspace, piece, &script)
    case .transfer(let piece, let direction, let copy):
      if try !self.copy(piece, direction, copy, &script) { giveUpRestore("contents") }
    case .awaitLoad(let thread): try awaitLoad(of: thread, &script)
    case .endRestore: endRestore()
    case .reconnect(let client): try reconnect(client, &script)
    case .reconnectPiece(let client, let row, let piece, let mapOffset):
      try reconnect(client, row, piece: piece, mapOffset: mapOffset, &script)
    case .endReconnect(let client): endReconnect(client)
    case .wake(let child): _ = try script.invoke(KernelCall.triggerIRQ(children[child].desk.irq))
    }
  }
}
