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
  /// A component opens an RM session for each of its region maps, as the client of Genode before 16.05 did.
  public var isSessionForEachMap: Bool

  public init(
    kernel: KernelChoice, timebaseHertz: UInt64 = 10_000_000, firstStream: Int = 0, cores: Int = 1,
    isSessionForEachMap: Bool = false
  ) {
    self.cores = cores
    self.isSessionForEachMap = isSessionForEachMap
    self.kernel = kernel
    self.timebaseHertz = timebaseHertz
    self.firstStream = firstStream
  }
}
