import FiascoABI
import Genode

// Bringing a component back: the steps of a plan, one after the other. Writes restoring, children, checkpoints.

extension Checkpointer {
  /// The restore in progress; its jobs exist only while there is one.
  var restore: RestoreRun {
    _read {
      precondition(!box[0].restoring.isEmpty, "a restore job needs a restore in progress")
      yield box[0].restoring[0]
    }
    _modify {
      precondition(!box[0].restoring.isEmpty, "a restore job needs a restore in progress")
      yield &box[0].restoring[0]
    }
  }

  mutating func startRestore(_ name: String, as childName: String?, policy: ResumptionPolicy?, mode: ChildMode?) {
    guard let checkpoint = checkpoints.lastIndex(where: { $0.name == name }) else {
      return refuse(.unknownCheckpoint(name))
    }
    claimCopies(of: checkpoint)
    let image = checkpoints[checkpoint].image
    if let fact = image.inconsistency ?? image.obstacleToRestore { return refuse(.inconsistentImage(fact)) }
    guard hasSlots(for: image) else { return refuse(.requestFailed("taking capability slots for \(name)")) }
    let child = newChild(childName ?? image.componentName, like: image)
    let chosen = policy ?? configuration.defaultPolicy
    switch mode ?? configuration.childMode {
    case .withoutELF: startRestoreWithoutELF(checkpoint, image, child, chosen)
    case .bootstrap:
      let index = create(child, .withELF)
      children[index].bootstrap = BootstrapOrder(checkpoint: checkpoint, policy: chosen)
      outbox.append(.restoreStarted(checkpoint: name, child: child.name, .bootstrap))
    }
  }

  /// The configuration of the original if it was a child of ours, else what the image says.
  private func newChild(_ name: String, like image: CheckpointImage) -> ChildConfiguration {
    let known = (configuration.targets + configuration.standby).first { $0.name == image.componentName }
    let quota = image.ramQuota + SessionQuota.pd + SessionQuota.ram + SessionQuota.cpu
    var child = known ?? ChildConfiguration(name: name, program: .elf(rom: image.romName), ramQuota: quota)
    child.name = name
    if known == nil, let priority = image.threads.map(\.priority).max(), priority > 0 { child.priority = Int(priority) }
    child.ramQuota = max(child.ramQuota, quota)
    return child
  }

  private mutating func startRestoreWithoutELF(
    _ checkpoint: Int, _ image: CheckpointImage, _ child: ChildConfiguration, _ policy: ResumptionPolicy
  ) {
    if policy == .refuse, let inexact = image.inexactThread {
      return refuse(.inexactThread(name: image.threads[inexact.thread].name, inexact.reason))
    }
    let plan = RestorePlan(image, policy: policy)
    guard let order = plan.order else { return refuse(.cyclicPlan) }
    let name = checkpoints[checkpoint].name
    outbox.append(.restoreStarted(checkpoint: name, child: child.name, .withoutELF))
    outbox.append(.phaseStarted(.restore, of: name))
    jobs.append(.checkRoom(child: children.count))
    let index = create(child, .withoutELF)
    if configuration.restoredMemory == .lazy {
      children[index].isPostCopied = true
      postCopying = PostCopyRun(checkpoint: name, child: index)
    }
    restoring = RestoreRun(
      checkpoint: checkpoint, child: index, policy: policy, mode: .withoutELF, image: image, plan: plan)
    jobs += inListOrder(order).map { .plan($0) }
    jobs += [.detachStub(child: index), .endRestore]
  }

  /// The steps that make and start threads keep their places; the fault exchanges who is meant by which of them. Who is
  /// made in whose place gets its UTCB and its slots.
  private func inListOrder(_ order: [RestorePlan.Step]) -> [RestorePlan.Step] {
    guard has(.startOrderReversed) else { return order }
    var threads = order.filter { if case .thread = $0 { true } else { false } }
    var starts = order.filter { if case .start = $0 { true } else { false } }
    return order.map { step in
      switch step {
      case .thread: threads.popLast() ?? step
      case .start: starts.popLast() ?? step
      default: step
      }
    }
  }

  /// A child that cannot be paid for is not begun.
  mutating func checkRoom(for child: Int, _ script: inout Script) throws(Suspension) {
    let limit = try script.call(environment.ram, RAMOpcode.quota).word(0)
    let used = try script.call(environment.ram, RAMOpcode.used).word(0)
    let (needed, available) = (children[child].configuration.ramQuota, limit - min(limit, used))
    guard needed > available else { return }
    children[child].condition = .failed
    jobs.removeAll()
    restoring = nil
    refuse(.notEnoughRAM(needed: needed, available: available))
  }

  mutating func restore(_ step: RestorePlan.Step, _ script: inout Script) throws(Suspension) {
    switch step {
    case .child: translateChild()
    case .thread(let index): try restoreThread(index, &script)
    case .placeholder(let place): try createPlaceholder(place, &script)
    case .killPlaceholder(let place): try killPlaceholder(place, &script)
    case .session(let index): try restoreSession(index, &script)
    case .regionMap(let index): try restoreMap(index, &script)
    case .dataspace(let index): try restoreDataspace(index, &script)
    case .signalSource: try restoreSignalSource(&script)
    case .context(let index): try restoreContext(index, &script)
    case .rpcObject(let index): try restoreRPCObject(index, &script)
    case .interrupt: try restoreInterrupt(&script)
    case .capabilityMap: try openCapabilityMapCopy(&script)
    case .contents(let index): try restoreContents(index, &script)
    case .region(let index): try restoreRegion(index, &script)
    case .capability(let index): try installCapability(index, &script)
    case .complete: break
    case .pendingSignals(let index): try resubmitSignals(index, &script)
    case .faultHandler(let index): try restoreFaultHandler(index, &script)
    case .awaitCaller(let index): try letHolderWait(index, &script)
    case .start(let index): try startThread(index, &script)
    case .admit(let index): try admitHolder(index, &script)
    case .exceptionHandler(let index): try restoreExceptionHandler(index, &script)
    case .wakeUp(let index): try wakeUp(index, &script)
    case .timer(let index): try restoreTimer(index, &script)
    }
  }

  mutating func endRestore() {
    let finished = restore
    let name = checkpoints[finished.checkpoint].name
    children[finished.child].condition = .running
    outbox.append(.phaseEnded(.restore, of: name, finished.counts))
    outbox.append(.restoreFinished(checkpoint: name, child: children[finished.child].name))
    if finished.mode == .withoutELF { reopenServices(finished) }
    restoring = nil
    startPostCopy()
    serveFaults()
  }

  /// What the creation of the child has made already stands for what the original had.
  private mutating func translateChild() {
    let child = children[restore.child]
    restore.maps[0] = 0
    for index in restore.image.regionMaps.indices.prefix(3) {
      restore.maps[index] = index
      restore.translation.add(old: restore.image.regionMaps[index].badge, new: child.maps[index].own)
    }
    if let parent = child.parent { restore.translation.add(old: restore.image.parentBadge, new: parent) }
  }

  /// A failed request ends the restore; the child stays as far as it came, for people who want to look at it.
  mutating func giveUpRestore(_ what: String) { fail(restore.child, what) }
}
