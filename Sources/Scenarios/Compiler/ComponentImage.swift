import ELFFiles
import Genode

/// A program ready to run: an executable file and what the machine and the reports need to know about it.
public struct CompiledProgram: Hashable, Sendable {
  /// A static RV64IMAC executable.
  public var elf: [UInt8]
  public var entry: UInt64
  /// All names of the executable: functions, statement labels (`component.function.number`), variables.
  public var symbols: [ExecutableImage.Symbol]
  public var streams: [JobStream]
  /// First instruction of each statement and where the statement stands, by address.
  public var sourceMap: [SourceMapEntry]
  /// Where the author's variables are, `component/variable` in file order.
  public var variables: [VariablePlace]

  /// The statement an instruction belongs to.
  public func position(of address: UInt64) -> Position? {
    sourceMap.last { $0.address <= address }?.position
  }
}

public struct SourceMapEntry: Hashable, Sendable {
  public var address: UInt64
  public var position: Position
}

public struct VariablePlace: Hashable, Sendable {
  public var component: String
  public var name: String
  public var address: UInt64
  public var bytes: Int
}

/// Compiles one component of a Genode scenario.
public func compileComponent(
  _ component: Component, of scenario: Scenario, options: CompilerOptions
) throws(ScenarioError) -> CompiledProgram {
  let program = ProgramCompiler(scenario, options: options)
  do { try program.compileGenode(component) } catch { throw ScenarioError(error, in: scenario) }
  return program.link(
    entry: "_start", text: ComponentLayout.textBase, data: ComponentLayout.dataBase)
}

/// Compiles a bare scenario: one program that the machine boots as its first task.
public func compileBareScenario(
  _ scenario: Scenario, options: CompilerOptions
) throws(ScenarioError) -> CompiledProgram {
  let program = ProgramCompiler(scenario, options: options)
  do { try program.compileBare() } catch { throw ScenarioError(error, in: scenario) }
  return program.link(entry: "_start", text: BarePlan.linkBase, data: nil)
}

extension ScenarioError {
  /// The compiler has no text of the file: whoever has adds path and line.
  fileprivate init(_ diagnostic: Diagnostic, in scenario: Scenario) {
    self.init(
      file: scenario.file, position: diagnostic.position, path: "", problem: diagnostic.problem, sourceLine: nil)
  }
}

extension ProgramCompiler {
  /// Generates code, places data, and writes the executable.
  func link(entry: String, text: UInt64, data: UInt64?) -> CompiledProgram {
    var generator = CodeGenerator(assembler: InstructionStream(base: text))
    for function in module.module.functions { generator.generate(function) }
    let places = DataPlaces(module.module.globals, text: text..<generator.assembler.address, data: data)
    let bytes: [UInt8]
    do { bytes = try generator.assembler.linked(data: places.addresses) } catch {
      preconditionFailure("the compiler must generate what can be assembled: \(error)")
    }
    let symbols = Self.symbols(generator.assembler.symbols, places)
    guard let start = symbols.first(where: { $0.name == entry }) else {
      preconditionFailure("a program needs its entry function")
    }
    let parts = ExecutableParts(
      entry: start.address, text: .init(address: text, bytes: bytes),
      readOnlyData: places.readOnly, data: places.data, zeroedBytes: places.zeroedBytes, symbols: symbols,
      machineFlags: 0)
    let elf: [UInt8]
    do { elf = try elfExecutable(parts) } catch {
      preconditionFailure("the compiler must write an executable that can be read: \(error)")
    }
    return CompiledProgram(
      elf: elf, entry: start.address, symbols: symbols, streams: streams,
      sourceMap: generator.marks.map { SourceMapEntry(address: $0.address, position: Position(packed: $0.position)) },
      variables: variables(places.addresses))
  }

  private static func symbols(_ text: [InstructionStream.Symbol], _ places: DataPlaces) -> [ExecutableImage.Symbol] {
    var result = text.map {
      ExecutableImage.Symbol(
        name: $0.name, address: $0.address, size: $0.size, kind: $0.isFunction ? .function : .other)
    }
    result += places.globals.map {
      ExecutableImage.Symbol(name: $0.name, address: $0.address, size: UInt64($0.size), kind: .object)
    }
    return result
  }

  private func variables(_ addresses: [String: UInt64]) -> [VariablePlace] {
    var result: [VariablePlace] = []
    for names in compiled {
      for variable in names.component.variables {
        guard let address = names.fixedAddress(of: variable) ?? addresses[names.symbol(variable.name.text)] else {
          continue
        }
        result.append(
          VariablePlace(component: names.prefix, name: variable.name.text, address: address, bytes: variable.bytes))
      }
    }
    return result
  }
}

/// Globals with addresses, and the bytes of the three sections that hold them.
struct DataPlaces {
  private(set) var globals: [(name: String, address: UInt64, size: Int)] = []
  /// The same for lookups, with the limits of the groups; never iterated.
  private(set) var addresses: [String: UInt64] = [:]
  private(set) var readOnly: ExecutableParts.Block
  private(set) var data: ExecutableParts.Block
  private(set) var zeroedBytes: UInt64 = 0

  init(_ all: [IR.Global], text: Range<UInt64>, data dataBase: UInt64?) {
    let readOnlyBase = text.upperBound.aligned(to: 4096)
    readOnly = ExecutableParts.Block(address: readOnlyBase, bytes: [])
    data = ExecutableParts.Block(address: 0, bytes: [])
    for global in all where global.section == .readOnly { note(global, at: readOnly.append(global)) }
    data.address = dataBase ?? readOnly.end.aligned(to: 4096)
    limit("text", text)
    limit("readOnly", readOnlyBase..<readOnly.end.aligned(to: 4096))
    let groups = (all.map(\.group).max() ?? 0) + 1
    for group in 0..<groups { addData(all, group, isOnly: groups == 1) }
    addZeroed(all, groups)
    addresses["group.end"] = (data.end.aligned(to: 16) + zeroedBytes).aligned(to: 4096)
  }

  private mutating func limit(_ name: String, _ range: Range<UInt64>) {
    addresses["group.\(name).start"] = range.lowerBound
    addresses["group.\(name).end"] = range.upperBound.aligned(to: 4096)
  }

  private mutating func addData(_ all: [IR.Global], _ group: Int, isOnly: Bool) {
    let start = data.end
    for global in all where global.section == .data && global.group == group { note(global, at: data.append(global)) }
    limit("\(group).data", start..<data.end)
    if !isOnly { data.pad(to: 4096) }
  }

  private mutating func addZeroed(_ all: [IR.Global], _ groups: Int) {
    let base = data.end.aligned(to: 16)
    var end = base
    for group in 0..<groups {
      let start = end
      for global in all where global.section == .zeroed && global.group == group {
        end = end.aligned(to: global.alignment)
        note(global, at: end)
        end += UInt64(global.size)
      }
      if groups > 1 { end = end.aligned(to: 4096) }
      limit("\(group).zeroed", start..<end)
    }
    zeroedBytes = end - base
  }

  private mutating func note(_ global: IR.Global, at address: UInt64) {
    precondition(addresses[global.name] == nil, "a global must have a name of its own: \(global.name)")
    globals.append((global.name, address, global.size))
    addresses[global.name] = address
  }
}

extension ExecutableParts.Block {
  /// Places a global behind what is there and gives its address.
  fileprivate mutating func append(_ global: IR.Global) -> UInt64 {
    pad(to: global.alignment)
    let address = end
    let content = global.words.flatMap(\.littleEndianBytes) + global.bytes
    bytes += content + [UInt8](repeating: 0, count: global.size - content.count)
    return address
  }
}

extension ExecutableParts.Block {
  fileprivate mutating func pad(to alignment: Int) {
    bytes += [UInt8](repeating: 0, count: Int(end.aligned(to: alignment) - end))
  }
}

extension UInt64 {
  fileprivate func aligned(to alignment: Int) -> UInt64 {
    (self + UInt64(alignment) - 1) / UInt64(alignment) * UInt64(alignment)
  }
}

extension FixedWidthInteger {
  var littleEndianBytes: [UInt8] { withUnsafeBytes(of: littleEndian) { Array($0) } }
}
