import Determinism
import FiascoABI
import Testing

@testable import FiascoKernel

/// Garbage never stops the simulator, and leaves the tables consistent.
struct RandomCallTests {
  #if DEBUG
    static let rounds: UInt64 = 20
  #else
    static let rounds: UInt64 = 500
  #endif
  static let stepsPerRound = 400

  /// 200,000 entries for each profile in a release build. A failure names the seed of its round: run that alone.
  @Test(arguments: KernelProfile.Name.allCases, 0..<4 as Range<UInt64>)
  func `random system calls keep every table consistent`(_ profile: KernelProfile.Name, _ part: UInt64) {
    var entries = 0
    for seed in part * Self.rounds / 4..<(part + 1) * Self.rounds / 4 {
      entries += run(profile, seed: seed)
    }
    // Worlds that fall silent early would make the test worthless.
    #expect(entries > Int(Self.rounds / 4) * Self.stepsPerRound / 2)
  }

  private func run(_ profile: KernelProfile.Name, seed: UInt64) -> Int {
    var calls = RandomCalls(.named(profile), seed: seed)
    for step in 0..<Self.stepsPerRound {
      guard calls.step() else { return step }
      var findings = calls.kernel.checkThreadInvariants()
      if step % 16 == 0 { findings += calls.kernel.spaceDefect().map { [$0] } ?? [] }
      guard findings.isEmpty else {
        let last = calls.history.suffix(12).joined(separator: "\n")
        Issue.record("profile \(profile.rawValue), seed \(seed), step \(step): \(findings)\n\(last)")
        return step
      }
    }
    return Self.stepsPerRound
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
