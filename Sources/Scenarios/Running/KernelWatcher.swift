import FiascoKernel
import FiascoMachine
import Simulation

/// Somebody who reads the kernel trace of a machine while it runs.
public struct KernelWatcher {
  private let kernel: (borrowing Kernel) -> Void
  private let records: ([TraceRecord]) -> Void

  /// `kernel` sees the kernel before its first instruction; `records` gets every record once, in order.
  public init(kernel: @escaping (borrowing Kernel) -> Void, records: @escaping ([TraceRecord]) -> Void) {
    self.kernel = kernel
    self.records = records
  }

  public func begin(_ system: inout System) {
    kernel(system.node.kernel)
    system.node.beginTrace()
  }

  public func take(_ system: inout System) {
    guard !system.node.trace.isEmpty else { return }
    records(system.node.trace)
    system.node.trace.removeAll(keepingCapacity: true)
  }
}
