/// Named pieces of kernel work; operations name work, a platform profile says what it costs.
public enum KernelWork: UInt8, BitwiseCopyable, Sendable, CaseIterable {
  case enterKernel, leaveKernel
  case ipcSend, ipcReceive, copyWords, transferItem
  case contextSwitch, spaceSwitch
  case pageFaultEntry, exceptionEntry
  case objectInvocation
  case mapPage, unmapPage, mapObject, unmapObject, tableWalk
  case exchangeRegisters, runThread
  case createObject, createTask, destroyObject, destroyTask
  case timerTick, irqTrigger
  /// The trap at the first floating-point instruction, with the registers of the old owner saved and the new one's loaded.
  case switchFPU
  /// Asking another core, interrupt included; taking that interrupt; having another core forget translations.
  case remoteRequest, interprocessorInterrupt, shootdown
  /// From sending an interrupt to another core until it arrives: passes on no core.
  case interruptFlight
}

extension KernelWork {
  /// Only a machine with several cores does it.
  public var isBetweenCores: Bool {
    [.remoteRequest, .interprocessorInterrupt, .shootdown, .interruptFlight].contains(self)
  }
}

/// How a figure came to be known.
public enum CostStatus: String, Hashable, Sendable { case measured, published, counted, assumed }

/// Cycles for each kind of work: a fixed part and one per unit.
public struct CostModel: Sendable, Hashable {
  public struct Entry: Sendable, Hashable {
    public var base: UInt64
    public var perUnit: UInt64
    public var status: CostStatus
    public var source: String
    public init(base: UInt64, perUnit: UInt64 = 0, status: CostStatus, source: String) {
      self.base = base
      self.perUnit = perUnit
      self.status = status
      self.source = source
    }
  }

  public let entries: [Entry]

  /// `entry` is asked once for every kind of work.
  public init(_ entry: (KernelWork) -> Entry) {
    entries = KernelWork.allCases.map(entry)
  }

  @inline(__always)
  func cycles(_ work: KernelWork, count: Int) -> UInt64 {
    let entry = entries[Int(work.rawValue)]
    return entry.base &+ entry.perUnit &* UInt64(truncatingIfNeeded: count)
  }

  public subscript(work: KernelWork) -> Entry { entries[Int(work.rawValue)] }

  /// No kernel work takes time: for tests of behaviour alone.
  public static let free = CostModel { _ in Entry(base: 0, status: .assumed, source: "test of behaviour") }
}
