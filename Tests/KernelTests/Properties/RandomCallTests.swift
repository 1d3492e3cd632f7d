import Determinism
import FiascoABI
import Foundation
import Testing

@testable import FiascoKernel

/// Garbage never stops the simulator, and leaves the tables consistent.
struct RandomCallTests {
  #if DEBUG
    static let entriesPerPart = 2_000
  #else
    static let entriesPerPart = 60_000
  #endif
  static let stepsPerRound = 400

  /// 240,000 entries for each profile in a release build. A failure names the seed of its round: run that alone.
  @Test(arguments: KernelProfile.Name.allCases, 0..<4 as Range<UInt64>)
  func `random system calls keep every table consistent`(_ profile: KernelProfile.Name, _ part: UInt64) {
    var entries = 0
    var seed = part * 1_000_000
    while entries < Self.entriesPerPart {
      entries += run(profile, seed: seed)
      seed += 1
    }
    // In worlds that die early nothing much happens.
    #expect(entries > 50 * Int(seed - part * 1_000_000))
  }

  @Test(arguments: KernelProfile.Name.allCases, SchedulerConfiguration.allCases.dropFirst())
  func `random system calls keep the lists below the priorities consistent`(
    _ name: KernelProfile.Name, _ scheduler: SchedulerConfiguration
  ) {
    var entries = 0
    for seed in 0..<8 as Range<UInt64> {
      var profile = KernelProfile.named(name)
      profile.scheduler = scheduler
      profile.lateThreadsRunLast = seed % 2 == 1
      entries += run(profile, seed: seed)
    }
    #expect(entries > 1000)
  }

  private func run(_ name: KernelProfile.Name, seed: UInt64) -> Int { run(.named(name), seed: seed) }

  private func run(_ profile: KernelProfile, seed: UInt64) -> Int {
    // A crash tells nothing but its place: then this tells the round.
    if ProcessInfo.processInfo.environment["STASIS_FUZZ_TRACE"] != nil { print("\(profile.name) seed \(seed)") }
    var calls = RandomCalls(profile, seed: seed)
    for step in 0..<Self.stepsPerRound {
      guard calls.step() else { return step }
      var findings = calls.kernel.checkThreadInvariants()
      if step % 16 == 0 { findings += calls.kernel.spaceDefect().map { [$0] } ?? [] }
      guard findings.isEmpty else {
        let last = calls.history.suffix(12).joined(separator: "\n")
        Issue.record("profile \(profile.name), seed \(seed), step \(step): \(findings)\n\(last)")
        return step
      }
    }
    return Self.stepsPerRound
  }

  /// What the dice never reach is not tested.
  @Test(arguments: KernelProfile.Name.allCases)
  func `random system calls make nearly everything happen that a kernel can do`(_ profile: KernelProfile.Name) {
    var kinds: Set<String> = []
    for seed in 0..<60 as Range<UInt64> {
      var calls = RandomCalls(.named(profile), seed: seed)
      calls.kernel.recordsEvents = true
      for _ in 0..<Self.stepsPerRound where calls.step() {
        for index in 0..<calls.kernel.outbox.count {
          kinds.insert(String("\(calls.kernel.outbox[index])".prefix { $0 != "(" }))
        }
        calls.kernel.outbox.removeAll()
      }
    }
    let expected: Set<String> = [
      "contextSwitched", "ipcStarted", "ipcFailed", "messageTransferred", "senderQueued", "receiveBlocked",
      "timeoutExpired", "irqTriggered", "irqDelivered", "pageFaulted", "pageFaultUnanswered", "exceptionRaised",
      "registersExchanged", "objectCreated", "objectDestroyed", "threadStarted", "threadKilled", "objectsMapped",
      "pagesMapped", "unmapped", "sliceExpired", "replyCapabilityMissing",
    ]
    #expect(expected.subtracting(kinds) == [])
  }

  @Test(arguments: KernelProfile.Name.allCases)
  func `the same seed gives the same kernel`(_ profile: KernelProfile.Name) {
    func digest(_ seed: UInt64) -> StateDigest {
      var calls = RandomCalls(.named(profile), seed: seed)
      for _ in 0..<200 { _ = calls.step() }
      var digest = StateDigest()
      calls.kernel.digest(into: &digest)
      return digest
    }
    #expect(digest(1) == digest(1))
    #expect(digest(1) != digest(2))
  }
}
