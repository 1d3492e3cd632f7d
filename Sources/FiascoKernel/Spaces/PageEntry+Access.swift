import FiascoABI
import RISCV

extension PageEntry {
  /// Whether the hardware lets this access through.
  @inline(__always)
  public func allows(_ access: MemoryAccess) -> Bool {
    if access.contains(.write), !rights.contains(.write) { return false }
    if access.contains(.read), !rights.contains(.read) { return false }
    return !access.contains(.execute) || rights.contains(.execute)
  }
}
