import Determinism
import FiascoABI
import Foundation
import Testing

@testable import FiascoKernel

/// Garbage never stops the simulator, and leaves the tables consistent.
struct RandomCallTests {
  #if DEBUG
    static let callsPerPart = 2_000
  #else
    static let callsPerPart = 260_000
  #endif
  static let stepsPerRound = 400
  static let worldsPerPart: UInt64 = callsPerPart > 100_000 ? 2000 : 20

  /// More than a million entries for each profile in a release build. A failure names the seed of its round.
  @Test(arguments: KernelProfile.Name.allCases, 0..<4 as Range<UInt64>)
  func `random system calls keep every table consistent`(_ profile: KernelProfile.Name, _ part: UInt64) {
    var entries = 0
    let first = part * 1_000_000
    var seed = first
    while entries < Self.callsPerPart {
      guard let steps = run(profile, seed: seed, trace: false) else {
        _ = run(profile, seed: seed, trace: true)
        return
      }
      entries += steps
      seed += 1
    }
    print("random calls, \(profile.rawValue): \(entries) entries, seeds \(first) to \(seed - 1)")
    // In worlds that die early nothing much happens.
    #expect(entries > 50 * Int(seed - first))
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
      entries += run(profile, seed: seed, trace: true) ?? 0
    }
    #expect(entries > 1000)
  }

  private func run(_ name: KernelProfile.Name, seed: UInt64, trace: Bool) -> Int? {
    run(.named(name), seed: seed, trace: trace)
  }

  /// The number of entries; nil if something was wrong, which is reported only with `trace`.
  private func run(_ profile: KernelProfile, seed: UInt64, trace: Bool) -> Int? {
    // A crash tells nothing but its place: then this tells the round.
    if ProcessInfo.processInfo.environment["STASIS_FUZZ_TRACE"] != nil { print("\(profile.name) seed \(seed)") }
    var calls = RandomCalls(profile, seed: seed)
    calls.keepsHistory = trace
    for step in 0..<Self.stepsPerRound {
      // Where the real kernel would have stopped nothing is promised any more.
      guard calls.step(), calls.kernel.stopped == nil else { return step }
      var findings = calls.kernel.checkThreadInvariants()
      if step % 16 == 0 { findings += calls.kernel.spaceDefect().map { [$0] } ?? [] }
      guard findings.isEmpty else {
        let last = calls.history.suffix(12).joined(separator: "\n")
        if trace { Issue.record("profile \(profile.name), seed \(seed), step \(step): \(findings)\n\(last)") }
        return nil
      }
    }
    return Self.stepsPerRound
  }

  /// System calls made by machine code, whose worlds die early: a good many of them.
  @Test(arguments: KernelProfile.Name.allCases, 0..<4 as Range<UInt64>)
  func `random programs keep every table consistent`(_ profile: KernelProfile.Name, _ part: UInt64) {
    var made = 0
    let first = part * 1_000_000
    var seed = first
    while made < Self.callsPerPart / 4, seed < first + Self.worldsPerPart {
      made += runPrograms(profile, seed: seed)
      seed += 1
    }
    print("random programs, \(profile.rawValue): \(made) system calls, seeds \(first) to \(seed - 1)")
    #expect(made > Int(seed - first))
  }

  private func runPrograms(_ profile: KernelProfile.Name, seed: UInt64) -> Int {
    if ProcessInfo.processInfo.environment["STASIS_FUZZ_TRACE"] != nil { print("\(profile.rawValue) seed \(seed)") }
    var programs = RandomPrograms(.named(profile), seed: seed)
    var made = 0
    for turn in 0..<60 {
      guard let calls = programs.run() else { break }
      made += calls
      if programs.node.kernel.stopped != nil { break }
      let findings = programs.node.kernel.checkInvariants()
      guard findings.isEmpty else {
        Issue.record("random programs, \(profile.rawValue), seed \(seed), millisecond \(turn): \(findings)")
        break
      }
    }
    return made
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
