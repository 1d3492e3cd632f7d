import Determinism
import FiascoKernel

/// What a platform's work costs; every figure says where it comes from and how it is known.
public struct PlatformProfile: Sendable, Hashable {
  public let name: String
  public let about: String
  /// A cycle is a whole number of picoseconds; an instruction takes one cycle.
  public let picosecondsPerCycle: UInt64
  public let kernel: CostModel
  public let memory: MemoryCosts

  public init(name: String, about: String, picosecondsPerCycle: UInt64, kernel: CostModel, memory: MemoryCosts) {
    self.name = name
    self.about = about
    self.picosecondsPerCycle = picosecondsPerCycle
    self.kernel = kernel
    self.memory = memory
  }

  /// How long an interrupt from one core to another travels. A core may run ahead of the others by as much: whatever
  /// they do meanwhile cannot reach it earlier.
  public var interruptFlight: TimeSpan {
    .picoseconds(Int64(kernel[.interruptFlight].base &* picosecondsPerCycle))
  }

  public static func named(_ name: String) -> PlatformProfile? { shipped.first { $0.name == name } }
  public static var shipped: [PlatformProfile] { [.zynq7020, .riscvVirt] }
}

/// Picoseconds per byte of bulk work.
public struct MemoryCosts: Sendable, Hashable {
  public struct Entry: Sendable, Hashable {
    public var picosecondsPerByte: UInt64
    public var status: CostStatus
    public var source: String
    public init(picosecondsPerByte: UInt64, status: CostStatus, source: String) {
      self.picosecondsPerByte = picosecondsPerByte
      self.status = status
      self.source = source
    }
  }
  // In one block: every fork of a machine holds its costs, and shares a block more cheaply than four texts.
  private let entries: [Entry]

  public init(copy: Entry, fill: Entry, touch: Entry, storage: Entry) { entries = [copy, fill, touch, storage] }

  public var copy: Entry { entries[0] }
  public var fill: Entry { entries[1] }
  public var touch: Entry { entries[2] }
  /// Writing a checkpoint to storage.
  public var storage: Entry { entries[3] }
}
