import CheckpointRestore
import FiascoKernel
import Genode

/// How often each kind of record occurred, under the names a scenario's `count` uses.
struct EventCounts {
  private var kernel = [UInt64](repeating: 0, count: KernelEvent.recordedKinds)
  private var others: [EventCount] = []

  /// By `KernelEvent.ordinal`; every kind is listed, also with zero.
  static let kernelNames = [
    "contextSwitch", "ipc", "ipcFailure", "messageTransfer", "senderQueued", "receiveBlocked", "timeout", "irqTrigger",
    "irqDelivery", "pageFault", "pageFaultUnanswered", "exception", "exchangeRegisters", "objectCreation",
    "objectDestruction", "threadStart", "threadKill", "objectMap", "pageMap", "unmap", "sliceEnd",
    "missingReplyCapability", "logWrite", "vcpuEntry", "vcpuResume",
  ]

  mutating func add(_ event: KernelEvent) {
    // A run is counted the same without a kernel trace.
    if !event.isTraceOnly { kernel[event.ordinal] += 1 }
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
}
