/// Collects the functions and globals of one program.
///
/// A class only because many small writers add to one program; it does not outlive compilation.
final class ModuleBuilder {
  private(set) var module = IR.Module()
  private var textNames: [String: String] = [:]
  /// Group of the variables added from now on.
  var group = 0

  /// Adds a function; the closure writes its body and gets the parameters as values.
  func function(
    _ name: String, entry: IR.Entry = .called, _ parameters: Int = 0,
    _ write: (FunctionBuilder, [IR.Value]) -> Void
  ) {
    addFunction(name, entry: entry, parameters, write)
  }

  /// The same for a body that can be refused.
  func addFunction<Failure: Error>(
    _ name: String, entry: IR.Entry = .called, _ parameters: Int = 0,
    _ write: (FunctionBuilder, [IR.Value]) throws(Failure) -> Void
  ) throws(Failure) {
    let builder = FunctionBuilder(module: self, name: name)
    let locals = (0..<parameters).map { _ in builder.local() }
    try write(builder, locals.map { .local($0) })
    module.functions.append(
      IR.Function(
        name: name, entry: entry, parameters: parameters, localWords: builder.localWords, body: builder.finish()))
  }

  @discardableResult
  func zeroed(_ name: String, bytes: Int, alignment: Int = 8) -> IR.Value {
    module.globals.append(IR.Global(name: name, section: .zeroed, alignment: alignment, size: bytes, group: group))
    return .symbol(name)
  }

  @discardableResult
  func data(_ name: String, words: [UInt64], alignment: Int = 8) -> IR.Value {
    module.globals.append(
      IR.Global(name: name, section: .data, alignment: alignment, words: words, size: words.count * 8, group: group))
    return .symbol(name)
  }

  /// The address of constant words.
  func constants(_ words: [UInt64]) -> IR.Value {
    let name = "constants.\(module.globals.count)"
    module.globals.append(IR.Global(name: name, section: .readOnly, words: words, size: words.count * 8))
    return .symbol(name)
  }

  /// The address of constant text that ends with a zero byte; equal texts share one place.
  func text(_ text: String) -> IR.Value {
    if let name = textNames[text] { return .symbol(name) }
    let name = "text.\(textNames.count)"
    textNames[text] = name
    let bytes = Array(text.utf8) + [0]
    module.globals.append(IR.Global(name: name, section: .readOnly, alignment: 8, bytes: bytes, size: bytes.count))
    return .symbol(name)
  }
}

/// Writes the body of one function, block by block.
final class FunctionBuilder {
  let module: ModuleBuilder
  let name: String
  private(set) var localWords: [Int] = []
  private var blocks: [[IR.Step]] = [[]]

  init(module: ModuleBuilder, name: String) {
    self.module = module
    self.name = name
  }

  func finish() -> [IR.Step] {
    precondition(blocks.count == 1, "every block of a function must be closed")
    return blocks[0]
  }

  func emit(_ step: IR.Step) { blocks[blocks.count - 1].append(step) }

  // MARK: Locals

  func local(words: Int = 1) -> IR.Local {
    localWords.append(words)
    return IR.Local(index: localWords.count - 1)
  }

  /// A new local with a value.
  func variable(_ value: IR.Value) -> IR.Local {
    let new = local()
    emit(.set(new, value))
    return new
  }

  /// The value, evaluated now and kept.
  func keep(_ value: IR.Value) -> IR.Value { .local(variable(value)) }

  /// An array in the frame; the value is its address.
  func array(words: Int) -> IR.Value { .frameAddress(local(words: words)) }

  func set(_ local: IR.Local, _ value: IR.Value) { emit(.set(local, value)) }

  // MARK: Memory

  func store(_ value: IR.Value, at address: IR.Value, _ width: IR.Width = .double) {
    emit(.store(width, address: address, value))
  }

  // MARK: Control flow

  func openBlock() { blocks.append([]) }

  /// Ends the block opened last and gives its steps.
  func takeBlock() -> [IR.Step] {
    precondition(blocks.count > 1, "only an open block can be taken")
    return blocks.removeLast()
  }

  func block(_ write: () -> Void) -> [IR.Step] {
    openBlock()
    write()
    return takeBlock()
  }

  func `if`(_ condition: IR.Value, _ then: () -> Void, else otherwise: () -> Void = {}) {
    let first = block(then)
    let second = block(otherwise)
    emit(.choose(condition, then: first, otherwise: second))
  }

  func `while`(_ condition: IR.Value, _ body: () -> Void) {
    let steps = block(body)
    emit(.loop(while: condition, body: steps))
  }

  func forever(_ body: () -> Void) { `while`(.constant(1), body) }

  /// Counts from 0 to `count`, which is evaluated once.
  func count(to count: IR.Value, _ body: (IR.Value) -> Void) {
    let limit = keep(count)
    let index = variable(0)
    `while`(.local(index).isBelow(limit)) {
      body(.local(index))
      set(index, .local(index) + 1)
    }
  }

  func leaveLoop() { emit(.leaveLoop) }
  func exit(_ value: IR.Value? = nil) { emit(.exit(value)) }

  // MARK: Calls

  func run(_ function: String, _ arguments: IR.Value...) { emit(.evaluate(.call(function, arguments))) }

  func call(_ function: String, _ arguments: IR.Value...) -> IR.Value { keep(.call(function, arguments)) }

  /// A system call; gives the returned tag and label.
  @discardableResult
  func invoke(
    tag: IR.Value, target: IR.Value, timeouts: IR.Value = 0, label: IR.Value = 0
  ) -> (tag: IR.Value, label: IR.Value) {
    let tagResult = local()
    let labelResult = local()
    emit(
      .invoke(
        IR.Invocation(
          tag: tag, target: target, timeouts: timeouts, label: label, tagResult: tagResult, labelResult: labelResult)))
    return (.local(tagResult), .local(labelResult))
  }

  func mark(_ symbol: String?, position: Int? = nil) { emit(.mark(IR.Mark(symbol: symbol, position: position))) }
}

extension IR.Value: ExpressibleByIntegerLiteral {
  init(integerLiteral value: UInt64) { self = .constant(value) }
}

extension IR.Value {
  static func + (a: Self, b: Self) -> Self { .binary(.add, a, b) }
  static func - (a: Self, b: Self) -> Self { .binary(.subtract, a, b) }
  static func * (a: Self, b: Self) -> Self { .binary(.multiply, a, b) }
  static func / (a: Self, b: Self) -> Self { .binary(.divideUnsigned, a, b) }
  static func % (a: Self, b: Self) -> Self { .binary(.remainderUnsigned, a, b) }
  static func & (a: Self, b: Self) -> Self { .binary(.and, a, b) }
  static func | (a: Self, b: Self) -> Self { .binary(.or, a, b) }
  static func << (a: Self, b: Self) -> Self { .binary(.shiftLeft, a, b) }
  static func >> (a: Self, b: Self) -> Self { .binary(.shiftRight, a, b) }

  func equals(_ other: Self) -> Self { .binary(.equal, self, other) }
  func differs(from other: Self) -> Self { .binary(.notEqual, self, other) }
  func isBelow(_ other: Self) -> Self { .binary(.below, self, other) }
  func isAtLeast(_ other: Self) -> Self { .binary(.aboveOrEqual, self, other) }
  func isLess(_ other: Self) -> Self { .binary(.less, self, other) }
  var isZero: Self { .unary(.isZero, self) }

  func loaded(_ width: IR.Width = .double) -> Self { .load(width, self) }
}
