/// One system call, as a native program states it. A program of machine code states the same in registers and UTCB.
public struct SystemCall: Hashable, Sendable {
  public var tag: MessageTag
  public var target: ObjectReference
  public var timeouts: IPCTimeouts
  public var label: UInt64
  /// Message registers from 0, typed items included (two words each, after the untyped words).
  public var words: [UInt64]
  /// Buffer registers from 0; nil leaves descriptor and registers as they are. Object buffers start at register 0.
  public var buffers: [ReceiveBuffer]?

  public init(
    tag: MessageTag, target: ObjectReference, timeouts: IPCTimeouts = .never, label: UInt64 = 0,
    words: [UInt64] = [], buffers: [ReceiveBuffer]? = nil
  ) {
    self.tag = tag
    self.target = target
    self.timeouts = timeouts
    self.label = label
    self.words = words
    self.buffers = buffers
  }
}

/// What came back from a system call.
public struct SystemCallResult: Hashable, Sendable {
  public var tag: MessageTag
  /// Label register: for a received message the gate's label with two bits of rights.
  public var label: UInt64
  /// The UTCB's error word; meaningful only if `tag.hasError`.
  public var error: UInt64
  /// Message registers 0 ..< max(words + 2 * items, 8).
  public var words: [UInt64]

  public init(tag: MessageTag, label: UInt64, error: UInt64, words: [UInt64]) {
    self.tag = tag
    self.label = label
    self.error = error
    self.words = words
  }

  public var ipcError: IPCError? { tag.hasError ? IPCError(rawValue: error & 0x1f) : nil }
}

/// What a native program wants to do next.
public enum UserAction: Hashable, Sendable {
  case invoke(SystemCall)
  /// The same call so many times, with one of its words larger by `step` each time; the answers are not looked at. For
  /// loops over pages, which would cost the simulator more than the calls themselves.
  case invokeSeries(SystemCall, count: Int, word: Int, step: UInt64)
  /// CPU time of the program's own code, in picoseconds.
  case compute(picoseconds: UInt64)
  /// Copies memory inside the program's own address space; page faults happen on either side.
  case copy(to: UInt64, from: UInt64, bytes: UInt64)
  case fill(address: UInt64, bytes: UInt64, value: UInt8)
  /// Reads 8-byte words of the program's own address space.
  case read(address: UInt64, count: Int)
  case write(address: UInt64, words: [UInt64])
  /// Reads the kernel clock, which any program can (`rdtime`, or the kernel's info page); gives one word, microseconds.
  case readClock
}

/// What a `UserAction` gave.
public enum UserActionResult: Hashable, Sendable {
  case returned(SystemCallResult)
  case words([UInt64])
  case done
}
