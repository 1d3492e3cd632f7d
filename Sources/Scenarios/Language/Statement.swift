/// One statement of a program, with the place of its verb.
public struct Statement: Hashable, Sendable {
  public var position: Position
  public var action: Action

  public init(_ action: Action, at position: Position) {
    self.action = action
    self.position = position
  }

  /// What a statement does; one case per verb of the language.
  public enum Action: Hashable, Sendable {
    // Values and control flow.
    case set(SetVariable)
    case log(LogLine)
    case compute(DurationValue)
    case touch(MemoryTouch)
    case branch(Branch)
    case loop(WhileLoop)
    case repeated(RepeatLoop)
    case forever([Statement])
    case callFunction(Name)
    // IPC.
    case call(CallMessage)
    case send(SendMessage)
    case receive(ReceiveMessage)
    case wait(WaitMessage)
    case reply(ReplyMessage)
    case replyAndWait(ReplyAndWaitMessage)
    case sendAndWait(CallMessage)
    case serve(ServeLoop)
    // Time and synchronisation.
    case every(PeriodicJob)
    case sleep(DurationValue)
    case yield
    case signal(SignalStatement)
    case await(AwaitStatement)
    case lock(Name)
    case unlock(Name)
    // Memory and capabilities.
    case allocate(Allocate)
    case attach(Attach)
    case detach(Detach)
    case map(MapStatement)
    case unmap(UnmapStatement)
    case load(LoadStatement)
    case store(StoreStatement)
    case fault(FaultStatement)
    // Threads.
    case thread(ThreadDescription)
    case start(StartThread)
    case exit(Expression?)
    case genode(GenodeAction)
  }
}

/// `{ "set": "x", "to": "x + 1" }`
public struct SetVariable: Hashable, Sendable {
  public var variable: Name
  public var value: Expression
}

/// `{ "log": "{sheep} sheep" }`
public struct LogLine: Hashable, Sendable {
  public var pieces: [Piece]

  public enum Piece: Hashable, Sendable {
    case text(String)
    case value(Expression, Format)
  }

  /// `{x}` is decimal and signed, `{x:hex}` is 0x and lower-case digits.
  public enum Format: String, Hashable, Sendable, CaseIterable {
    case decimal, hex
  }
}

/// `{ "write": "heap", "bytes": "64KiB", "stride": "64B", "value": 7 }`: walks over a dataspace.
public struct MemoryTouch: Hashable, Sendable {
  public var access: Access
  public var dataspace: Name
  /// First byte touched, from the dataspace's start.
  public var offset: SizeValue?
  /// How far the walk goes; nil means to the end.
  public var bytes: SizeValue?
  /// Distance between two touches; nil means 8 bytes, one word after the other.
  public var stride: SizeValue?
  /// Written to every touched word; only for `write`, nil means 0.
  public var value: Expression?

  public enum Access: String, Hashable, Sendable { case read, write }
}

/// `{ "if": "x > 3", "then": [...], "else": [...] }`
public struct Branch: Hashable, Sendable {
  public var condition: Expression
  public var then: [Statement]
  public var otherwise: [Statement]
}

/// `{ "while": "x < 3", "do": [...] }`
public struct WhileLoop: Hashable, Sendable {
  public var condition: Expression
  public var body: [Statement]
}

/// `{ "repeat": [...], "times": 10 }`; the count is computed once, before the first round.
public struct RepeatLoop: Hashable, Sendable {
  public var times: Expression
  public var body: [Statement]
}

/// `{ "every": "10ms", "deadline": "8ms", "name": "control", "do": [...] }`
public struct PeriodicJob: Hashable, Sendable {
  public var period: DurationValue
  /// After the release; nil means the period.
  public var deadline: DurationValue?
  /// Of the first release, after the statement is reached.
  public var offset: DurationValue?
  /// Names the job in reports and expectations.
  public var name: Name?
  /// Nil means for ever.
  public var times: Expression?
  public var body: [Statement]
}

/// `{ "signal": "component/name" }`: submits a Genode signal, or triggers an IRQ or ups a semaphore when bare.
public struct SignalStatement: Hashable, Sendable {
  public var target: ScopedName
}

/// `{ "await": "name" }`: blocks until the signal, IRQ or semaphore arrives.
public struct AwaitStatement: Hashable, Sendable {
  public var name: Name
  public var timeout: Timeout?
  /// Variable that gets the IPC error code, 0 for none.
  public var error: Name?
}

/// `{ "allocate": "64KiB", "as": "extra" }`: a RAM dataspace at run time, not attached yet.
public struct Allocate: Hashable, Sendable {
  public var size: SizeValue
  public var name: Name
}

/// `{ "attach": "extra", "at": "0x10000000", "into": "address" }`, `{ "attach": "extra", "to": "gap", "at": 0 }`
public struct Attach: Hashable, Sendable {
  /// A region map stands for its dataspace.
  public var dataspace: Name
  /// Nil means the address space.
  public var map: Name?
  public var at: Expression?
  public var offset: SizeValue?
  public var bytes: SizeValue?
  public var rights: Rights
  /// Variable that gets the address.
  public var into: Name?
  /// Variable that gets the exception of a region map, 0 for none; nil lets a failure end the component.
  public var error: Name?
}

/// `{ "detach": "extra" }`, `{ "detach": "extra", "from": "gap" }`: where the component attached it last, or `at`.
public struct Detach: Hashable, Sendable {
  public var dataspace: Name
  public var map: Name?
  public var at: Expression?
}

/// `{ "map": "door", "to": "client_task", "slot": "0x30", "rights": "rw" }`: the task operation, not a message item.
public struct MapStatement: Hashable, Sendable {
  /// A dataspace or a capability of this task.
  public var source: Name
  /// A capability of this task that names the other task.
  public var target: Name
  public var rights: Rights
  /// Moves it instead of sharing it.
  public var grant: Bool
  /// For a capability: index in the other capability space.
  public var slot: Expression?
  /// For a dataspace: address in the other address space.
  public var at: Expression?
  public var error: Name?
}

/// `{ "unmap": "flock", "rights": "w" }`: takes rights away from everybody who got them from here.
public struct UnmapStatement: Hashable, Sendable {
  public var source: Name
  public var rights: Rights
  /// Also from this task itself.
  public var own: Bool
  public var error: Name?
}

/// `{ "load": "0x8000", "into": "x" }`: one 64-bit word from any address.
public struct LoadStatement: Hashable, Sendable {
  public var address: Expression
  public var into: Name
}

/// `{ "store": "0x8000", "value": "x" }`
public struct StoreStatement: Hashable, Sendable {
  public var address: Expression
  public var value: Expression
}

/// `{ "fault": "0x8000", "access": "write" }`: touches an address for the fault's sake, keeps no value.
public struct FaultStatement: Hashable, Sendable {
  public var address: Expression
  public var access: Access

  public enum Access: String, Hashable, Sendable, CaseIterable { case read, write, execute }
}

/// `{ "start": "worker", "ip": "&f", "sp": "0x20000" }`; without both it starts at the beginning of its body.
public struct StartThread: Hashable, Sendable {
  public var thread: Name
  public var ip: Expression?
  public var sp: Expression?
  public var error: Name?
}
