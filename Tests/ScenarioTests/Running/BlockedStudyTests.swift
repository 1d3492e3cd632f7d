import Foundation
import Reports
import Testing

@testable import Scenarios

/// Every situation in which a checkpoint can find a thread, under every policy, against the real kernel's output.
@Suite struct BlockedStudyTests {
  private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Scenarios/blocked").path

  @Test(arguments: BlockedSituation.all)
  func `a situation comes out as on the real kernel under every policy`(_ situation: BlockedSituation) throws {
    for result in try BlockedStudy(folder: Self.folder).results(of: situation) {
      #expect(result.agrees, "\(result.policy.rawValue): \(result.ours)")
    }
  }

  @Test(arguments: BlockedSituation.amd64)
  func `a situation seen on amd64 comes out as on the kernel of 2019`(_ situation: BlockedSituation) throws {
    #expect(!situation.knownPolicies.isEmpty)
    for result in try BlockedStudy(folder: Self.folder).results(of: situation, under: situation.knownPolicies) {
      #expect(result.agrees, "\(result.policy.rawValue): \(result.ours)")
    }
  }

  @Test func `every situation knows an outcome for every policy, once`() {
    for situation in BlockedSituation.all {
      for policy in BlockedThreadPolicy.allCases {
        #expect(situation.outcomes(under: policy) == 1, "\(situation.file), \(policy.rawValue)")
      }
    }
  }

  @Test(arguments: BlockedSituation.all)
  func `the cases named are cases of the conformance programs`(_ situation: BlockedSituation) {
    for policy in BlockedThreadPolicy.allCases {
      guard let real = situation.real(under: policy) else { continue }
      #expect(Conformance.cases.contains(real.evidence), "\(real.evidence)")
    }
  }

  @Test func `the letters are those of the program, none left out`() {
    #expect(Set(BlockedSituation.all.map { String($0.letter.prefix(1)) }) == Set("abcdefghijkl".map(String.init)))
  }
}
