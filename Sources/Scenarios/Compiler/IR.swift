/// The intermediate form between scenario statements and machine code.
///
/// Everything is a 64-bit word. Functions have parameters and locals in their stack frame, so that a checkpoint of
/// the stack holds the whole state of a computation and a debugger finds it. Both the statements of a scenario and
/// the run-time support that every component carries are written in this form.
enum IR {
  /// How many bytes a load or store moves. Loads extend with zeros.
  enum Width: Int, Hashable, Sendable, CaseIterable {
    case byte = 1, half = 2, word = 4, double = 8
  }

  /// Storage in the stack frame: a variable of one word or an array of words.
  struct Local: Hashable, Sendable {
    var index: Int
  }

  enum UnaryOperator: Hashable, Sendable, CaseIterable {
    case negate, complement, isZero
  }

  enum BinaryOperator: Hashable, Sendable, CaseIterable {
    case add, subtract, multiply, divide, remainder, divideUnsigned, remainderUnsigned
    case and, or, exclusiveOr, shiftLeft, shiftRight, shiftRightSigned
    case equal, notEqual, less, lessOrEqual, greater, greaterOrEqual, below, aboveOrEqual
  }

  indirect enum Value: Hashable, Sendable {
    case constant(UInt64)
    /// The content of a local of one word.
    case local(Local)
    /// The address of a local.
    case frameAddress(Local)
    /// The address of a global, of constant text or of a function.
    case symbol(String)
    case load(Width, Value)
    case unary(UnaryOperator, Value)
    case binary(BinaryOperator, Value, Value)
    /// 0 or 1; the second value is only evaluated if the first one is not 0.
    case both(Value, Value)
    /// 0 or 1; the second value is only evaluated if the first one is 0.
    case either(Value, Value)
    case call(String, [Value])
    case callPointer(Value, [Value])
    /// The address of the running thread's UTCB: by convention the thread pointer register.
    case utcb
    /// The node's clock in ticks of its time base.
    case time
  }

  /// One system call. `tagResult` and `labelResult` receive what the kernel leaves in a0 and a3.
  struct Invocation: Hashable, Sendable {
    var tag: Value
    var target: Value
    var timeouts: Value
    var label: Value
    var tagResult: Local
    var labelResult: Local
  }

  /// A place in the code that has a name, a place in the scenario, or both.
  struct Mark: Hashable, Sendable {
    var symbol: String?
    var position: Int?
  }

  indirect enum Step: Hashable, Sendable {
    case set(Local, Value)
    case store(Width, address: Value, Value)
    case evaluate(Value)
    case choose(Value, then: [Step], otherwise: [Step])
    /// Runs `body` as long as the condition is not 0.
    case loop(while: Value, body: [Step])
    /// Leaves the innermost loop.
    case leaveLoop
    case exit(Value?)
    case invoke(Invocation)
    /// Exchanges a word of memory atomically; the old content goes into the local.
    case atomicSwap(Local, address: Value, Value)
    /// Lets this many nanoseconds of pure CPU time pass.
    case work(nanoseconds: Value)
    /// Touches memory: one access every `stride` bytes.
    case bulk(BulkAccess)
    /// Tells the machine something that it records with the exact instant and that costs nothing.
    case hint(kind: Value, value: Value)
    /// Continues in a function on another stack; never comes back.
    case continueOn(stack: Value, function: String, argument: Value)
    case mark(Mark)
    case breakpoint
  }

  struct BulkAccess: Hashable, Sendable {
    var isStore: Bool
    var address: Value
    var bytes: Value
    var value: Value
  }

  /// How a function gets its stack and its arguments.
  enum Entry: Hashable, Sendable {
    case called
    /// First instruction of a component: no register has a defined value.
    case component(stackTop: String, utcb: UInt64)
    /// First instruction of a thread: sp is the address of the thread object, which holds the UTCB address at
    /// `utcbOffset`; the object becomes the only argument.
    case thread(utcbOffset: Int)
  }

  struct Function: Sendable {
    var name: String
    var entry: Entry = .called
    var parameters: Int = 0
    /// Words of each local; parameters come first.
    var localWords: [Int] = []
    var body: [Step] = []
  }

  enum Section: Hashable, Sendable { case readOnly, data, zeroed }

  struct Global: Sendable {
    var name: String
    var section: Section
    var alignment: Int = 8
    /// Content from the start; the rest of `size` is zero.
    var words: [UInt64] = []
    var bytes: [UInt8] = []
    var size: Int
    /// Globals of one group share pages with no other group: 0 is the program's own, the others belong to tasks.
    var group = 0
  }

  struct Module: Sendable {
    var functions: [Function] = []
    var globals: [Global] = []
  }
}

extension IR.BinaryOperator {
  /// What the operation gives, as RV64 defines it: division by zero gives -1, its remainder the dividend.
  func evaluate(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let x = Int64(bitPattern: a)
    let y = Int64(bitPattern: b)
    switch self {
    case .add: return a &+ b
    case .subtract: return a &- b
    case .multiply: return a &* b
    case .divide: return y == 0 ? ~0 : y == -1 ? 0 &- a : UInt64(bitPattern: x / y)
    case .remainder: return y == 0 ? a : y == -1 ? 0 : UInt64(bitPattern: x % y)
    case .divideUnsigned: return b == 0 ? ~0 : a / b
    case .remainderUnsigned: return b == 0 ? a : a % b
    case .and: return a & b
    case .or: return a | b
    case .exclusiveOr: return a ^ b
    case .shiftLeft: return a << (b & 63)
    case .shiftRight: return a >> (b & 63)
    case .shiftRightSigned: return UInt64(bitPattern: x >> Int64(b & 63))
    case .equal: return a == b ? 1 : 0
    case .notEqual: return a != b ? 1 : 0
    case .less: return x < y ? 1 : 0
    case .lessOrEqual: return x <= y ? 1 : 0
    case .greater: return x > y ? 1 : 0
    case .greaterOrEqual: return x >= y ? 1 : 0
    case .below: return a < b ? 1 : 0
    case .aboveOrEqual: return a >= b ? 1 : 0
    }
  }
}

extension IR.UnaryOperator {
  func evaluate(_ a: UInt64) -> UInt64 {
    switch self {
    case .negate: 0 &- a
    case .complement: ~a
    case .isZero: a == 0 ? 1 : 0
    }
  }
}
