import Determinism
import RISCV

/// One instruction of the F and D extensions with one rounding mode, to be tried with many operands.
struct FloatCase: Sendable {
  enum Operands: Sendable { case single, double, integer }

  let name: String
  let operands: Operands
  let hasIntegerResult: Bool
  let emit: @Sendable (inout Assembler) -> Void

  /// All computing instructions with all rounding modes, the dynamic one included. Operands stand in fa0 ... fa2 and
  /// a2; the result goes to fa3 or a3.
  static let all: [FloatCase] = FloatWidth.allCases.flatMap { width in
    exact(width) + FloatRounding.allCases.flatMap { rounded(width, $0) }
  }

  private static func exact(_ width: FloatWidth) -> [FloatCase] {
    let operands: Operands = width == .single ? .single : .double
    func name(_ text: String) -> String { "\(text).\(width.rawValue)" }
    var cases = FloatSelection.allCases.map { operation in
      FloatCase(name: name(operation.rawValue), operands: operands, hasIntegerResult: false) {
        $0.emit(operation, width, .fa3, .fa0, .fa1)
      }
    }
    cases += FloatComparison.allCases.map { operation in
      FloatCase(name: name(operation.rawValue), operands: operands, hasIntegerResult: true) {
        $0.emit(operation, width, .a3, .fa0, .fa1)
      }
    }
    cases.append(
      FloatCase(name: name("fclass"), operands: operands, hasIntegerResult: true) { $0.fclass(width, .a3, .fa0) })
    cases.append(
      FloatCase(name: name("fmv.x"), operands: operands, hasIntegerResult: true) { $0.move(width, .a3, from: .fa0) })
    cases.append(
      FloatCase(name: name("fmv.from.x"), operands: .integer, hasIntegerResult: false) {
        $0.move(width, .fa3, from: .a2)
      })
    return cases
  }

  private static func rounded(_ width: FloatWidth, _ rounding: FloatRounding) -> [FloatCase] {
    let operands: Operands = width == .single ? .single : .double
    func name(_ text: String) -> String { "\(text).\(width.rawValue).\(rounding.rawValue)" }
    var cases = FloatArithmetic.allCases.map { operation in
      FloatCase(name: name(operation.rawValue), operands: operands, hasIntegerResult: false) {
        $0.emit(operation, width, .fa3, .fa0, .fa1, rounding)
      }
    }
    cases += FloatFused.allCases.map { operation in
      FloatCase(name: name(operation.rawValue), operands: operands, hasIntegerResult: false) {
        $0.emit(operation, width, .fa3, .fa0, .fa1, .fa2, rounding)
      }
    }
    for integer in FloatInteger.allCases {
      cases.append(
        FloatCase(name: name("fcvt.\(integer.rawValue)"), operands: operands, hasIntegerResult: true) {
          $0.convert(to: integer, .a3, width, .fa0, rounding)
        })
      cases.append(
        FloatCase(name: name("fcvt.from.\(integer.rawValue)"), operands: .integer, hasIntegerResult: false) {
          $0.convert(from: integer, width, .fa3, .a2, rounding)
        })
    }
    let origin: Operands = width == .single ? .double : .single
    cases.append(
      FloatCase(name: name("fcvt"), operands: origin, hasIntegerResult: false) {
        $0.convert(to: width, .fa3, .fa0, rounding)
      })
    return cases
  }
}

/// A program that tries every case with every operand of its kind and writes result and flags of each to the output.
///
/// Its window holds the operands (three words each, one table for each kind) and, behind them, the results.
struct FloatProgram {
  let code: [UInt8]
  /// Operands, then zeros for the results.
  let window: [UInt8]
  /// Operands of each kind.
  let count: Int

  private static let tripleBytes = 24
  /// Result and flags.
  static let resultBytes = 16

  var resultsAt: Int { 3 * count * Self.tripleBytes }
  /// Bytes of the results of one case.
  var caseBytes: Int { count * Self.resultBytes }

  init(seed: UInt64, count: Int) {
    self.count = count
    var operands = FloatOperands(seed: seed)
    var words: [UInt64] = []
    for kind in [FloatCase.Operands.single, .double, .integer] {
      for _ in 0..<count { words += operands.triple(kind) }
    }
    let results = FloatCase.all.count * count * Self.resultBytes
    window =
      words.flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64(8 * $0)) } }
      + [UInt8](repeating: 0, count: results)
    var code = Assembler(base: ProgramGenerator.base)
    code.li(.s1, Int64(ProgramGenerator.window) + Int64(3 * count * Self.tripleBytes))
    for (index, one) in FloatCase.all.enumerated() { Self.loop(&code, one, index, count) }
    Self.writeAndExit(&code, Int64(ProgramGenerator.window), Int64(window.count))
    guard let program = try? code.assemble() else { preconditionFailure("a generated program assembles") }
    self.code = program.bytes
  }

  private static func loop(_ code: inout Assembler, _ one: FloatCase, _ index: Int, _ count: Int) {
    let table: Int64 = one.operands == .single ? 0 : one.operands == .double ? 1 : 2
    // For those that round as frm says.
    code.emit(.csrrwi, .zero, .frm, UInt32(index % 5))
    code.li(.a0, Int64(ProgramGenerator.window) + table * Int64(count * tripleBytes))
    code.li(.a1, Int64(count))
    code.label("case\(index)")
    code.load(.double, .fa0, 0, .a0)
    code.load(.double, .fa1, 8, .a0)
    code.load(.double, .fa2, 16, .a0)
    code.ld(.a2, 0, .a0)
    code.emit(.csrrwi, .zero, .fflags, 0)
    one.emit(&code)
    code.emit(.csrrs, .a4, .fcsr, 0)
    if one.hasIntegerResult { code.sd(.a3, 0, .s1) } else { code.store(.double, .fa3, 0, .s1) }
    code.sd(.a4, 8, .s1)
    code.addi(.s1, .s1, Int64(resultBytes))
    code.addi(.a0, .a0, Int64(tripleBytes))
    code.addi(.a1, .a1, -1)
    code.bnez(.a1, "case\(index)")
  }

  private static func writeAndExit(_ code: inout Assembler, _ address: Int64, _ bytes: Int64) {
    code.li(.a1, address)
    code.li(.a2, bytes)
    // A pipe takes what it has room for.
    code.label("write")
    code.li(.a7, 64)
    code.li(.a0, 1)
    code.ecall()
    code.add(.a1, .a1, .a0)
    code.sub(.a2, .a2, .a0)
    code.bnez(.a2, "write")
    code.li(.a7, 93)
    code.li(.a0, 0)
    code.ecall()
  }
}
