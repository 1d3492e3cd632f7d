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
  do {
    try program.compileGenode(component)
  } catch {
    throw ScenarioError(file: scenario.file, position: error.position, path: "", problem: error.problem, sourceLine: nil)
  }
  return program.link(
    entry: "_start", text: ComponentLayout.textBase, data: ComponentLayout.dataBase)
}

extension ProgramCompiler {
  /// Generates code, places data, and writes the executable.
  func link(entry: String, text: UInt64, data: UInt64) -> CompiledProgram {
    var generator = CodeGenerator(assembler: InstructionStream(base: text))
    for function in module.module.functions { generator.generate(function) }
    let end = generator.assembler.address
    let places = DataPlaces(module.module.globals, readOnly: (end + 4095) & ~4095, data: data)
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
  /// The same for lookups; never iterated.
  private(set) var addresses: [String: UInt64] = [:]
  private(set) var readOnly: ExecutableParts.Block
  private(set) var data: ExecutableParts.Block
  private(set) var zeroedBytes: UInt64 = 0

  init(_ all: [IR.Global], readOnly readOnlyBase: UInt64, data dataBase: UInt64) {
    readOnly = ExecutableParts.Block(address: readOnlyBase, bytes: [])
    data = ExecutableParts.Block(address: dataBase, bytes: [])
    for global in all where global.section == .readOnly { note(global, at: readOnly.append(global)) }
    for global in all where global.section == .data { note(global, at: data.append(global)) }
    let zeroedBase = (data.end + 15) & ~15
    var end = zeroedBase
    for global in all where global.section == .zeroed {
      end = end.aligned(to: global.alignment)
      note(global, at: end)
      end += UInt64(global.size)
    }
    zeroedBytes = end - zeroedBase
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
    let address = end.aligned(to: global.alignment)
    bytes += [UInt8](repeating: 0, count: Int(address - end))
    let content = global.words.flatMap(\.littleEndianBytes) + global.bytes
    bytes += content + [UInt8](repeating: 0, count: global.size - content.count)
    return address
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
