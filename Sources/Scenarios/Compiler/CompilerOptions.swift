/// What the compiler must know of the machine the program will run on.
public struct CompilerOptions: Hashable, Sendable {
  /// Decides how interrupts are attached and counted.
  public var kernel: KernelChoice
  /// Ticks of the `time` counter in a second.
  public var timebaseHertz: UInt64
  /// Number of the program's first job stream; streams of all programs of a scenario have different numbers.
  public var firstStream: Int
  /// Cores of the machine: on one, a program names none.
  public var cores: Int

  public init(kernel: KernelChoice, timebaseHertz: UInt64 = 10_000_000, firstStream: Int = 0, cores: Int = 1) {
    self.cores = cores
    self.kernel = kernel
    self.timebaseHertz = timebaseHertz
    self.firstStream = firstStream
  }
}
