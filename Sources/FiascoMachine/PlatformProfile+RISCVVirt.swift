import FiascoKernel

extension PlatformProfile {
  /// QEMU's `virt` board with one instruction a nanosecond, as today's kernel was counted on it.
  ///
  /// The kernel figures are instructions counted on the real kernel (assertions and debugger built in), taken apart so
  /// that the sums meet the counts: an empty-slot call 230, a kernel-object call 308, call and reply of two words 1,492,
  /// 64 more between tasks, 6 a word and direction, a page mapped 2,126, unmapped 1,700, a capability 1,002 and 657.
  public static let riscvVirt = PlatformProfile(
    name: "riscv-virt",
    about: "QEMU virt, riscv64, one instruction a nanosecond; kernel work counted on the real kernel",
    picosecondsPerCycle: 1000, kernel: CostModel(countedOnRISCV), memory: virtMemory)

  private static let betweenCores = "about a microsecond for an interrupt; the kernel was counted on one core"
  private static let counted = "instructions counted on Fiasco.OC (riscv64, QEMU icount), taken apart to meet the sums"

  private static func countedOnRISCV(_ work: KernelWork) -> CostModel.Entry {
    let (base, perUnit): (UInt64, UInt64) =
      switch work {
      case .enterKernel: (120, 0)
      case .leaveKernel: (107, 0)
      case .ipcSend: (250, 0)
      case .ipcReceive: (104, 0)
      case .copyWords: (0, 6)
      case .transferItem: (60, 0)
      case .contextSwitch: (150, 0)
      case .spaceSwitch: (32, 0)
      case .pageFaultEntry: (230, 0)
      case .exceptionEntry: (264, 0)
      case .objectInvocation: (78, 0)
      case .mapPage: (548, 1270)
      case .unmapPage: (340, 1050)
      case .mapObject: (0, 694)
      case .unmapObject: (0, 349)
      case .tableWalk: (0, 0)
      case .exchangeRegisters: (238, 0)
      case .runThread: (413, 0)
      case .createObject: (515, 0)
      case .createTask: (27_137, 0)
      case .destroyObject: (313, 0)
      case .destroyTask: (26_558, 0)
      case .timerTick: (489, 0)
      case .irqTrigger: (52, 0)
      case .switchFPU: (320, 0)
      case .remoteRequest: (250, 0)
      case .interprocessorInterrupt: (300, 0)
      case .shootdown: (0, 600)
      case .interruptFlight: (1000, 0)
      }
    // No thread used the floating-point unit when the instructions were counted.
    if work == .switchFPU {
      return CostModel.Entry(base: base, status: .assumed, source: "a trap (227), 33 registers out and 33 in")
    }
    if work.isBetweenCores {
      return CostModel.Entry(base: base, perUnit: perUnit, status: .assumed, source: betweenCores)
    }
    return CostModel.Entry(base: base, perUnit: perUnit, status: .counted, source: counted)
  }

  private static let virtMemory = MemoryCosts(
    copy: .init(picosecondsPerByte: 500, status: .assumed, source: "four instructions for eight bytes"),
    fill: .init(picosecondsPerByte: 250, status: .assumed, source: "two instructions for eight bytes"),
    touch: .init(picosecondsPerByte: 250, status: .assumed, source: "two instructions for eight bytes"),
    storage: .init(picosecondsPerByte: 10_000, status: .assumed, source: "100 MB/s to storage"))
}
