import CheckpointRestore
import Determinism
import FiascoABI
import FiascoKernel
import FiascoMachine
import Genode

/// A file of the boot image: a ROM module of core.
public struct BootFile: Sendable {
  public var name: String
  public var bytes: [UInt8]
  public init(name: String, bytes: [UInt8]) {
    self.name = name
    self.bytes = bytes
  }
}

extension System {
  /// A machine that boots core with the files as ROM modules; core starts init, init the configured children.
  ///
  /// The files lie at the bottom of RAM, core hands out what is above them.
  public init(
    booting children: [ChildConfiguration], files: [BootFile], profile: KernelProfile, platform: PlatformProfile,
    layout: MemoryLayout = MemoryLayout(), cores: Int = 1, costs: GenodeCosts? = nil,
    changes: [InitChange] = [], release: GenodeRelease = .genode1608, checkpointer: CheckpointerConfiguration? = nil,
    coreCapabilities: Int = CoreConfiguration.usualCapabilityCount
  ) {
    var memory = PagedMemory(frames: layout.frames)
    var modules: [BootModule] = []
    var next = layout.base
    for file in files {
      memory.load(file.bytes, at: next - layout.base)
      let module = BootModule(name: file.name, physicalAddress: next, fileSize: UInt64(file.bytes.count))
      modules.append(module)
      next += module.size
    }
    var kernel = Kernel(
      profile: profile, costs: platform.kernel, memory: memory, kernelFrames: layout.kernelFrames,
      cores: cores)
    kernel.start(RootTask(entry: NativeEntry.address(.core), window: layout.base..<layout.end))
    self.init(node: Node(kernel: kernel, platform: platform))
    let costs = costs ?? .assumed(picosecondsPerCycle: platform.picosecondsPerCycle)
    install(
      .core(
        Core(
          CoreConfiguration(
            ramBase: next, ramSize: layout.end - next, modules: modules, costs: costs,
            kernel: profile.name == .r67 ? .r67 : .modern, release: release, capabilityCount: coreCapabilities))))
    install(.initial(InitComponent(InitConfiguration(children: children, changes: changes, costs: costs))))
    install(.timer(TimerDriver(costs: costs)))
    if let checkpointer { install(.checkpointer(Checkpointer(checkpointer))) }
  }
}
