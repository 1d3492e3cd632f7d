import Testing

@testable import Scenarios

@Suite struct ExpectationTests {
  private static func name(_ text: String) -> Name { Name(text, at: .start) }
  private static func scoped(_ component: String, _ member: String) -> ScopedName {
    ScopedName(component: name(component), member: name(member))
  }

  private func check(_ claim: Scenarios.Expectation.Claim, in record: RunRecord = SampleRecord.replyAndWait)
    -> CheckedExpectation
  {
    var record = record
    record.check([Scenarios.Expectation(position: .start, claim: claim)])
    return record.expectations[0]
  }

  private static let met: [Scenarios.Expectation.Claim] = [
    .log(component: name("client"), is: [.line(["answer 1"]), .anyLines, .line(["answer 6"])]),
    .log(component: name("server"), is: []),
    .restored(checkpoint: name("c1"), verdict: .stuck),
    .deadlines(job: nil, missed: Comparison(.equal, 2)), .deadlines(job: name("loop"), missed: Comparison(.greater, 0)),
    .thread(scoped("server", "ep"), sees: .error(4)), .thread(scoped("client", "ep"), sees: .noError),
    .outcome(.stopped), .count(name("ipc"), Comparison(.greaterOrEqual, 5400)),
    .count(name("pageFault"), Comparison(.equal, 0)), .variable(scoped("client", "answers"), Comparison(.equal, 6)),
  ]

  private static let failed: [(Scenarios.Expectation.Claim, String)] = [
    (.log(component: name("client"), is: []), "line 1 is \"answer 1\", expected the end of the log"),
    (
      .restored(checkpoint: name("c1"), verdict: .equivalent),
      "stuck: client wrote nothing after 110 ms; 4 lines are missing"
    ),
    (.restored(checkpoint: name("c2"), verdict: .equivalent), "it was never restored"),
    (.deadlines(job: nil, missed: Comparison(.equal, 0)), "2 were missed"),
    (.deadlines(job: name("other"), missed: Comparison(.equal, 0)), "no job was released"),
    (.thread(scoped("server", "ep"), sees: .error(7)), "it saw error 4"),
    (.thread(scoped("server", "ep"), sees: .noError), "it saw error 4"),
    (.thread(scoped("client", "ep"), sees: .error(7)), "it saw no error"),
    (.thread(scoped("client", "other"), sees: .noError), "no thread of this name has run"),
    (.thread(scoped("client", "ep"), sees: .pageFault), "every page fault was resolved"),
    (.thread(scoped("client", "ep"), sees: .exception), "it raised no exception"),
    (.error(name("Out_of_metadata"), component: nil), "nothing went wrong"),
    (.outcome(.stuck), "it ended as stopped"), (.count(name("ipc"), Comparison(.less, 10)), "it happened 5400 times"),
    (.count(name("noise"), Comparison(.equal, 0)), "there is no such record; there are ipc, pageFault"),
    (.variable(scoped("client", "answers"), Comparison(.equal, 5)), "it is 6"),
    (.variable(scoped("server", "answers"), Comparison(.equal, 5)), "its memory cannot be read at the end"),
  ]

  @Test(arguments: met) func `a claim that is true is met`(_ claim: Scenarios.Expectation.Claim) {
    let checked = check(claim)
    #expect(checked.isMet && checked.found.isEmpty, "\(checked)")
  }

  @Test func `a claim that is false is not met, with what was found`() {
    for (claim, found) in Self.failed {
      let checked = check(claim)
      #expect(!checked.isMet)
      #expect(checked.found == found)
    }
  }

  @Test func `an error that a thread was restored with counts as seen`() {
    var record = SampleRecord.replyAndWait
    record.restores[0].threads[0].sight = .error(code: 7)
    #expect(check(.thread(Self.scoped("server", "ep"), sees: .error(7)), in: record).isMet)
  }

  // MARK: Exit codes

  private static let endings: [(RunEnding, ExitCode)] = [
    (.stopped, .expectationsMet), (.finished, .expectationsMet), (.stuck, .stuck),
    (.livelock(thread: ThreadName("a", "b"), error: 4, repetitions: 1), .stuck),
    (.spinning(thread: ThreadName("a", "b"), instructions: 1), .stuck), (.kernelStopped(reason: "x"), .stuck),
    (.limit(name: "events", value: 1), .limitHit),
  ]

  @Test func `the exit code says how the run ended, unless the scenario expects it`() {
    for (ending, code) in Self.endings {
      var record = SampleRecord.replyAndWait
      record.ending = ending
      let outcome = Scenarios.Expectation(position: .start, claim: .outcome(ending.outcome))
      let wrong = Scenarios.Expectation(
        position: .start, claim: .variable(Self.scoped("client", "answers"), Comparison(.equal, 0)))
      record.check([])
      #expect(record.exitCode == code)
      record.check([outcome])
      #expect(record.exitCode == .expectationsMet)
      record.check([outcome, wrong])
      #expect(record.exitCode == .expectationFailed)
      record.check([wrong])
      #expect(record.exitCode == (code == .expectationsMet ? .expectationFailed : code))
    }
  }
}
