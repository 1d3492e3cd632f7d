import CheckpointRestore
import FiascoKernel
import Testing

/// The open question of the field: what a thread sees that was blocked in reply_and_wait when it was captured.
@Suite struct ServerTests {
  private func lines(_ policy: ResumptionPolicy, onError: String) throws -> [String] {
    try runCheckpointed(
      Components.sum(onError: onError),
      commands: [
        TimedCommand(atMicroseconds: 23_000, .checkpoint(target: "server", as: "c1")),
        TimedCommand(atMicroseconds: 33_000, .kill(target: "server")),
        TimedCommand(atMicroseconds: 34_000, .restore(checkpoint: "c1", policy: policy)),
      ], milliseconds: 70
    ) {
      $0.continuePolicy = .reissueReceiveHalf
    }.lines
  }

  /// The client's answers after the server has come back: the first one repeats a sum from before.
  private func served(_ lines: [String]) -> Bool {
    let sums = lines.filter { $0.hasSuffix("error 0") }.compactMap { Int($0.prefix { $0.isNumber }) }
    return zip(sums, sums.dropFirst()).contains { $1 <= $0 }
  }

  @Test(arguments: ResumptionPolicy.allCases)
  func `a server that repeats a failed reply serves again only if its reply is left out`(
    _ policy: ResumptionPolicy
  ) throws {
    #expect(try served(lines(policy, onError: "retry")) == (policy.repeatsOnlyTheWait))
  }

  @Test(arguments: ResumptionPolicy.allCases)
  func `a server that waits after an error heals itself under every policy`(_ policy: ResumptionPolicy) throws {
    #expect(try served(lines(policy, onError: "wait")))
  }
}

extension ResumptionPolicy {
  fileprivate var repeatsOnlyTheWait: Bool { ![.resumeAtIP, .reissue, .deliverError].contains(self) }
}
