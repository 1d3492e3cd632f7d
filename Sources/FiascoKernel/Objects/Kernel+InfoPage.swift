// Writes: memory (the kernel info page), rootPager.
import Determinism
import FiascoABI

extension Kernel {
  /// Makes the page that tells programs about the kernel and the machine. Models `Kip_init` and the boot loader.
  mutating func makeInfoPage(_ root: RootTask) {
    guard let frame = takeFrame() else { preconditionFailure("the kernel info page needs a kernel frame") }
    rootPager = RootPager(window: root.window, infoFrame: frame)
    set32(KernelInfo.magic, KernelInfo.magicNumber)
    set32(KernelInfo.version, 0x8700_4444)
    setInfo(KernelInfo.versionString, UInt8(KernelInfo.strings / 16))
    setInfo(KernelInfo.rootEntry, root.entry)
    set32(KernelInfo.granularity, UInt32(Self.tick.microseconds))
    set32(KernelInfo.memoryDescriptors, UInt32(KernelInfo.firstDescriptor))
    set32(KernelInfo.memoryDescriptorCount, UInt32(KernelInfo.descriptors))
    set32(KernelInfo.timebase, 10_000_000)
    set32(KernelInfo.isMultiprocessor, coreCount > 1 ? 1 : 0)
    set32(KernelInfo.hartCount, UInt32(coreCount))
    setInfo(KernelInfo.interruptController, 0x0c00_0000 as UInt64)
    set32(KernelInfo.interruptPins, UInt32(InterruptPin.boardPins))
    setText(KernelInfo.platformName, "virt")
    describeMemory()
    writeStrings()
    writeClockCode()
  }

  private mutating func setInfo<Value: BitwiseCopyable>(_ offset: Int, _ value: Value) {
    memory.store(value, frame: rootPager.infoFrame, offset: offset)
  }

  private mutating func set32(_ offset: Int, _ value: UInt32) { setInfo(offset, value) }

  private mutating func setText(_ offset: Int, _ text: String) {
    for (index, byte) in text.utf8.enumerated() { setInfo(offset + index, byte) }
  }

  /// RAM, the kernel's part of it, and the addresses a task may use.
  private mutating func describeMemory() {
    let ram = Self.physicalBase..<Self.physicalBase + UInt64(memory.frameCount) * pageBytes
    let kernel =
      Self.physicalBase + UInt64(frames.range.lowerBound) * pageBytes..<Self.physicalBase
      + UInt64(frames.range.upperBound) * pageBytes
    let regions: [(Range<UInt64>, UInt64)] = [
      (ram, KernelInfo.conventional), (kernel, KernelInfo.reserved),
      (0..<userAddressLimit, KernelInfo.conventional | KernelInfo.virtual),
    ]
    for (index, (range, kind)) in regions.enumerated() {
      let offset = KernelInfo.firstDescriptor + index * 16
      setInfo(offset, range.lowerBound & ~0x3ff | kind)
      setInfo(offset + 8, range.upperBound - 1)
    }
  }

  private mutating func writeStrings() {
    var offset = KernelInfo.strings
    for text in ["Fiasco.OC on riscv64, simulated by Stasis\n"] + profile.features {
      setText(offset, text)
      offset += text.utf8.count + 1
    }
  }

  /// Where the clock is exact, programs read it from the processor's timer: time / 10 in microseconds, times 100 in
  /// nanoseconds. Otherwise from the page.
  private mutating func writeClockCode() {
    guard !profile.clockAdvancesInTicks else { return }
    let readTime: UInt32 = 0xc010_2573, leave: UInt32 = 0x0000_8067
    let microseconds: [UInt32] = [readTime, 0x00a0_0293, 0x0255_5533, leave]
    let nanoseconds: [UInt32] = [readTime, 0x0640_0293, 0x0255_0533, leave]
    for index in microseconds.indices {
      set32(KernelInfo.readMicroseconds + index * 4, microseconds[index])
      set32(KernelInfo.readNanoseconds + index * 4, nanoseconds[index])
    }
    // 2^32 times the factor, without the power of two in the word behind.
    setInfo(KernelInfo.microsecondScaler, 0x1999_9999 as UInt64)
    setInfo(KernelInfo.microsecondScaler + 8, 0 as UInt64)
    setInfo(KernelInfo.nanosecondScaler, 100 << 25 as UInt64)
    setInfo(KernelInfo.nanosecondScaler + 8, 7 as UInt64)
  }

  // MARK: The clock word

  /// When the clock word next shows another time, if somebody can see it: user code must not run past that.
  public var nextClockStep: Instant {
    guard rootPager.showsClock else { return .never }
    let period = UInt64(Self.tick.picoseconds)
    return Instant(picoseconds: (rootPager.shownTick &+ 1) &* period)
  }

  /// Brings the clock word up to date; asked before user code runs.
  public mutating func showClock(at time: Instant) {
    let tick = time.picoseconds / UInt64(Self.tick.picoseconds)
    guard rootPager.showsClock, tick != rootPager.shownTick else { return }
    rootPager.shownTick = tick
    setInfo(KernelInfo.clock, tick * UInt64(Self.tick.microseconds))
  }
}
