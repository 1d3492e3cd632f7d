import Determinism
import Scenarios

/// The machine-readable form of a run. Times are whole picoseconds since the machine was switched on.
public enum EncodedRun {
  /// Increases whenever a member changes its meaning or disappears; new members do not count.
  public static let version: Int64 = 1

  public static func document(of record: RunRecord) -> String { node(of: record).document }

  static func node(of record: RunRecord) -> JSONNode {
    .object([
      .init("format", .string("stasis-run")),
      .init("version", .integer(version)),
      .init(
        "scenario",
        .object([
          .init("file", .string(record.scenario.file)), .init("title", .string(record.scenario.title)),
          .init("about", .text(record.scenario.about)),
        ])),
      .init("machine", machine(record.machine)),
      .init("outcome", .string(record.ending.outcome.rawValue)),
      .init("ending", .string(record.ending.sentence)),
      .init("exitCode", .integer(Int64(record.exitCode.rawValue))),
      .init("endPicoseconds", time(record.end)),
      .init("instructions", .unsigned(record.instructions)),
      .init("traceDigest", .string("\(record.traceDigest)")),
      .init("expectations", .array(record.expectations.map(expectation))),
      .init(
        "timeline",
        .array(
          record.marks.map { mark in
            .object([
              .init("at", time(mark.at)), .init("kind", .string(mark.kind.rawValue)), .init("name", .string(mark.name)),
            ])
          })),
      .init("checkpoints", .array(record.checkpoints.map(checkpoint))),
      .init("restores", .array(record.restores.map(restore))),
      .init("jobs", .array(record.jobs.map { jobs($0, end: record.end) })),
      .init("components", .array(record.components.map(component))),
      .init("threads", .array(record.threads.map(thread))),
      .init("processors", .array(record.processors.map(processor))),
      .init(
        "complaints",
        .array(
          record.complaints.map { complaint in
            .object([
              .init("at", time(complaint.at)), .init("name", .string(complaint.name)),
              .init("component", .string(complaint.component)), .init("text", .string(complaint.text)),
            ])
          })),
      .init(
        "variables",
        .array(
          record.variables.map { variable in
            .object([
              .init("component", .string(variable.component)), .init("name", .string(variable.name)),
              .init("value", variable.value.map(JSONNode.integer) ?? .null),
            ])
          })),
      .init("counts", .object(record.counts.map { .init($0.name, .unsigned($0.count)) })),
      .init(
        "log",
        .array(
          record.log.map { line in
            .object([
              .init("at", time(line.at)), .init("component", .string(line.component)),
              .init("text", .string(line.text)),
            ])
          })),
    ])
  }

  static func time(_ instant: Instant) -> JSONNode { .unsigned(instant.picoseconds) }
  static func time(_ instant: Instant?) -> JSONNode { instant.map { .unsigned($0.picoseconds) } ?? .null }
  static func span(_ span: TimeSpan?) -> JSONNode { span.map { .integer($0.picoseconds) } ?? .null }

  private static func machine(_ machine: MachineHeading) -> JSONNode {
    .object([
      .init("platform", .string(machine.platform.platform)), .init("kernel", .string(machine.kernel.rawValue)),
      .init("genode", machine.genode.map { .string($0.release.rawValue) } ?? .null),
      .init("consoleBaud", machine.genode?.console.map { .integer($0.baud) } ?? .null),
      .init("costs", .object(machine.platform.statuses.map { .init($0.status.rawValue, .count($0.count)) })),
    ])
  }

  private static func expectation(_ checked: CheckedExpectation) -> JSONNode {
    .object([
      .init("line", .integer(Int64(checked.position.line))), .init("column", .integer(Int64(checked.position.column))),
      .init("claim", .string(checked.claim)), .init("met", .bool(checked.isMet)),
      .init("found", checked.isMet ? .null : .string(checked.found)),
    ])
  }

  /// The figures of a platform, one row each.
  public static func document(of costs: CostTable) -> String {
    JSONNode.object([
      .init("format", .string("stasis-costs")), .init("version", .integer(version)),
      .init("platform", .string(costs.platform)), .init("about", .string(costs.about)),
      .init("picosecondsPerCycle", .unsigned(costs.picosecondsPerCycle)),
      .init(
        "figures",
        .array(
          costs.rows.map { row in
            .object([
              .init("work", .string(row.work)), .init("base", .unsigned(row.base)),
              .init("perUnit", .unsigned(row.perUnit)), .init("unit", .string(row.unit.rawValue)),
              .init("status", .string(row.status.rawValue)), .init("source", .string(row.source)),
            ])
          })),
    ]).document
  }
}
