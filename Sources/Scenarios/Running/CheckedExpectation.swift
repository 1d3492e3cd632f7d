/// An expectation of the scenario with its result.
public struct CheckedExpectation: Hashable, Sendable {
  /// Line and column in the scenario file.
  public var position: Position
  /// The claim in words.
  public var claim: String
  public var isMet: Bool
  /// What was found instead, if it is not met.
  public var found: String
  /// The outcome that was claimed, if the claim is about the outcome.
  public var outcome: Outcome?

  public init(position: Position, claim: String, isMet: Bool, found: String = "", outcome: Outcome? = nil) {
    self.position = position
    self.claim = claim
    self.isMet = isMet
    self.found = found
    self.outcome = outcome
  }
}

extension RunRecord {
  /// Evaluates the claims of a scenario against what happened; nothing else decides about them.
  public mutating func check(_ claims: [Expectation]) {
    expectations = claims.map { expectation in
      let (claim, failure) = evaluate(expectation.claim)
      var checked = CheckedExpectation(
        position: expectation.position, claim: claim, isMet: failure == nil, found: failure ?? "")
      if case .outcome(let outcome) = expectation.claim { checked.outcome = outcome }
      return checked
    }
  }

  /// The claim in words, and what contradicts it.
  private func evaluate(_ claim: Expectation.Claim) -> (claim: String, failure: String?) {
    switch claim {
    case .log(let component, let patterns):
      ("\(component.text) logs the given lines", logFailure(component.text, patterns))
    case .restored(let checkpoint, let verdict, let bounds):
      (
        "\(checkpoint.text) restored: \(verdict.rawValue)\(bounds.text)",
        restoreFailure(checkpoint.text, verdict) ?? recoveryFailure(checkpoint.text, bounds)
      )
    case .deadlines(let job, let missed):
      ("\(job?.text ?? "all jobs"): missed deadlines \(missed.text)", deadlineFailure(job?.text, missed))
    case .thread(let thread, let observation):
      ("\(thread.text) sees \(observation.text)", observationFailure(thread, observation))
    case .error(let name, let component):
      ("\(name.text)\(component.map { " in \($0.text)" } ?? "")", complaintFailure(name.text, component?.text))
    case .outcome(let outcome):
      (
        "the run ends as \(outcome.rawValue)",
        ending.outcome == outcome ? nil : "it ended as \(ending.outcome.rawValue)"
      )
    case .count(let name, let comparison):
      ("\(name.text) happens \(comparison.text) times", countFailure(name.text, comparison))
    case .exposed(let checkpoint, let comparison):
      ("\(checkpoint.text) restored: exposed lines \(comparison.text)", exposureFailure(checkpoint.text, comparison))
    case .variable(let variable, let comparison):
      ("\(variable.text) is \(comparison.text)", variableFailure(variable, comparison))
    }
  }

  private func logFailure(_ component: String, _ patterns: [LinePattern]) -> String? {
    LogMatch.failure(of: log.filter { $0.component == component }.map(\.text), against: patterns)
  }

  private func restoreFailure(_ checkpoint: String, _ verdict: Verdict) -> String? {
    guard let restore = restores.last(where: { $0.checkpoint == checkpoint }) else { return "it was never restored" }
    if let failure = restore.failure { return "the restore failed: \(failure)" }
    guard let judgement = restore.judgement else { return "it was not judged" }
    if judgement.verdict == verdict { return nil }
    return "\(judgement.verdict.rawValue): " + judgement.reasons.joined(separator: "; ")
  }

  private func exposureFailure(_ checkpoint: String, _ comparison: Comparison) -> String? {
    guard let restore = restores.last(where: { $0.checkpoint == checkpoint }) else { return "it was never restored" }
    if comparison.holds(for: Int64(restore.exposed.count)) { return nil }
    let first = restore.exposed.first.map { "; the first is \"\($0.text)\" (\($0.fate.rawValue))" } ?? ""
    return "\(restore.exposed.count) lines came out of a state that was lost\(first)"
  }

  private func deadlineFailure(_ job: String?, _ comparison: Comparison) -> String? {
    let streams = jobs.filter { job == nil || $0.name == job }
    if streams.allSatisfy(\.jobs.isEmpty) { return "no job was released" }
    let missed = streams.reduce(0) { $0 + $1.misses(end: end).count }
    return comparison.holds(for: Int64(missed)) ? nil : "\(missed) were missed"
  }

  private func observationFailure(_ thread: ScopedName, _ observation: Observation) -> String? {
    let found = threads.filter {
      $0.name.thread == thread.member.text && (thread.component == nil || $0.name.component == thread.component?.text)
    }
    if found.isEmpty { return "no thread of this name has run" }
    let codes = errorCodes(seenBy: found)
    let seen = codes.isEmpty ? "it saw no error" : "it saw error \(codes.map(String.init).joined(separator: ", "))"
    switch observation {
    case .error(let code): return codes.contains(code) ? nil : seen
    case .noError: return codes.isEmpty ? nil : seen
    case .pageFault: return found.contains { !$0.strandedFaults.isEmpty } ? nil : "every page fault was resolved"
    case .exception: return found.contains { !$0.exceptions.isEmpty } ? nil : "it raised no exception"
    }
  }

  /// Those the kernel told them while they ran, and those they were restored with.
  private func errorCodes(seenBy threads: [ThreadRecord]) -> [Int] {
    let restored = restores.flatMap(\.threads).compactMap { fate -> Int? in
      guard case .error(let code) = fate.sight, threads.contains(where: { $0.name == fate.name }) else { return nil }
      return code
    }
    return (threads.flatMap(\.errors).map(\.code) + restored).reduce(into: []) {
      if !$0.contains($1) { $0.append($1) }
    }
  }

  private func complaintFailure(_ name: String, _ component: String?) -> String? {
    let found = complaints.filter { component == nil || $0.component == component }
    if found.contains(where: { $0.name == name }) { return nil }
    return found.isEmpty ? "nothing went wrong" : "only \(found.map(\.name).joined(separator: ", "))"
  }

  private func countFailure(_ name: String, _ comparison: Comparison) -> String? {
    guard let count = counts.first(where: { $0.name == name })?.count else {
      return "there is no such record; there are \(counts.map(\.name).joined(separator: ", "))"
    }
    return comparison.holds(for: Int64(clamping: count)) ? nil : "it happened \(count) times"
  }

  private func variableFailure(_ variable: ScopedName, _ comparison: Comparison) -> String? {
    let found = variables.first {
      $0.name == variable.member.text && (variable.component == nil || $0.component == variable.component?.text)
    }
    guard let value = found?.value else { return "its memory cannot be read at the end" }
    return comparison.holds(for: value) ? nil : "it is \(value)"
  }
}

extension Comparison {
  var text: String { relation == .equal ? "\(value)" : "\(relation.rawValue)\(value)" }
}

extension ScopedName {
  var text: String { (component.map { $0.text + "/" } ?? "") + member.text }
}

extension Observation {
  var text: String {
    switch self {
    case .error(let code): "error \(code)"
    case .noError: "no error"
    case .pageFault: "an unresolved page fault"
    case .exception: "an exception"
    }
  }
}
