// Reads all tables of the spaces; writes nothing.
import FiascoABI

extension Kernel {
  /// Stops the program if the spaces contradict themselves.
  public func checkSpaceInvariants() {
    if let defect = spaceDefect() { preconditionFailure(defect) }
  }

  /// What is wrong between page tables, mapping tree, capability tables, reference counts, quotas and frames.
  func spaceDefect() -> String? {
    var survey = SpaceSurvey(frameCount: frames.range.upperBound)
    if rootPager.infoFrame >= 0 { survey.own(rootPager.infoFrame) }
    for index in tasks.indices {
      let task = TaskID(index)
      if let defect = surveyCapabilities(of: task, &survey) ?? surveyPages(of: task, &survey) { return defect }
    }
    return treeDefect(survey) ?? listDefect(survey) ?? frameDefect(survey) ?? quotaDefect(survey)
  }

  // MARK: Capabilities

  private func surveyCapabilities(of task: TaskID, _ survey: inout SpaceSurvey) -> String? {
    let root = Int(tasks[task.slot].capabilityDirectory)
    survey.own(root)
    for directory in 0..<64 {
      var frame = root
      if directory > 0 {
        let entry = memory.load(frame: root, offset: directory * 4, as: UInt32.self)
        if entry == 0 { continue }
        frame = Int(entry) - 1
        survey.own(frame)
      }
      for table in 0..<64 {
        let slot = UInt64(directory) << 14 | UInt64(table) << 8
        let entry = memory.load(frame: frame, offset: CapabilityDirectory.tableOffset(slot), as: UInt32.self)
        if entry == 0 { continue }
        survey.own(Int(entry) - 1)
        survey.charge(tasks[task.slot].payer, profile.objectSizes.capabilityPage)
        if let defect = surveyTable(Int(entry) - 1, &survey) { return defect }
      }
    }
    return nil
  }

  private func surveyTable(_ frame: Int, _ survey: inout SpaceSurvey) -> String? {
    for index in 0..<256 {
      let entry = capabilityEntry(CapabilityAddress(frame: frame, entry: index))
      if entry.isEmpty { continue }
      guard objects.contains(entry.objectID.slot) else { return "a capability names an object that does not exist" }
      if objects[entry.objectID.slot].isDying { return "a capability names an object that is being destroyed" }
      survey.capabilities += 1
    }
    return nil
  }

  private func listDefect(_ survey: SpaceSurvey) -> String? {
    var listed = 0
    for id in objects.indices {
      var counted: UInt32 = 0
      var previous = CapabilityAddress.none
      var address = CapabilityAddress(raw: objects[id].firstCapability)
      while !address.isNone {
        let entry = capabilityEntry(address)
        if entry.objectID.slot != id { return "a capability stands in the list of another object" }
        if entry.previous != previous { return "a list of capabilities does not lead back" }
        counted += entry.capability.isCounted ? 1 : 0
        listed += 1
        if listed > survey.capabilities { return "a list of capabilities has more members than there are slots" }
        previous = address
        address = entry.next
      }
      if counted != objects[id].countedReferences { return "the counted references of object \(id) are miscounted" }
    }
    return listed == survey.capabilities ? nil : "a capability is in no list"
  }

  // MARK: Pages

  private func surveyPages(of task: TaskID, _ survey: inout SpaceSurvey) -> String? {
    let top = Int(tasks[task.slot].pageDirectory)
    survey.own(top)
    for middle in tables(in: top) {
      survey.own(middle)
      survey.charge(tasks[task.slot].payer, profile.objectSizes.pageTable)
      for leaf in tables(in: middle) {
        survey.own(leaf)
        survey.charge(tasks[task.slot].payer, profile.objectSizes.pageTable)
      }
    }
    var kernelUserPages: UInt64 = 0
    var next: UInt64 = 0
    while let (page, entry, order) = nextPage(task, from: next, below: userAddressLimit) {
      next = page + order.bytes
      if entry.isKernelUser {
        survey.own(entry.frame)
        kernelUserPages += 1
      } else if let defect = pageDefect(task, page, entry, order) {
        return defect
      } else {
        survey.pages += 1
      }
    }
    return areaDefect(task, pages: kernelUserPages, &survey)
  }

  private func pageDefect(_ task: TaskID, _ page: UInt64, _ entry: PageEntry, _ order: PageOrder) -> String? {
    guard mappings.contains(entry.node) else { return "a page has no mapping" }
    let mapping = mappings[entry.node]
    guard mapping.task == task, mapping.address == page, Int(mapping.frame) == entry.frame,
      mapping.order == order
    else {
      return "a page and its mapping differ"
    }
    return nil
  }

  private func areaDefect(_ task: TaskID, pages: UInt64, _ survey: inout SpaceSurvey) -> String? {
    var expected: UInt64 = 0
    for index in kernelUserAreas.indices where kernelUserAreas[index].task == task {
      expected += kernelUserAreas[index].size / pageBytes
      survey.charge(tasks[task.slot].payer, kernelUserAreas[index].size + profile.objectSizes.kernelUserArea)
    }
    return expected == pages ? nil : "kernel-user pages and areas of a task differ"
  }

  private func treeDefect(_ survey: SpaceSurvey) -> String? {
    if mappings.count != survey.pages { return "a mapping has no page" }
    for index in mappings.indices {
      let mapping = mappings[index]
      var previous = -1
      var child = Int(mapping.firstChild)
      while child >= 0 {
        guard mappings.contains(child), Int(mappings[child].parent) == index else { return "a mapping lost its parent" }
        let frames = mappings[child].frames
        guard frames.lowerBound >= mapping.frames.lowerBound, frames.upperBound <= mapping.frames.upperBound else {
          return "a mapping was derived from another frame"
        }
        if mappings[child].order != mapping.order, !mapping.hasSubmap { return "a superpage has no table for a part" }
        if Int(mappings[child].previous) != previous { return "a list of mappings does not lead back" }
        previous = child
        child = Int(mappings[child].next)
      }
      if mapping.parent >= 0, !mappings.contains(Int(mapping.parent)) { return "a mapping's parent is gone" }
    }
    return nil
  }

  // MARK: Frames and quota

  private func frameDefect(_ survey: SpaceSurvey) -> String? {
    if survey.ownedTwice { return "a kernel frame has two uses" }
    for frame in frames.range where survey.owned[frame] == frames.isFree(frame) {
      return survey.owned[frame] ? "kernel frame \(frame) is free and in use" : "kernel frame \(frame) is lost"
    }
    return nil
  }

  private func quotaDefect(_ survey: SpaceSurvey) -> String? {
    var bytes = survey.bytes
    for index in objects.indices {
      bytes.add(objects[index].bytes, to: objects[index].payer)
    }
    for index in mappings.indices {
      bytes.add(mappingBytes(mappings[index]), to: tasks[mappings[index].task.slot].payer)
    }
    for index in fpuStates.indices { bytes.add(profile.objectSizes.fpuState, to: fpuStates[index].payer) }
    for index in factories.indices where factories[index].limit != .max {
      let used = bytes[factories[index].object]
      if used != factories[index].used {
        return "factory \(index) counts \(factories[index].used) bytes where \(used) are used"
      }
    }
    return nil
  }
}

/// Bytes by factory.
private struct ChargedBytes {
  private var bytes: [UInt64] = []

  mutating func add(_ count: UInt64, to payer: ObjectID) {
    if payer.isNone { return }
    while bytes.count <= payer.slot { bytes.append(0) }
    bytes[payer.slot] += count
  }

  subscript(payer: ObjectID) -> UInt64 { payer.slot < bytes.count ? bytes[payer.slot] : 0 }
}

/// What a walk over all tasks has found.
private struct SpaceSurvey {
  var owned: [Bool]
  var ownedTwice = false
  var capabilities = 0
  var pages = 0
  var bytes = ChargedBytes()

  init(frameCount: Int) { owned = Array(repeating: false, count: frameCount) }

  mutating func own(_ frame: Int) {
    if owned[frame] { ownedTwice = true }
    owned[frame] = true
  }

  mutating func charge(_ payer: ObjectID, _ count: UInt64) { bytes.add(count, to: payer) }
}
