import Genode

/// What has to be done to bring a component back, what each piece of work needs, and an order that respects it.
///
/// The order is the lowest-numbered free step each time, so that it is the same for the same image. Sections 2.2 to 2.5
/// of a component's life decide what needs what: threads in the order of their places, because the place fixes UTCB and
/// capability slots; the capability map before the memory that contains it; inner region maps before outer ones;
/// servers before their clients.
public struct RestorePlan: Hashable, Sendable {
  /// Indices are those of the image's lists.
  public enum Step: Hashable, Sendable {
    /// PD, CPU and RAM session, the three region maps, the parent capability.
    case child
    case thread(Int)
    /// A thread that is created and killed again, to leave the hole a dead one left in the original.
    case placeholder(place: Int)
    case session(Int)
    case regionMap(Int)
    case dataspace(Int)
    case signalSource
    case context(Int)
    case rpcObject(Int)
    case interrupt
    /// New badges into the stored copy of the capability map.
    case capabilityMap
    case contents(Int)
    case region(Int)
    case capability(Int)
    case killPlaceholder(place: Int)
    case start(Int)
    case timer(Int)
  }

  public struct Node: Hashable, Sendable {
    public var step: Step
    /// Indices into `nodes`.
    public var needs: [Int]
  }

  public private(set) var nodes: [Node] = []

  /// All steps, each after everything it needs; nil if steps need each other in a circle.
  public var order: [Step]? {
    var open = nodes.map(\.needs.count)
    var users = [[Int]](repeating: [], count: nodes.count)
    for (index, node) in nodes.enumerated() { for need in node.needs { users[need].append(index) } }
    var ready = nodes.indices.filter { open[$0] == 0 }
    var result: [Step] = []
    while let next = ready.min() {
      ready.removeAll { $0 == next }
      result.append(nodes[next].step)
      for user in users[next] {
        open[user] -= 1
        if open[user] == 0 { ready.append(user) }
      }
    }
    return result.count == nodes.count ? result : nil
  }

  private mutating func add(_ step: Step, after needs: [Int]) -> Int {
    nodes.append(Node(step: step, needs: needs))
    return nodes.count - 1
  }
}

extension RestorePlan {
  /// The plan for a child without ELF.
  public init(_ image: CheckpointImage) {
    let child = add(.child, after: [])
    let threads = addThreads(image, child)
    let sessions = image.sessions.indices.map { add(.session($0), after: [child]) }
    let maps = addMaps(image, child, sessions)
    let dataspaces = addDataspaces(image, child, maps)
    let source = add(.signalSource, after: [child])
    let contexts = image.signalContexts.indices.map { add(.context($0), after: [source]) }
    let objects = image.rpcObjects.enumerated().map { add(.rpcObject($0), after: [threads.created[$1.threadIndex]]) }
    let interrupt = add(.interrupt, after: [source] + (image.signals.threadIndex.map { [threads.created[$0]] } ?? []))
    let named = threads.created + sessions + maps + dataspaces + contexts + objects + [source, interrupt]
    let patch = add(.capabilityMap, after: named)
    let contents = addContents(image, dataspaces, patch)
    let regions = addRegions(image, maps, contents)
    let capabilities = image.capabilities.indices.map { add(.capability($0), after: named) }
    let killed = threads.placeholders.map { add(.killPlaceholder(place: $0.place), after: threads.created + [$0.node]) }
    let ready = contents + regions + capabilities + killed + [interrupt]
    let started = addStarts(image, ready)
    for (index, timer) in image.timers.enumerated() {
      let needs = image.sessions.indices.filter { image.sessions[$0].badge == timer.sessionBadge }.map { sessions[$0] }
      _ = add(.timer(index), after: needs + contexts + started)
    }
  }

  /// In the order of the places; each place follows the one before it, because the lowest free one is taken.
  private mutating func addThreads(
    _ image: CheckpointImage, _ child: Int
  ) -> (created: [Int], placeholders: [(place: Int, node: Int)]) {
    let byPlace = image.threads.indices.sorted { (image.threads[$0].place, $0) < (image.threads[$1].place, $1) }
    var created = [Int](repeating: child, count: image.threads.count)
    var placeholders: [(place: Int, node: Int)] = []
    var last = child
    var free = 0
    for index in byPlace {
      while free < image.threads[index].place {
        last = add(.placeholder(place: free), after: [last])
        placeholders.append((free, last))
        free += 1
      }
      last = add(.thread(index), after: [last])
      created[index] = last
      free = max(free, image.threads[index].place + 1)
    }
    return (created, placeholders)
  }

  private mutating func addMaps(_ image: CheckpointImage, _ child: Int, _ sessions: [Int]) -> [Int] {
    image.regionMaps.indices.map { index in
      let owner = image.regionMaps[index].sessionBadge
      guard owner != 0 else { return child }
      let needs = image.sessions.indices.filter { image.sessions[$0].badge == owner }.map { sessions[$0] }
      return add(.regionMap(index), after: [child] + needs)
    }
  }

  /// RAM in the order of allocation; a dataspace of a session needs the session, one of a map the map.
  private mutating func addDataspaces(_ image: CheckpointImage, _ child: Int, _ maps: [Int]) -> [Int] {
    var last = child
    return image.dataspaces.indices.map { index in
      var needs = [last]
      for (map, entry) in image.regionMaps.enumerated() where entry.dataspaceIndex == index { needs.append(maps[map]) }
      for node in nodes.indices {
        if case .session(let session) = nodes[node].step,
          image.dataspaces[index].sessionBadge != 0,
          image.sessions[session].badge == image.dataspaces[index].sessionBadge
        {
          needs.append(node)
        }
      }
      last = add(.dataspace(index), after: needs)
      return last
    }
  }

  private mutating func addContents(_ image: CheckpointImage, _ dataspaces: [Int], _ patch: Int) -> [Int] {
    let mapHolder = image.capabilityMapPlace?.dataspace
    return image.dataspaces.indices.filter { image.dataspaces[$0].provenance == .captured }.map { index in
      add(.contents(index), after: [dataspaces[index]] + (index == mapHolder ? [patch] : []))
    }
  }

  /// Inner maps first, then what they are attached to; the address space comes last.
  private mutating func addRegions(_ image: CheckpointImage, _ maps: [Int], _ contents: [Int]) -> [Int] {
    var attached = [[Int]](repeating: [], count: image.regionMaps.count)
    var all: [Int] = []
    for map in image.regionMaps.indices.reversed() {
      for index in image.regions.indices where image.regions[index].map == map {
        let dataspace = image.regions[index].dataspaceIndex
        var needs = [maps[map]]
        for node in nodes.indices {
          switch nodes[node].step {
          case .dataspace(dataspace), .contents(dataspace): needs.append(node)
          default: break
          }
        }
        for inner in image.regionMaps.indices where image.regionMaps[inner].dataspaceIndex == dataspace {
          needs += attached[inner]
        }
        let node = add(.region(index), after: needs)
        attached[map].append(node)
        all.append(node)
      }
    }
    return all
  }

  /// Threads that serve, by object or by signal, must wait when the first client calls.
  private mutating func addStarts(_ image: CheckpointImage, _ ready: [Int]) -> [Int] {
    let servers = image.threads.indices.filter { index in
      image.signals.threadIndex == index || image.rpcObjects.contains { $0.threadIndex == index }
    }
    var first: [Int] = []
    for index in servers where image.threads[index].started { first.append(add(.start(index), after: ready)) }
    var all = first
    for index in image.threads.indices where image.threads[index].started && !servers.contains(index) {
      all.append(add(.start(index), after: ready + first))
    }
    return all
  }
}
