/// What has to be done to bring a component back, what each piece of work needs and why, and an order that respects it.
///
/// The order is the lowest-numbered free step each time, so that it is the same for the same image.
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
    /// Signals of a context that core had not delivered.
    case pendingSignals(Int)
    /// The context that is told about the faults of a region map.
    case faultHandler(Int)
    /// New badges into the stored copy of the capability map.
    case capabilityMap
    case contents(Int)
    case region(Int)
    case capability(Int)
    case killPlaceholder(place: Int)
    /// Nothing is done: what must be there before any instruction of the component runs is there.
    case complete
    /// Index into the relations: the holder waits for its caller, and later goes on with its request.
    case awaitCaller(Int)
    case start(Int)
    case admit(Int)
    /// The thread gets its UTCB and its registers, and stays stopped; later it goes on.
    case load(Int)
    case letGo(Int)
    /// The context that is told about the exceptions of a thread.
    case exceptionHandler(Int)
    /// The interrupt a thread blocks on, once: a wake-up may have been on its way.
    case wakeUp(Int)
    case timer(Int)
  }

  /// Why one step comes after another.
  public enum Reason: String, Hashable, Sendable, CaseIterable {
    case ownSession = "an object of the child's own sessions"
    case lowestFreePlace = "a new thread takes the lowest free place, which fixes UTCB and slots"
    case placeFilled = "the places behind the hole are taken first"
    case objectOfSession = "an object of this session"
    case allocationOrder = "allocated one after the other, as in the original"
    case standsForMap = "the managed dataspace of this map"
    case reportsToSource = "a context reports to the signal source"
    case servedBy = "a gate leads to this thread"
    case objectOfOther = "the session's object is served by the other component"
    case boundToThread = "the interrupt is attached to the thread that waits for it"
    case tellsContext = "the handler is this context"
    case toldAbout = "the object whose events are told"
    case afterAttach = "attaching the interrupt forgets what it has counted (r67)"
    case newBadge = "its new badge goes into the capability map"
    case mapInside = "the capability map lies in this memory"
    case filledInto = "the memory to be filled"
    case attachedInto = "the map it is attached to"
    case attachedMemory = "what is attached"
    case innerFirst = "an inner map is complete before it can be reached"
    case namesObject = "the slot names a new object"
    case memoryComplete = "no instruction runs before the memory is there"
    case slotsComplete = "no instruction runs before the slots are there"
    case signalsComplete = "no instruction runs before signals can arrive"
    case complete = "everything is in place"
    case serversFirst = "a server waits before its first client calls"
    case holderWaits = "the holder of the request waits before its caller calls"
    case callerCalls = "the caller's call gives the holder its reply capability"
    case partnersExist = "whomever it may call next must exist"
    case loadedBefore = "its registers and its UTCB are in place"
    case callersFirst = "nobody else may call before those who waited for an answer"
    case queueOrder = "calls that were queued come before new ones, by priority"
    case startedBefore = "the restorer listens to the thread's exceptions while it starts it"
    case wakesLate = "a wake-up for a thread that runs"
    case timersLast = "time passes for threads that run"
  }

  public struct Need: Hashable, Sendable {
    /// Index into `nodes`.
    public var node: Int
    public var why: Reason
  }

  public struct Node: Hashable, Sendable {
    public var step: Step
    public var needs: [Need]
    /// Which of the images the step belongs to.
    public var image = 0
  }

  public internal(set) var nodes: [Node] = []
  /// Holders and callers that are brought together again.
  public internal(set) var relations: [CallerRelation] = []
  /// Threads that are loaded first and let go later.
  var held: [CallerRelation.Place] = []

  /// Calls that were queued are made one after the other.
  var ordersQueue = false

  /// What a policy does not let pass.
  public static func obstacle(to images: [CheckpointImage], policy: ResumptionPolicy) -> RefusalReason? {
    guard policy.recreatesCallers else { return nil }
    if let outside = OutsideCaller.first(in: images) {
      let holder = images[outside.holder.image].threads[outside.holder.thread].name
      return .callerOutside(caller: outside.caller, holder: holder)
    }
    guard policy == .refuse, let (image, inexact) = InexactThread.first(in: images) else { return nil }
    return .inexactThread(name: images[image].threads[inexact.thread].name, inexact.reason)
  }

  /// All steps, each after everything it needs; nil if steps need each other in a circle.
  public var order: [Step]? { sequence?.map { nodes[$0].step } }

  /// The same as indices of nodes.
  public var sequence: [Int]? {
    let found = sorted()
    return found.count == nodes.count ? found : nil
  }

  /// Steps that need each other in a circle, each before the one it needs; nil if there is no circle.
  public var cycle: [Node]? {
    var isDone = [Bool](repeating: false, count: nodes.count)
    for index in sorted() { isDone[index] = true }
    guard var current = isDone.firstIndex(of: false) else { return nil }
    var path: [Int] = []
    while !path.contains(current) {
      path.append(current)
      // What is not done waits for something that is not done.
      guard let next = nodes[current].needs.first(where: { !isDone[$0.node] })?.node else { return nil }
      current = next
    }
    return path.drop { $0 != current }.map { nodes[$0] }
  }

  /// Indices of the steps that can be done, in order.
  private func sorted() -> [Int] {
    var open = nodes.map(\.needs.count)
    var users = [[Int]](repeating: [], count: nodes.count)
    for (index, node) in nodes.enumerated() { for need in node.needs { users[need.node].append(index) } }
    var isReady = open.map { $0 == 0 }
    var result: [Int] = []
    var next = 0
    while next < nodes.count {
      guard isReady[next] else {
        next += 1
        continue
      }
      isReady[next] = false
      result.append(next)
      var lowest = next + 1
      for user in users[next] {
        open[user] -= 1
        guard open[user] == 0 else { continue }
        isReady[user] = true
        lowest = min(lowest, user)
      }
      next = lowest
    }
    return result
  }

  /// A need that is named twice is one need.
  mutating func add(_ step: Step, after needs: [Need], in image: Int) -> Int {
    var known: Set<Int> = []  // lookup only
    nodes.append(Node(step: step, needs: needs.filter { known.insert($0.node).inserted }, image: image))
    return nodes.count - 1
  }
}
