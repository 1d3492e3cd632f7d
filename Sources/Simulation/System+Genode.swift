import Determinism
import FiascoABI
import FiascoKernel
import FiascoMachine
import Genode

/// What a machine with Genode boots: files in the boot image, and what init starts.
public struct GenodeBoot: Sendable {
  public struct File: Sendable {
    public var name: String
    public var bytes: [UInt8]
    public init(name: String, bytes: [UInt8]) {
      self.name = name
      self.bytes = bytes
    }
  }
  public var files: [File]
  public var children: [ChildConfiguration]
  public var nestedUnmap = NestedUnmap.oneLevel

  public init(files: [File], children: [ChildConfiguration]) {
    self.files = files
    self.children = children
  }
}

extension System {
  /// A machine that boots core, init and the timer; boot modules lie behind the RAM that core hands out.
  public init(
    genode boot: GenodeBoot, profile: KernelProfile, platform: PlatformProfile, layout: MemoryLayout = MemoryLayout()
  ) {
    var memory = PagedMemory(frames: layout.frames)
    let modules = memory.place(boot.files, below: layout.bytes, base: layout.base)
    let ramEnd = modules.map(\.physicalAddress).min() ?? layout.end
    let costs = GenodeCosts.assumed(picosecondsPerCycle: platform.picosecondsPerCycle)
    var kernel = Kernel(profile: profile, costs: platform.kernel, memory: memory, kernelFrames: layout.kernelFrames)
    kernel.start(RootTask(entry: NativeEntry.address(.core), window: layout.base..<layout.end))
    self.init(node: Node(kernel: kernel, platform: platform))
    install(
      .core(
        Core(
          CoreConfiguration(
            ramBase: layout.base, ramSize: ramEnd - layout.base, modules: modules, costs: costs,
            nestedUnmap: boot.nestedUnmap))))
    install(.initial(InitComponent(InitConfiguration(children: boot.children, costs: costs))))
    install(.timer(TimerDriver(costs: costs)))
  }
}

extension PagedMemory {
  /// Copies files to the end of RAM, page aligned, and says where they are.
  fileprivate mutating func place(_ files: [GenodeBoot.File], below size: UInt64, base: UInt64) -> [BootModule] {
    var end = size
    return files.map { file in
      end = (end - UInt64(file.bytes.count)) & ~4095
      load(file.bytes, at: end)
      return BootModule(name: file.name, physicalAddress: base + end, fileSize: UInt64(file.bytes.count))
    }
  }
}
