import CheckpointRestore
import Determinism
import Scenarios

extension EncodedRun {
  static func checkpoint(_ checkpoint: CheckpointRecord) -> JSONNode {
    .object([
      .init("name", .string(checkpoint.name)), .init("component", .string(checkpoint.component)),
      .init("at", time(checkpoint.at)), .init("failure", .text(checkpoint.failure)),
      .init("pause", span(checkpoint.duration(of: .frozen))), .init("total", span(checkpoint.total)),
      .init(
        "phases",
        .array(
          checkpoint.phases.map { span in
            .object([
              .init("phase", .string(span.part.rawValue)), .init("from", time(span.from)),
              .init("duration", EncodedRun.span(span.duration)),
            ])
          })),
      .init(
        "steps",
        .array(
          checkpoint.steps.map { step in
            .object([.init("step", .string(step.part.rawValue)), .init("duration", EncodedRun.span(step.duration))])
          })),
      .init("counts", counts(checkpoint.counts)), .init("faults", faults(checkpoint.faults)),
      .init("bytesMirrored", .unsigned(checkpoint.bytesMirrored)),
      .init(
        "rounds",
        .array(
          checkpoint.rounds.map {
            .object([.init("bytes", .unsigned($0.bytes)), .init("remaining", .unsigned($0.remaining))])
          })), .init("roundsStoppedBy", .text(checkpoint.stop?.rawValue)),
      .init("leftOut", .array(checkpoint.leftOut.map(JSONNode.string))),
      .init(
        "threads",
        .array(
          checkpoint.threads.map { thread in
            .object([
              .init("name", .string("\(thread.name)")), .init("situation", .string(thread.situation.rawValue)),
            ])
          })),
      .init("repairs", .array(checkpoint.repairs.map { .string($0.sentence) })),
    ]).adding(travel(of: checkpoint))
  }

  /// Of an image that was sent to another node.
  private static func travel(of checkpoint: CheckpointRecord) -> [JSONNode.Member] {
    guard let generation = checkpoint.generation else { return [] }
    return [
      .init("generation", .unsigned(generation)), .init("sent", time(checkpoint.sent)),
      .init("received", time(checkpoint.received)),
    ]
  }

  /// With several nodes: where, from which image, what was lost and how long it took.
  private static func recovery(of restore: RestoreRecord) -> [JSONNode.Member] {
    [
      .init("node", .count(restore.node)), .init("generation", restore.generation.map(JSONNode.unsigned) ?? .null),
      .init("recoveryPoint", span(restore.recoveryPoint)), .init("recoveryTime", span(restore.recoveryTime)),
    ]
  }

  static func restore(_ restore: RestoreRecord, nodes: Int) -> JSONNode {
    .object([
      .init("checkpoint", .string(restore.checkpoint)), .init("component", .string(restore.component)),
      .init("at", time(restore.at)), .init("duration", span(restore.duration)),
      .init("complete", span(restore.complete)), .init("faults", faults(restore.faults)),
      .init("child", .string(restore.child.rawValue)), .init("blocked", .string(restore.policy.rawValue)),
      .init("failure", .text(restore.failure)), .init("verdict", .text(restore.judgement?.verdict.rawValue)),
      .init("reasons", .array((restore.judgement?.reasons ?? []).map(JSONNode.string))),
      .init("ignoredStarts", .array(restore.ignoredStarts.map(JSONNode.string))),
      .init(
        "exposed",
        .array(
          restore.exposed.map { line in
            .object([
              .init("at", time(line.at)), .init("text", .string(line.text)), .init("fate", .string(line.fate.rawValue)),
            ])
          })),
      .init("recreated", .array(restore.recreated.map { .string("\($0.caller) waits for \($0.holder)") })),
      .init("counts", counts(restore.counts)), .init("threads", .array(restore.threads.map { fate($0, restore) })),
    ]).adding(nodes > 1 ? recovery(of: restore) : [])
  }

  private static func fate(_ fate: ThreadFate, _ restore: RestoreRecord) -> JSONNode {
    let explanation = Explanation.of(fate, policy: restore.policy)
    var (sight, code): (String, JSONNode) = ("", .null)
    switch fate.sight {
    case .error(let number): (sight, code) = ("error", .count(number))
    case .message: sight = "message"
    case .waits: sight = "waits"
    case .stillSends: sight = "stillSends"
    case .runs: sight = "runs"
    case .nothing: sight = "nothing"
    }
    return .object([
      .init("name", .string("\(fate.name)")), .init("situation", .string(fate.situation.rawValue)),
      .init("sees", .string(sight)), .init("error", code), .init("at", time(fate.at)),
      .init("hasWaited", .bool(fate.hasWaited)), .init("repetitions", .unsigned(fate.repetitions)),
      .init("thenError", fate.following.map { .integer(Int64($0.code)) } ?? .null),
      .init("thenRepetitions", .unsigned(fate.following?.repetitions ?? 0)),
      .init("why", .text(explanation?.why)), .init("heal", .text(explanation?.heal)),
      .init("evidence", .text(explanation?.evidence)), .init("topic", .text(explanation?.topic)),
    ])
  }

  private static func counts(_ counts: CheckpointTotals) -> JSONNode {
    .object([
      .init("threads", .count(counts.threads)), .init("objects", .count(counts.objects)),
      .init("capabilities", .count(counts.capabilities)), .init("regions", .count(counts.regions)),
      .init("pages", .count(counts.pages)), .init("bytes", .unsigned(counts.bytes)),
      .init("nodes", .count(counts.nodes)), .init("lines", .count(counts.lines)),
      .init("bytesWritten", .unsigned(counts.bytesWritten)), .init("bytesHeld", .unsigned(counts.bytesHeld)),
      .init("partsAwaited", .count(counts.partsAwaited)),
    ])
  }

  private static func faults(_ faults: FaultService) -> JSONNode {
    .object([.init("count", .count(faults.count)), .init("time", span(faults.time))])
  }

  static func jobs(_ stream: JobStreamRecord, end: Instant) -> JSONNode {
    let misses = stream.misses(end: end)
    let first = misses.first.map { miss -> JSONNode in
      .object([
        .init("number", .count(miss.number + 1)), .init("release", time(miss.job.release)),
        .init("completion", time(miss.job.completion)),
        .init("late", span(miss.job.completion.map { $0 - (miss.job.release + stream.deadline) })),
      ])
    }
    let responses = stream.responses
    return .object([
      .init("component", .string(stream.component)), .init("name", .string(stream.name)),
      .init("period", span(stream.period)), .init("deadline", span(stream.deadline)),
      .init("released", .count(stream.releasedCount)),
      .init("completed", .count(stream.completedCount)),
      .init("missed", .count(misses.count)), .init("firstMiss", first ?? .null),
      .init(
        "response",
        .object([
          .init("minimum", span(responses?.minimum)), .init("average", span(responses?.average)),
          .init("p50", span(responses?.median)), .init("p95", span(responses?.p95)), .init("p99", span(responses?.p99)),
          .init("maximum", span(responses?.maximum)),
        ])),
    ])
  }

  static func component(_ component: ComponentRecord, nodes: Int) -> JSONNode {
    .object([
      .init("name", .string(component.name)),
      .init(
        "lives",
        .array(
          component.lives.map { life in
            .object([
              .init("from", time(life.from)), .init("until", time(life.until)),
              .init("restoredFrom", .text(life.restoredFrom)),
              .init("constructEntries", .array(life.constructEntries.map { time($0) })),
              .init("exitValue", life.exitValue.map(JSONNode.integer) ?? .null),
            ]).adding(nodes > 1 ? [.init("node", .count(life.node))] : [])
          })),
    ])
  }

  static func outputs(_ outputs: HeldOutputs) -> JSONNode {
    let delays = SpanStatistics(outputs.delays)
    return .object([
      .init("component", .string(outputs.component)), .init("released", .count(outputs.delays.count)),
      .init("averageDelay", span(delays?.average)), .init("maximumDelay", span(delays?.maximum)),
      .init("waiting", .count(outputs.waiting)), .init("discarded", .count(outputs.discarded)),
      .init("refused", .count(outputs.refused)),
    ])
  }

  static func processor(_ use: ProcessorUse) -> JSONNode {
    .object([
      .init("component", .string(use.component)), .init("time", span(use.time)),
      .init("whileFrozen", span(use.whileFrozen)),
    ])
  }

  static func thread(_ thread: ThreadRecord) -> JSONNode {
    func faults(_ places: [FaultPlace]) -> JSONNode {
      .array(
        places.map { place in
          .object([
            .init("at", time(place.at)), .init("ip", .string(hexadecimal(place.ip))),
            .init("value", .string(hexadecimal(place.value))), .init("symbol", .text(place.symbol)),
          ])
        })
    }
    return .object([
      .init("name", .string("\(thread.name)")), .init("standing", .string(thread.standing.sentence)),
      .init("messages", .unsigned(thread.messages)),
      .init(
        "errors",
        .array(
          thread.errors.map { error in
            .object([
              .init("code", .count(error.code)), .init("count", .unsigned(error.count)),
              .init("first", time(error.first)),
            ])
          })),
      .init("unresolvedPageFaults", faults(thread.strandedFaults)), .init("exceptions", faults(thread.exceptions)),
    ])
  }
}

extension JSONNode {
  /// An object with more members at its end.
  fileprivate func adding(_ members: [Member]) -> JSONNode {
    if case .object(let own) = self { .object(own + members) } else { self }
  }
}
