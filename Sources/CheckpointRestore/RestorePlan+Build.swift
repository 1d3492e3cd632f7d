// From an image to a graph. Sections of a component's life decide what needs what: threads in the order of their
// places, because the place fixes UTCB and capability slots; the capability map before the memory that contains it;
// inner region maps before outer ones; servers before their clients; nothing runs before everything is there.
extension RestorePlan {
  /// The plan for a child without ELF.
  public init(_ image: CheckpointImage, policy: ResumptionPolicy = .reissueReceiveHalf) {
    self.init([image], policy: policy)
  }

  /// The plan for components that were checkpointed together.
  public init(_ images: [CheckpointImage], policy: ResumptionPolicy = .reissueReceiveHalf) {
    relations = policy.recreatesCallers ? CallerRelation.all(in: images) : []
    let parts = images.enumerated().map { addObjects($1, in: $0) }
    if images.count > 1 { addSharedObjects(images, parts) }
    let started = addStarts(images, parts.map(\.complete), inOrder: policy.recreatesCallers)
    for (number, image) in images.enumerated() {
      addLast(image, parts[number].sessions, parts[number].contexts, started[image: number], in: number)
    }
  }

  /// Nodes of one image that later ones refer to.
  private struct Part {
    var sessions: [Int]
    var contexts: [Int]
    var objects: [Int]
    var patch: Int
    var capabilities: [Int]
    var complete: Need
  }

  private mutating func addObjects(_ image: CheckpointImage, in member: Int) -> Part {
    let child = add(.child, after: [], in: member)
    let threads = addThreads(image, child, member)
    let own = Need(node: child, why: .ownSession)
    let sessions = image.sessions.indices.map { add(.session($0), after: [own], in: member) }
    let maps = addMaps(image, own, sessions, member)
    let dataspaces = addDataspaces(image, own, sessions, maps, member)
    let source = add(.signalSource, after: [own], in: member)
    let contexts = image.signalContexts.indices.map {
      add(.context($0), after: [Need(node: source, why: .reportsToSource)], in: member)
    }
    let objects = image.rpcObjects.enumerated().map {
      add(.rpcObject($0), after: [Need(node: threads.created[$1.threadIndex], why: .servedBy)], in: member)
    }
    let waiter = image.signals.threadIndex.map { Need(node: threads.created[$0], why: .boundToThread) }
    let interrupt = add(
      .interrupt, after: [Need(node: source, why: .objectOfSession)] + (waiter.map { [$0] } ?? []), in: member)
    let signals = addSignals(image, maps, contexts, interrupt, member)
    let named = threads.created + sessions + maps + dataspaces + contexts + objects + [source, interrupt]
    let patch = add(.capabilityMap, after: named.map { Need(node: $0, why: .newBadge) }, in: member)
    let contents = addContents(image, dataspaces, patch, member)
    let regions = addRegions(image, maps, dataspaces, contents, member)
    let capabilities = addCapabilities(
      image, child, threads.created, sessions, maps, dataspaces, contexts, objects, member)
    let killed = threads.placeholders.map { hole in
      add(
        .killPlaceholder(place: hole.place),
        after: (threads.created + [hole.node]).map { Need(node: $0, why: .placeFilled) }, in: member)
    }
    let ready =
      (contents + regions).map { Need(node: $0, why: .memoryComplete) }
      + (capabilities + killed).map { Need(node: $0, why: .slotsComplete) }
      + (signals + [interrupt]).map { Need(node: $0, why: .signalsComplete) }
    let complete = Need(node: add(.complete, after: ready, in: member), why: .complete)
    return Part(
      sessions: sessions, contexts: contexts, objects: objects, patch: patch, capabilities: capabilities,
      complete: complete)
  }

  /// A component may hold objects that another one of the same checkpoint serves.
  private mutating func addSharedObjects(_ images: [CheckpointImage], _ parts: [Part]) {
    for (member, image) in images.enumerated() {
      for (server, other) in images.enumerated() where server != member {
        for (index, object) in other.rpcObjects.enumerated() {
          let node = parts[server].objects[index]
          for session in image.sessions.indices where image.sessions[session].badge == object.badge {
            nodes[parts[member].sessions[session]].needs.append(Need(node: node, why: .objectOfOther))
          }
          for slot in image.capabilities.indices where image.capabilities[slot].badge == object.badge {
            nodes[parts[member].capabilities[slot]].needs.append(Need(node: node, why: .namesObject))
            nodes[parts[member].patch].needs.append(Need(node: node, why: .newBadge))
          }
        }
      }
    }
  }

  /// In the order of the places; each place follows the one before it, because the lowest free one is taken.
  private mutating func addThreads(
    _ image: CheckpointImage, _ child: Int, _ member: Int
  ) -> (created: [Int], placeholders: [(place: Int, node: Int)]) {
    let byPlace = image.threads.indices.sorted { (image.threads[$0].place, $0) < (image.threads[$1].place, $1) }
    var created = [Int](repeating: child, count: image.threads.count)
    var placeholders: [(place: Int, node: Int)] = []
    var last = Need(node: child, why: .ownSession)
    var free = 0
    for index in byPlace {
      while free < image.threads[index].place {
        last = Need(node: add(.placeholder(place: free), after: [last], in: member), why: .lowestFreePlace)
        placeholders.append((free, last.node))
        free += 1
      }
      last = Need(node: add(.thread(index), after: [last], in: member), why: .lowestFreePlace)
      created[index] = last.node
      free = max(free, image.threads[index].place + 1)
    }
    return (created, placeholders)
  }

  private mutating func addMaps(
    _ image: CheckpointImage, _ own: Need, _ sessions: [Int], _ member: Int
  ) -> [Int] {
    image.regionMaps.indices.map { index in
      let owner = image.regionMaps[index].sessionBadge
      guard owner != 0 else { return own.node }
      let needs = image.sessions.indices.filter { image.sessions[$0].badge == owner }.map {
        Need(node: sessions[$0], why: .objectOfSession)
      }
      return add(.regionMap(index), after: [own] + needs, in: member)
    }
  }

  /// RAM in the order of allocation; a dataspace of a session needs the session, one of a map the map.
  private mutating func addDataspaces(
    _ image: CheckpointImage, _ own: Need, _ sessions: [Int], _ maps: [Int], _ member: Int
  ) -> [Int] {
    var last = own
    return image.dataspaces.indices.map { index in
      var needs = [last]
      for (map, entry) in image.regionMaps.enumerated() where entry.dataspaceIndex == index {
        needs.append(Need(node: maps[map], why: .standsForMap))
      }
      let owner = image.dataspaces[index].sessionBadge
      for session in image.sessions.indices where owner != 0 && image.sessions[session].badge == owner {
        needs.append(Need(node: sessions[session], why: .objectOfSession))
      }
      last = Need(node: add(.dataspace(index), after: needs, in: member), why: .allocationOrder)
      return last.node
    }
  }

  private mutating func addSignals(
    _ image: CheckpointImage, _ maps: [Int], _ contexts: [Int], _ interrupt: Int, _ member: Int
  ) -> [Int] {
    let order = image.signalContexts.indices.filter { image.signalContexts[$0].pendingCount > 0 }.sorted {
      (image.signalContexts[$0].pendingPlace, $0) < (image.signalContexts[$1].pendingPlace, $1)
    }
    var all: [Int] = []
    var last: [Need] = []
    for index in order {
      let needs = [
        Need(node: contexts[index], why: .tellsContext), Need(node: interrupt, why: .afterAttach),
      ]
      let node = add(.pendingSignals(index), after: needs + last, in: member)
      last = [Need(node: node, why: .allocationOrder)]
      all.append(node)
    }
    for (index, map) in image.regionMaps.enumerated() where map.faultHandlerBadge != 0 {
      let needs = [Need(node: maps[index], why: .toldAbout)] + handlers(map.faultHandlerBadge, image, contexts)
      all.append(add(.faultHandler(index), after: needs, in: member))
    }
    return all
  }

  private func handlers(_ badge: UInt64, _ image: CheckpointImage, _ contexts: [Int]) -> [Need] {
    image.signalContexts.indices.filter { image.signalContexts[$0].badge == badge }.map {
      Need(node: contexts[$0], why: .tellsContext)
    }
  }

  /// Each slot needs the one object it names. What has no step of its own comes with the child or its signal source.
  private mutating func addCapabilities(
    _ image: CheckpointImage, _ child: Int, _ threads: [Int], _ sessions: [Int], _ maps: [Int], _ dataspaces: [Int],
    _ contexts: [Int], _ objects: [Int], _ member: Int
  ) -> [Int] {
    var makers: [UInt64: Int] = [:]  // lookup only
    func note(_ badge: UInt64, _ node: Int) { if badge != 0, makers[badge] == nil { makers[badge] = node } }
    for (index, thread) in image.threads.enumerated() {
      note(thread.badge, threads[index])
      note(thread.gateBadge, threads[index])
    }
    for (index, session) in image.sessions.enumerated() { note(session.badge, sessions[index]) }
    for (index, map) in image.regionMaps.enumerated() { note(map.badge, maps[index]) }
    for (index, dataspace) in image.dataspaces.enumerated() { note(dataspace.badge, dataspaces[index]) }
    for (index, context) in image.signalContexts.enumerated() { note(context.badge, contexts[index]) }
    for (index, object) in image.rpcObjects.enumerated() { note(object.badge, objects[index]) }
    for (index, node) in nodes.enumerated() where node.image == member {
      switch node.step {
      case .signalSource:
        note(image.signals.badge, index)
        note(image.nativePDBadge, index)
      case .interrupt: note(image.signals.interruptBadge, index)
      default: break
      }
    }
    return image.capabilities.indices.map {
      let maker = makers[image.capabilities[$0].badge] ?? child
      return add(.capability($0), after: [Need(node: maker, why: .namesObject)], in: member)
    }
  }

  private mutating func addContents(
    _ image: CheckpointImage, _ dataspaces: [Int], _ patch: Int, _ member: Int
  ) -> [Int] {
    let mapHolder = image.capabilityMapPlace?.dataspace
    return image.dataspaces.indices.filter { image.dataspaces[$0].provenance == .captured }.map { index in
      let map = index == mapHolder ? [Need(node: patch, why: .mapInside)] : []
      return add(
        .contents(index), after: [Need(node: dataspaces[index], why: .filledInto)] + map, in: member)
    }
  }

  /// Inner maps first, then what they are attached to; the address space comes last.
  private mutating func addRegions(
    _ image: CheckpointImage, _ maps: [Int], _ dataspaces: [Int], _ contents: [Int], _ member: Int
  ) -> [Int] {
    var added: [(index: Int, node: Int)] = []
    var filled = [Int?](repeating: nil, count: image.dataspaces.count)
    for node in contents { if case .contents(let dataspace) = nodes[node].step { filled[dataspace] = node } }
    var inside = [[Int]](repeating: [], count: image.regionMaps.count)
    for map in image.regionMaps.indices.reversed() {
      for index in image.regions.indices where image.regions[index].map == map {
        let dataspace = image.regions[index].dataspaceIndex
        var needs = [
          Need(node: maps[map], why: .attachedInto), Need(node: dataspaces[dataspace], why: .attachedMemory),
        ]
        if let filled = filled[dataspace] { needs.append(Need(node: filled, why: .attachedMemory)) }
        added.append((index, add(.region(index), after: needs, in: member)))
        inside[map].append(nodes.count - 1)
      }
    }
    // Only now is every inner region known, also those of maps that contain each other.
    for outer in added {
      let dataspace = image.regions[outer.index].dataspaceIndex
      for map in image.regionMaps.indices where image.regionMaps[map].dataspaceIndex == dataspace {
        nodes[outer.node].needs += inside[map].map { Need(node: $0, why: .innerFirst) }
      }
    }
    return added.map(\.node)
  }
}
