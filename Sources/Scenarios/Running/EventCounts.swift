import CheckpointRestore
import FiascoKernel
import Genode

/// How often each kind of record occurred, under the names a scenario's `count` uses.
struct EventCounts {
  private var kernel = [UInt64](repeating: 0, count: EventCounts.kernelNames.count)
  private var others: [EventCount] = []

  /// In the order of `KernelEvent`; every kind is listed, also with zero.
  static let kernelNames = [
    "contextSwitch", "ipc", "ipcFailure", "messageTransfer", "senderQueued", "receiveBlocked", "timeout", "irqTrigger",
    "irqDelivery", "pageFault", "pageFaultUnanswered", "exception", "exchangeRegisters", "objectCreation",
    "objectDestruction", "threadStart", "threadKill", "objectMap", "pageMap", "unmap", "sliceEnd",
    "missingReplyCapability", "logWrite", "vcpuEntry", "vcpuResume",
  ]

  mutating func add(_ event: KernelEvent) {
    if let index = EventCounts.index(of: event) { kernel[index] += 1 }
  }

  mutating func add(_ event: GenodeEvent) { add(EventCounts.caseName(of: event)) }
  mutating func add(_ event: CheckpointEvent) { add(EventCounts.caseName(of: event)) }

  /// Upper layers have few records: the name of the case is good enough, and new cases need nobody to list them.
  private static func caseName<Event>(of event: Event) -> String {
    Mirror(reflecting: event).children.first?.label ?? "\(event)"
  }

  mutating func add(_ name: String) {
    if let index = others.firstIndex(where: { $0.name == name }) {
      others[index].count += 1
    } else {
      others.append(EventCount(name, 1))
    }
  }

  var all: [EventCount] { zip(EventCounts.kernelNames, kernel).map { EventCount($0, $1) } + others }

  /// Nil for what is recorded only while a kernel trace is made: a run is counted the same without one.
  private static func index(of event: KernelEvent) -> Int? {
    switch event {
    case .contextSwitched: 0
    case .ipcStarted: 1
    case .ipcFailed: 2
    case .messageTransferred: 3
    case .senderQueued: 4
    case .receiveBlocked: 5
    case .timeoutExpired: 6
    case .irqTriggered: 7
    case .irqDelivered: 8
    case .pageFaulted: 9
    case .pageFaultUnanswered: 10
    case .exceptionRaised: 11
    case .registersExchanged: 12
    case .objectCreated: 13
    case .objectDestroyed: 14
    case .threadStarted: 15
    case .threadKilled: 16
    case .objectsMapped: 17
    case .pagesMapped: 18
    case .unmapped: 19
    case .sliceExpired: 20
    case .replyCapabilityMissing: 21
    case .logWritten: 22
    case .vcpuEntered: 23
    case .vcpuResumed: 24
    case .ipcReturned, .gateInvoked, .contextLoaded, .contextSaved, .contextInvalidated, .pageFaultAnswered,
      .exceptionUnanswered, .timerTicked, .taskMapRequested, .taskUnmapRequested, .objectReleased, .threadMigrated,
      .requestPosted, .requestHandled:
      nil
    }
  }
}
