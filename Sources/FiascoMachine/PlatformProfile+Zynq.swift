import FiascoKernel

extension PlatformProfile {
  /// Xilinx Zynq-7020: Cortex-A9 at 667 MHz, the board class of the published checkpointers.
  ///
  /// No kernel path of 2016 was ever measured on it: the figures are the published Cortex-A53 ones times about 1.6.
  public static let zynq7020 = PlatformProfile(
    name: "zynq-7020", about: "Cortex-A9 at 667 MHz (Zynq-7000), kernel with debugger and logging built in",
    picosecondsPerCycle: 1500, kernel: CostModel(assumedOnCortexA9), memory: zynqMemory)

  private static let scaled = "Cortex-A53 figures published at l4re.org/perf, times about 1.6"

  private static func assumedOnCortexA9(_ work: KernelWork) -> CostModel.Entry {
    let (base, perUnit): (UInt64, UInt64) =
      switch work {
      case .enterKernel: (160, 0)
      case .leaveKernel: (140, 0)
      case .ipcSend: (270, 0)
      case .ipcReceive: (100, 0)
      case .copyWords: (0, 5)
      case .transferItem: (80, 0)
      case .contextSwitch: (230, 0)
      case .spaceSwitch: (400, 0)
      case .pageFaultEntry: (300, 0)
      case .exceptionEntry: (250, 0)
      case .objectInvocation: (100, 0)
      case .mapPage: (700, 300)
      case .unmapPage: (700, 300)
      case .mapObject: (0, 600)
      case .unmapObject: (0, 400)
      case .tableWalk: (0, 0)
      case .exchangeRegisters: (500, 0)
      case .runThread: (500, 0)
      case .createObject: (900, 0)
      case .createTask: (30_000, 0)
      case .destroyObject: (900, 0)
      case .destroyTask: (30_000, 0)
      case .timerTick: (600, 0)
      case .irqTrigger: (300, 0)
      case .switchFPU: (450, 0)
      case .remoteRequest: (300, 0)
      case .interprocessorInterrupt: (600, 0)
      case .shootdown: (0, 900)
      case .interruptFlight: (700, 0)
      }
    return CostModel.Entry(base: base, perUnit: perUnit, status: .assumed, source: scaled)
  }

  private static let zynqMemory = MemoryCosts(
    copy: .init(
      picosecondsPerByte: 7800, status: .published, source: "memcpy, uncached dataspace, Zybo: plot of the CDMA module"),
    fill: .init(picosecondsPerByte: 800, status: .assumed, source: "memset on Cortex-A9"),
    touch: .init(picosecondsPerByte: 1200, status: .assumed, source: "cached memcpy on Cortex-A9"),
    storage: .init(picosecondsPerByte: 50_000, status: .assumed, source: "20 MB/s to an SD card"))
}
