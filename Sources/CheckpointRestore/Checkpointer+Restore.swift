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

  /// Another one of the components that are restored together. What one of them has made stands for the old badge in
  /// all of them: badges are core's.
  mutating func turn(toRestore member: Int) {
    guard let current = restoring, current.member != member, parkedRestores.indices.contains(member),
      var next = parkedRestores[member]
    else { return }
    next.translation = current.translation
    parkedRestores[current.member] = current
    parkedRestores[member] = nil
    restoring = next
  }

  /// All of them, the current one in its place.
  var restores: [RestoreRun] {
    guard let restoring, !parkedRestores.isEmpty else { return restoring.map { [$0] } ?? [] }
    return parkedRestores.indices.compactMap { $0 == restoring.member ? restoring : parkedRestores[$0] }
  }

  mutating func startRestore(_ name: String, as childName: String?, policy: ResumptionPolicy?, mode: ChildMode?) {
    guard let named = checkpoints.lastIndex(where: { $0.name == name }) else {
      return refuse(.unknownCheckpoint(name))
    }
    var taken: [Int] = []
    for member in checkpoints[named].group.isEmpty ? [name] : checkpoints[named].group {
      guard let index = checkpoints.lastIndex(where: { $0.name == member }) else {
        return refuse(.unknownCheckpoint(member))
      }
      claimCopies(of: index)
      let image = checkpoints[index].image
      if let fact = image.inconsistency ?? image.obstacleToRestore { return refuse(.inconsistentImage(fact)) }
      taken.append(index)
    }
    guard hasSlots(for: taken.map { checkpoints[$0].image }) else {
      return refuse(.requestFailed("taking capability slots for \(name)"))
    }
    guard taken.count == 1 || configuration.restoredMemory != .lazy else {
      return refuse(.requestFailed("restoring several components with lazy memory"))
    }
    let chosen = policy ?? configuration.defaultPolicy
    switch mode ?? configuration.childMode {
    case .withoutELF: startRestoreWithoutELF(taken, as: childName, chosen)
    case .bootstrap:
      guard taken.count == 1 else { return refuse(.requestFailed("restoring several components by bootstrap")) }
      let child = newChild(childName, like: checkpoints[named].image)
      let index = create(child, .withELF)
      children[index].bootstrap = BootstrapOrder(checkpoint: named, policy: chosen)
      outbox.append(.restoreStarted(checkpoint: name, child: child.name, .bootstrap))
    }
  }

  /// The configuration of the original if it was a child of ours, else what the image says.
  private func newChild(_ name: String?, like image: CheckpointImage) -> ChildConfiguration {
    let name = name ?? image.componentName
    let known = (configuration.targets + configuration.standby).first { $0.name == image.componentName }
    let quota = image.ramQuota + SessionQuota.pd + SessionQuota.ram + SessionQuota.cpu
    var child = known ?? ChildConfiguration(name: name, program: .elf(rom: image.romName), ramQuota: quota)
    child.name = name
    if known == nil, let priority = image.threads.map(\.priority).max(), priority > 0 { child.priority = Int(priority) }
    child.ramQuota = max(child.ramQuota, quota)
    return child
  }

  private mutating func startRestoreWithoutELF(_ taken: [Int], as childName: String?, _ policy: ResumptionPolicy) {
    let images = taken.map { checkpoints[$0].image }
    if let reason = RestorePlan.obstacle(to: images, policy: policy) { return refuse(reason) }
    let plan = RestorePlan(images, policy: policy)
    guard let sequence = plan.sequence else { return refuse(.cyclicPlan) }
    jobs.append(.checkRoom(child: children.count))
    var runs: [RestoreRun] = []
    for (member, checkpoint) in taken.enumerated() {
      let child = newChild(member == 0 ? childName : nil, like: images[member])
      let name = checkpoints[checkpoint].name
      outbox.append(.restoreStarted(checkpoint: name, child: child.name, .withoutELF))
      outbox.append(.phaseStarted(.restore, of: name))
      let index = create(child, .withoutELF)
      if configuration.restoredMemory == .lazy {
        children[index].isPostCopied = true
        postCopying = PostCopyRun(checkpoint: name, child: index)
      }
      var run = RestoreRun(
        checkpoint: checkpoint, child: index, policy: policy, mode: .withoutELF, image: images[member], plan: plan)
      run.member = member
      runs.append(run)
    }
    parkedRestores = runs.map { $0.member == 0 ? nil : $0 }
    restoring = runs[0]
    jobs += inListOrder(sequence.map { plan.nodes[$0] }).map { .plan($0.step, member: $0.image) }
    for run in runs { jobs += [.turnToRestore(run.member), .detachStub(child: run.child), .endRestore] }
  }

  /// The steps that make and start threads keep their places; the fault exchanges who is meant by which of them. Who is
  /// made in whose place gets its UTCB and its slots.
  private func inListOrder(_ order: [RestorePlan.Node]) -> [RestorePlan.Node] {
    guard has(.startOrderReversed) else { return order }
    var threads = order.filter { if case .thread = $0.step { true } else { false } }
    var starts = order.filter { if case .start = $0.step { true } else { false } }
    return order.map { node in
      switch node.step {
      case .thread: threads.popLast() ?? node
      case .start: starts.popLast() ?? node
      default: node
      }
    }
  }

  /// Children that cannot be paid for are not begun: this one and those after it.
  mutating func checkRoom(for child: Int, _ script: inout Script) throws(Suspension) {
    let limit = try script.call(environment.ram, RAMOpcode.quota).word(0)
    let used = try script.call(environment.ram, RAMOpcode.used).word(0)
    let needed = children[child...].reduce(0) { $0 + $1.configuration.ramQuota }
    let available = limit - min(limit, used)
    guard needed > available else { return }
    for index in children[child...].indices { children[index].condition = .failed }
    jobs.removeAll()
    forgetRestore()
    refuse(.notEnoughRAM(needed: needed, available: available))
  }

  mutating func forgetRestore() {
    restoring = nil
    parkedRestores = []
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
    case .start(let index), .load(let index): try startThread(index, &script)
    case .letGo(let index): try letGo(index, &script)
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
    guard finished.member + 1 >= parkedRestores.count else { return }
    if finished.mode == .withoutELF { reopenServices(restores) }
    forgetRestore()
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
