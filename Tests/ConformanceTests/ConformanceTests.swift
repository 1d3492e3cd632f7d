import Foundation
import Testing

/// Programs that ran on the real kernel run on the simulated one and have to print the same.
@Suite(.serialized) struct ConformanceTests {
  @Test(arguments: ConformanceProgram.all)
  func `a program prints what it printed on the real kernel`(_ program: ConformanceProgram) throws {
    let outcome = try ConformanceOutcome(program)
    let agrees =
      program.requiredLines == outcome.expected.count ? outcome.isExact : outcome.matched >= program.requiredLines
    #expect(agrees, "\(outcome.report)")
    ConformanceTable.shared.add(outcome)
  }

  @Test func `the table names every program, what agrees, and the first difference`() {
    let table = ConformanceTable.text([
      ConformanceOutcome(
        ConformanceProgram("01-a", 2), expected: ["a/1 x=1", "END"], actual: ["a/1 x=1", "END"], failure: nil),
      ConformanceOutcome(
        ConformanceProgram("02-b", 0), expected: ["b/1 x=1", "END"], actual: ["b/1 x=2"], failure: nil),
    ])
    #expect(
      table == """
        program  lines  agree
        01-a         2      2
        02-b         2      0
                 real: b/1 x=1
                 ours: b/1 x=2
        total        4      2

        """)
  }

  @Test func `the same program twice makes the same events and the same state`() throws {
    let program = ConformanceProgram("11-checkpoint", 54)
    let first = try ConformanceRun(program)
    let second = try ConformanceRun(program)
    #expect(first.trace == second.trace)
    #expect(first.state == second.state)
    #expect(try first.trace != ConformanceRun(ConformanceProgram("04-order", 41)).trace)
  }
}
