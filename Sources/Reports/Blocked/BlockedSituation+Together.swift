import Scenarios

// Components whose threads wait for each other, checkpointed together. The conformance program has all of them in one
// task; what follows for each policy follows from its cases.
extension BlockedSituation {
  /// The reply finds nobody: the kernel thread it was owed to is gone, or was cut off.
  private static let alone: [BlockedThreadPolicy] = [.resumeAtIP, .deliverError]
  private static let twice: [BlockedThreadPolicy] = [.reissue, .reissueReceiveHalf]
  private static let mended: [BlockedThreadPolicy] = [.recreateCaller, .refuse]

  static let together = [
    BlockedSituation(
      letter: "i", title: "the same, client checkpointed together with it", file: "i-request-held-together.json",
      victim: ThreadName("server", "ep"), facts: [.variable("server", "requests"), .lines("client")],
      real: [
        RealOutcome(alone, .error(4), [1, 1], "ckpt/i-hold-implicit", derived: true),
        RealOutcome(twice, .error(4), [2, 1], "ckpt/c-callr-O", derived: true),
        RealOutcome(mended, .succeeds, [1, 1], "ckpt/l-hold-same", derived: true),
        // The original is answered before it is killed, and the restored one is answered again.
        RealOutcome([.quiesceFirst], .any, [1, 2], "ckpt/l-hold-same", derived: true),
      ]),
    BlockedSituation(
      letter: "i", title: "the same, two more clients in its queue", file: "i-waiting-callers.json",
      victim: ThreadName("server", "ep"),
      facts: [.variable("server", "requests"), .lines("first"), .lines("second"), .lines("third")],
      real: [
        RealOutcome(alone, .error(4), [1, 1, 1, 1], "ckpt/i-hold-implicit", derived: true),
        RealOutcome(twice, .error(4), [4, 1, 1, 1], "ckpt/c-callr-O", derived: true),
        RealOutcome(mended, .succeeds, [3, 1, 1, 1], "ckpt/b-callq-O", derived: true),
        RealOutcome([.quiesceFirst], .any, [3, 2, 2, 2], "ckpt/b-callq-O", derived: true),
      ]),
  ]

  static let originalsTogether = BlockedSituation(
    letter: "l", title: "client and server go on, both were stopped", file: "l-originals-together.json",
    victim: ThreadName("server", "ep"), facts: [.variable("server", "requests"), .lines("client")],
    isAboutOriginal: true,
    real: [
      RealOutcome(alone, .error(4), [1, 1], "ckpt/c-callr-R"),
      RealOutcome(twice, .error(4), [2, 1], "ckpt/c-callr-O"),
      RealOutcome(mended + [.quiesceFirst], .succeeds, [1, 1], "ckpt/l-hold-same", derived: true),
    ])
}
