import FiascoKernel
import Genode

/// A scenario as its author wrote it: every name resolved to exist, every unit converted, nothing compiled yet.
public struct Scenario: Hashable, Sendable {
  public var file: String
  public var title: String
  public var about: String?
  public var machine: MachineDescription
  public var seed: UInt64
  public var runtime: Runtime
  /// Of core; meaningless in a bare scenario.
  public var genode = GenodeDescription()
  /// Genode components, or the tasks of a bare scenario, in file order.
  public var components: [Component]
  public var checkpointer: CheckpointerDescription?
  /// In file order; entries of equal `at` happen in file order.
  public var timeline: [TimelineEntry]
  public var expectations: [Expectation]
  /// Raised or lowered limits by name, such as `events`.
  public var limits: [LimitSetting]
  /// SHA-256 of the file: images say with it what they are of.
  public var digest = ""
}

/// What stands between the kernel and a component.
public enum Runtime: String, Hashable, Sendable, CaseIterable {
  case genode
  /// No Genode: tasks with capabilities that the scenario hands out itself.
  case bare
}

/// `{ "release": "16.02", "console": "115200baud" }`
public struct GenodeDescription: Hashable, Sendable {
  public var release = GenodeRelease.Name.genode1608
  /// A serial line that core waits for; nil stands for a console that takes no time.
  public var console: BaudRate?

  public init() {}
}

public enum KernelChoice: String, Hashable, Sendable, CaseIterable {
  case r67, modern
  /// Between the two: what Genode used in 2019.
  case genode2019 = "2019"

  /// Interrupts are bound like gates.
  var bindsIRQs: Bool { self != .r67 }
}

public enum PlatformChoice: Hashable, Sendable {
  case builtIn(String)
  /// A JSON profile, relative to the scenario file.
  case file(String)

  public static let builtInNames = ["zynq-7020", "riscv-virt"]
}

public struct MachineDescription: Hashable, Sendable {
  public var position: Position
  public var platform: PlatformChoice
  public var kernel: KernelChoice
  public var cores: Int
  /// Nil: as much as the platform profile says.
  public var ram: SizeValue?
  public var nodes: Int
  public var link: LinkDescription?
  /// How much later than the first node the second one is switched on.
  public var bootDelay: DurationValue?
  /// Named kernel behaviours switched on beside the profile.
  public var quirks: [Name]
  /// Which classes of scheduling the kernel was built with.
  public var scheduler = SchedulerConfiguration.fixedPriority
  /// When a thread runs whose deadline is over; nil leaves it to its deadline.
  public var lateThreads: LateThreadRule?
  /// Of the key that sets the rule.
  public var lateThreadsPosition: Position?
}

/// When a thread of the class of deadlines runs after it has missed one.
public enum LateThreadRule: String, Hashable, Sendable, CaseIterable {
  case byDeadline = "by deadline"
  case last
}

/// The connection between the nodes.
public struct LinkDescription: Hashable, Sendable {
  public var position: Position
  public var latency: DurationValue
  public var bandwidth: RateValue
}

public struct LimitSetting: Hashable, Sendable {
  public var name: Name
  public var value: Number
}

/// A Genode component, or a task of a bare scenario.
public struct Component: Hashable, Sendable {
  public var position: Position
  public var name: Name
  /// Quota for its RAM session; nil lets the compiler take what the component needs.
  public var ram: SizeValue?
  public var priority: Number?
  public var core: Number?
  /// Whether it runs from the beginning; otherwise a timeline entry starts it.
  public var started: Bool
  /// Whether it is a child of the checkpointer; otherwise its services are used without interposition.
  public var checkpointed: Bool
  public var dataspaces: [Dataspace]
  public var variables: [Variable]
  public var functions: [Function]
  public var threads: [ThreadDescription]
  /// The body of the initial thread's `Component::construct`. Empty in bare tasks and in components with a binary.
  public var construct: [Statement]
  /// Path of a riscv64 ELF file, relative to the scenario file; then there are no statements.
  public var binary: Name?
  /// Bare only: what the task's capability space holds at the start.
  public var capabilities: [Capability]
  /// Bare only: the pager of all threads that name no other one.
  public var pager: ScopedName?
  /// Names that the statements of this component declare, in order of their first appearance.
  public var declared: DeclaredNames
}

/// Names that exist because a statement introduces them.
public struct DeclaredNames: Hashable, Sendable {
  /// From `serve`.
  public var services: [Name] = []
  /// From `await`, and from `fault handler`.
  public var signals: [Name] = []
  /// From `lock`.
  public var locks: [Name] = []
  /// From `allocate ... as`, `region map ... as`, and of arriving messages.
  public var dataspaces: [Name] = []
  /// From `thread`.
  public var threads: [Name] = []
  /// From `every ... name`.
  public var jobs: [Name] = []
  /// From `region map ... as`; they are dataspaces too.
  public var regionMaps: [Name] = []
  /// From `accept`.
  public var accepted: [AcceptedObject] = []

  public init() {}
}

public struct Dataspace: Hashable, Sendable {
  public var name: Name
  public var size: SizeValue
  public var content: DataspaceContent?
  /// Virtual address; nil lets the compiler choose.
  public var at: Number?
  /// False leaves it out of the address space at the start (a pager or `attach` brings it in).
  public var mapped: Bool
}

public enum DataspaceContent: Hashable, Sendable {
  case text(String)
  /// 64-bit words.
  case words([Int64])
  /// Every byte has this value.
  case fill(UInt8)
}

public struct Variable: Hashable, Sendable {
  public var name: Name
  /// Dataspace of this component; nil puts it into `.data`.
  public var dataspace: Name?
  public var initial: Int64
  /// 1, 2, 4 or 8; smaller ones are loaded with zero extension.
  public var bytes: Int
}

public struct Function: Hashable, Sendable {
  public var name: Name
  public var body: [Statement]
}

public struct ThreadDescription: Hashable, Sendable {
  public var position: Position
  public var name: Name
  public var priority: Number?
  public var core: Number?
  /// False: it is created, but runs only after a `start`.
  public var started: Bool
  public var stack: SizeValue?
  /// Bare only.
  public var pager: ScopedName?
  /// Bare only: class and parameters; nil means `priority`.
  public var scheduling: ThreadScheduling?
  /// Bare only: who gets exception IPC; nil means the pager.
  public var exceptionHandler: ScopedName?
  public var body: [Statement]
}

/// `{ "priority": 10, "quantum": "2ms" }`, `{ "weight": 3, "quantum": "5ms" }` or `{ "deadline": "10ms" }`.
public struct ThreadScheduling: Hashable, Sendable {
  public var position: Position
  public var parameters: Parameters

  public enum Parameters: Hashable, Sendable {
    /// A quantum of nil is the kernel's own.
    case priority(Number, quantum: DurationValue?)
    case weight(Number, quantum: DurationValue?)
    /// After the thread is placed; the jobs of `every` set their own.
    case deadline(DurationValue)
  }
}
