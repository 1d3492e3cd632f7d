import Determinism
import FiascoABI
import FiascoKernel
import FiascoMachine

/// A program image as the boot loader places it: physical addresses equal virtual ones.
public struct BootImage: Sendable {
  public struct Segment: Sendable {
    public var address: UInt64
    public var bytes: [UInt8]
    public init(address: UInt64, bytes: [UInt8]) {
      self.address = address
      self.bytes = bytes
    }
  }
  public var entry: UInt64
  public var segments: [Segment]
  public init(entry: UInt64, segments: [Segment]) {
    self.entry = entry
    self.segments = segments
  }
}

/// How much RAM a machine has and which part of it belongs to the kernel.
public struct MemoryLayout: Sendable {
  public var bytes: UInt64
  /// Kernel memory at the top of RAM.
  public var kernelBytes: UInt64

  public init(bytes: UInt64 = 256 << 20, kernelBytes: UInt64 = 32 << 20) {
    self.bytes = bytes
    self.kernelBytes = kernelBytes
  }

  var frames: Int { Int((bytes + kernelBytes) / 4096) }
  var kernelFrames: Range<Int> { Int(bytes / 4096)..<frames }
  public var base: UInt64 { Kernel.physicalBase }
  public var end: UInt64 { base + bytes }
}

extension System {
  /// A machine that boots one program as its first task, as the kernel's boot loader would.
  public init(
    booting image: BootImage, profile: KernelProfile, platform: PlatformProfile, layout: MemoryLayout = MemoryLayout(),
    cores: Int = 1
  ) {
    var memory = PagedMemory(frames: layout.frames)
    for segment in image.segments { memory.load(segment.bytes, at: segment.address - layout.base) }
    var kernel = Kernel(
      profile: profile, costs: platform.kernel, memory: memory, kernelFrames: layout.kernelFrames, cores: cores)
    kernel.start(RootTask(entry: image.entry, window: image.window(in: layout)))
    self.init(node: Node(kernel: kernel, platform: platform))
  }
}

extension BootImage {
  /// The root pager gives every page from the image's first one to the end of RAM.
  func window(in layout: MemoryLayout) -> Range<UInt64> {
    let first = segments.map(\.address).min() ?? layout.base
    return first & ~0xfff..<layout.end
  }
}

extension PagedMemory {
  /// Copies bytes to a physical offset.
  mutating func load(_ bytes: [UInt8], at offset: UInt64) {
    var done = 0
    while done < bytes.count {
      let at = Int(offset) + done
      let chunk = min(bytes.count - done, 4096 - at % 4096)
      bytes.withUnsafeBytes { source in
        writable(at / 4096).advanced(by: at % 4096)
          .copyMemory(from: source.baseAddress.unsafelyUnwrapped + done, byteCount: chunk)
      }
      done += chunk
    }
  }
}
