/// Compiles the statements of one function, thread or handler.
///
/// What exists under both runtimes is here; the rest goes to the runtime's own file.
final class BodyCompiler {
  let f: FunctionBuilder
  let program: ProgramCompiler
  let names: ComponentNames
  /// Symbol of the function; statements are numbered after it.
  let symbol: String
  let kind: Kind
  /// Number of the task in a bare program.
  let task: Int
  /// The thread's class of scheduling wants to know the deadline of each job.
  var hasDeadlines = false
  private var statementNumber = 0
  private var logBuffer: IR.Value?
  private var messageBuffer: IR.Value?

  enum Kind { case construct, function, thread, handler }

  init(_ f: FunctionBuilder, program: ProgramCompiler, names: ComponentNames, symbol: String, kind: Kind, task: Int = 0)
  {
    self.f = f
    self.program = program
    self.names = names
    self.symbol = symbol
    self.kind = kind
    self.task = task
  }

  var runtime: Runtime { program.scenario.runtime }
  var module: ModuleBuilder { f.module }

  func compile(_ statements: [Statement]) throws(Diagnostic) {
    for statement in statements { try compile(statement) }
  }

  /// A part that this runtime does not have.
  func unsupported(_ what: String, at position: Position, instead: String? = nil) -> Diagnostic {
    Diagnostic(.wrongRuntime(key: what, runtime: runtime, instead: instead), at: position)
  }

  /// One buffer per function is enough: a log line is finished before the next statement starts.
  func sharedLogBuffer() -> IR.Value {
    if let logBuffer { return logBuffer }
    let new = f.array(words: LogFormat.bufferWords)
    logBuffer = new
    return new
  }

  func sharedMessage() -> IR.Value {
    if let messageBuffer { return messageBuffer }
    let new = f.array(words: MessageBuffer.words)
    messageBuffer = new
    return new
  }

  private func compile(_ statement: Statement) throws(Diagnostic) {
    statementNumber += 1
    f.mark("\(symbol).\(statementNumber)", position: statement.position.packed)
    switch statement.action {
    case .set(let set): try assign(set.variable, value(set.value))
    case .log(let line): try log(line)
    case .compute(let duration): f.emit(.work(nanoseconds: .constant(UInt64(duration.picoseconds / 1000))))
    case .touch(let touch): try self.touch(touch)
    case .branch(let branch):
      let condition = try value(branch.condition)
      let then = try block(branch.then)
      let otherwise = try block(branch.otherwise)
      f.emit(.choose(condition, then: then, otherwise: otherwise))
    case .loop(let loop): f.emit(.loop(while: try value(loop.condition), body: try block(loop.body)))
    case .repeated(let loop): try repeated(times: value(loop.times), loop.body)
    case .forever(let body): f.emit(.loop(while: 1, body: try block(body)))
    case .callFunction(let name): f.run(names.symbol(name.text))
    case .every(let job): try every(job)
    case .sleep(let duration): sleep(microseconds: .constant(duration.microsecondsRoundedUp))
    case .yield: f.run("thread_yield")
    case .load(let load): try assign(load.into, value(load.address).loaded())
    case .store(let store): f.store(try value(store.value), at: try value(store.address))
    case .fault(let fault): try self.fault(fault)
    case .exit(let result): try exit(result)
    case .call, .send, .receive, .wait, .reply, .replyAndWait, .sendAndWait, .serve, .signal, .await, .lock, .unlock,
      .allocate, .attach, .detach, .map, .unmap, .thread, .start, .genode:
      switch runtime {
      case .genode: try compileGenode(statement)
      case .bare: try compileBare(statement)
      }
    }
  }

  func block(_ statements: [Statement]) throws(Diagnostic) -> [IR.Step] {
    f.openBlock()
    try compile(statements)
    return f.takeBlock()
  }

  // MARK: Control flow

  private func repeated(times: IR.Value, _ body: [Statement]) throws(Diagnostic) {
    let limit = f.keep(times)
    let index = f.variable(0)
    var steps = try block(body)
    steps.append(.set(index, .local(index) + 1))
    f.emit(.loop(while: IR.Value.local(index).isLess(limit), body: steps))
  }

  private func fault(_ fault: FaultStatement) throws(Diagnostic) {
    let address = try value(fault.address)
    switch fault.access {
    case .read: f.emit(.evaluate(address.loaded()))
    case .write: f.store(0, at: address)
    case .execute: f.emit(.evaluate(.callPointer(address, [])))
    }
  }

  // MARK: Values

  func value(_ expression: Expression) throws(Diagnostic) -> IR.Value {
    switch expression {
    case .literal(let literal, _): return .constant(UInt64(bitPattern: literal))
    case .variable(let name):
      let variable = try names.variable(name)
      return try address(of: variable).loaded(IR.Width(rawValue: variable.bytes) ?? .double)
    case .addressOf(let name): return try address(named: name)
    case .unary(let operation, let operand, _):
      let value = try self.value(operand)
      switch operation {
      case .negate: return .unary(.negate, value)
      case .not: return .unary(.isZero, value)
      case .complement: return .unary(.complement, value)
      }
    case .binary(let operation, let left, let right, _):
      return Self.combine(operation, try value(left), try value(right))
    }
  }

  func value(_ expression: Expression?, else fallback: IR.Value) throws(Diagnostic) -> IR.Value {
    if let expression { try value(expression) } else { fallback }
  }

  static func combine(_ operation: BinaryOperator, _ left: IR.Value, _ right: IR.Value) -> IR.Value {
    switch operation {
    case .or: .either(left, right)
    case .and: .both(left, right)
    case .equal: .binary(.equal, left, right)
    case .notEqual: .binary(.notEqual, left, right)
    case .lessOrEqual: .binary(.lessOrEqual, left, right)
    case .greaterOrEqual: .binary(.greaterOrEqual, left, right)
    case .less: .binary(.less, left, right)
    case .greater: .binary(.greater, left, right)
    case .bitOr: .binary(.or, left, right)
    case .bitXor: .binary(.exclusiveOr, left, right)
    case .bitAnd: .binary(.and, left, right)
    case .shiftLeft: .binary(.shiftLeft, left, right)
    case .shiftRight: .binary(.shiftRightSigned, left, right)
    case .add: .binary(.add, left, right)
    case .subtract: .binary(.subtract, left, right)
    case .multiply: .binary(.multiply, left, right)
    case .divide: .binary(.divide, left, right)
    case .remainder: .binary(.remainder, left, right)
    }
  }

  private func address(of variable: Variable) throws(Diagnostic) -> IR.Value {
    if let fixed = names.fixedAddress(of: variable) { return .constant(fixed) }
    return .symbol(names.symbol(variable.name.text))
  }

  private func address(named name: Name) throws(Diagnostic) -> IR.Value {
    if names.component.variables.contains(where: { $0.name.text == name.text }) {
      return try address(of: names.variable(name))
    }
    if names.dataspace(name.text) != nil {
      return names.dataspaceRecord(name.text).field(ComponentNames.dataspaceAddress)
    }
    return .symbol(names.symbol(name.text))
  }

  func assign(_ name: Name, _ value: IR.Value) throws(Diagnostic) {
    let variable = try names.variable(name)
    f.store(value, at: try address(of: variable), IR.Width(rawValue: variable.bytes) ?? .double)
  }

  func assign(_ name: Name?, ifNamed value: IR.Value) throws(Diagnostic) {
    if let name { try assign(name, value) }
  }
}

extension Position {
  /// As the source map keeps it.
  var packed: Int { Int(line) << 32 | Int(column) }
  init(packed: Int) { self.init(line: Int32(packed >> 32), column: Int32(truncatingIfNeeded: packed)) }
}

extension DurationValue {
  var microsecondsRoundedUp: UInt64 { (UInt64(picoseconds) + 999_999) / 1_000_000 }
}
