import Scenarios

/// One of the states in which the kernel can hold a thread when a checkpoint finds it, and a scenario that leads there.
public struct BlockedSituation: Hashable, Sendable {
  /// A number in which the outcome shows.
  public enum Fact: Hashable, Sendable {
    /// The last value of a variable.
    case variable(String, String)
    /// Lines a component has printed: whether somebody came to the end of what it waited for.
    case lines(String)
  }
  /// As the conformance program's comments name it: "a" to "l".
  public var letter: String
  public var title: String
  /// File in `Scenarios/blocked`.
  public var file: String
  /// The thread whose first sight counts.
  public var victim: ThreadName
  /// What else counts.
  public var facts: [Fact]
  /// The original goes on; nothing is killed or restored.
  public var isAboutOriginal = false
  var real: [RealOutcome]

  /// What the real kernel showed, or what follows from it, under a policy.
  public func real(under policy: BlockedThreadPolicy) -> RealOutcome? { real.first { $0.policies.contains(policy) } }
}

/// An outcome as the real kernel's output tells it.
public struct RealOutcome: Hashable, Sendable {
  public enum Sight: Hashable, Sendable {
    case error(Int)
    /// The call or the wait succeeds, or still lasts.
    case succeeds
    /// The restore or the checkpoint is refused; no kernel has a say in it.
    case refused
    /// Nothing is looked at but the facts.
    case any
  }
  public var policies: [BlockedThreadPolicy]
  public var sight: Sight
  /// Values of the situation's facts; empty where nothing came to be that could hold them.
  public var values: [Int64]
  /// The conformance case.
  public var evidence: String
  /// The policy was not tried there: what it leads to follows from the case.
  public var isDerived: Bool

  init(
    _ policies: [BlockedThreadPolicy], _ sight: Sight, _ values: [Int64], _ evidence: String, derived: Bool = false
  ) {
    self.policies = policies
    self.sight = sight
    self.values = values
    self.evidence = evidence
    isDerived = derived
  }
}

extension BlockedSituation {
  /// In the order of the letters; the outcomes are those of `Tests/Conformance/expected/11-checkpoint`.
  public static let all: [BlockedSituation] = waits + sends + others + inside + together + originals

  static let again: [BlockedThreadPolicy] = [.reissue, .reissueReceiveHalf, .recreateCaller]
  static let half: [BlockedThreadPolicy] = [.reissueReceiveHalf, .recreateCaller]
  static let careful: [BlockedThreadPolicy] = [.refuse, .quiesceFirst]

  private static let waits = [
    BlockedSituation(
      letter: "a", title: "server, wait phase of reply_and_wait", file: "a-reply-and-wait.json",
      victim: ThreadName("server", "ep"), facts: [.lines("client")],
      real: [
        RealOutcome([.resumeAtIP], .error(7), [1], "ckpt/a-R"),
        RealOutcome([.reissue], .error(4), [1], "ckpt/a-O"),
        RealOutcome(half, .succeeds, [1], "ckpt/a-M"),
        RealOutcome(careful, .succeeds, [1], "ckpt/a-M", derived: true),
        RealOutcome([.deliverError], .error(5), [1], "ckpt/a-R", derived: true),
      ]),
    BlockedSituation(
      letter: "a0", title: "server, plain open wait", file: "a0-open-wait.json",
      victim: ThreadName("server", "waiter"), facts: [.lines("client")],
      real: [
        RealOutcome([.resumeAtIP], .error(7), [1], "ckpt/a0-R"),
        RealOutcome(again, .succeeds, [1], "ckpt/a0-W"),
        RealOutcome(careful, .succeeds, [1], "ckpt/a0-W", derived: true),
        RealOutcome([.deliverError], .error(5), [1], "ckpt/a0-R", derived: true),
      ]),
  ]

  // Under `quiesceFirst` the call is over when the checkpoint is taken: original and restored client both print.
  private static let sends = [
    BlockedSituation(
      letter: "b", title: "call, send phase", file: "b-call-queued.json", victim: ThreadName("client", "ep"),
      facts: [.variable("server", "requests"), .lines("client")],
      real: [
        RealOutcome([.resumeAtIP], .error(6), [0, 1], "ckpt/b-callq-R"),
        RealOutcome(again, .succeeds, [1, 1], "ckpt/b-callq-O"),
        RealOutcome([.refuse], .succeeds, [1, 1], "ckpt/b-callq-O", derived: true),
        RealOutcome([.quiesceFirst], .any, [1, 2], "ckpt/c-callr-trigger", derived: true),
        RealOutcome([.deliverError], .error(4), [0, 1], "ckpt/b-callq-R", derived: true),
      ]),
    BlockedSituation(
      letter: "b", title: "send only, send phase", file: "b-send-queued.json", victim: ThreadName("client", "ep"),
      facts: [.variable("server", "requests"), .lines("client")],
      real: [
        RealOutcome([.resumeAtIP], .error(6), [0, 1], "ckpt/b-send-R"),
        RealOutcome(again, .succeeds, [1, 1], "ckpt/b-send-O"),
        RealOutcome([.refuse], .succeeds, [1, 1], "ckpt/b-send-O", derived: true),
        RealOutcome([.quiesceFirst], .any, [1, 2], "ckpt/b-send-trigger", derived: true),
        RealOutcome([.deliverError], .error(4), [0, 1], "ckpt/b-send-R", derived: true),
      ]),
    BlockedSituation(
      letter: "c", title: "call, receive phase", file: "c-call-served.json", victim: ThreadName("client", "ep"),
      facts: [.variable("server", "requests"), .lines("client")],
      real: [
        RealOutcome([.resumeAtIP], .error(7), [1, 1], "ckpt/c-callr-R"),
        RealOutcome(again, .succeeds, [2, 1], "ckpt/c-callr-O"),
        RealOutcome([.refuse], .refused, [], "ckpt/c-callr-O", derived: true),
        RealOutcome([.quiesceFirst], .any, [1, 2], "ckpt/c-callr-trigger"),
        RealOutcome([.deliverError], .error(5), [1, 1], "ckpt/c-callr-R", derived: true),
      ]),
    BlockedSituation(
      letter: "d", title: "client queued at a server that is killed", file: "d-queued-sender.json",
      victim: ThreadName("second", "ep"), facts: [.lines("second")],
      real: [
        RealOutcome(
          [.reissue, .reissueReceiveHalf, .resumeAtIP, .deliverError], .error(6), [1], "ckpt/d-kill-old"),
        // The server holds the first client's request, and neither client was checkpointed with it.
        RealOutcome([.recreateCaller, .refuse], .refused, [], "ckpt/d-kill-old", derived: true),
        // The queue is empty before the checkpoint is taken.
        RealOutcome([.quiesceFirst], .any, [1], "ckpt/l-hold-same", derived: true),
      ]),
  ]

  private static let others = [
    BlockedSituation(
      letter: "e", title: "page fault", file: "e-page-fault.json", victim: ThreadName("pages", "toucher"),
      facts: [.variable("pages", "done")],
      real: [
        RealOutcome(again + [.resumeAtIP, .deliverError, .refuse], .any, [1], "ckpt/e-both"),
        RealOutcome([.quiesceFirst], .any, [1], "ckpt/e-trigger", derived: true),
      ]),
    BlockedSituation(
      letter: "f", title: "user code", file: "f-runnable.json", victim: ThreadName("spinner", "ep"),
      facts: [.variable("spinner", "x")],
      real: [
        RealOutcome(BlockedThreadPolicy.allCases, .any, [7617], "ckpt/f-spin-cancel")
      ]),
    BlockedSituation(
      letter: "g", title: "closed wait for an interrupt", file: "g-interrupt-wait.json",
      victim: ThreadName("waiter", "sleeper"), facts: [.variable("waiter", "done")],
      real: [
        RealOutcome([.resumeAtIP], .error(7), [1], "ckpt/g-irq-R"),
        RealOutcome(again, .succeeds, [1], "ckpt/g-irq-W"),
        RealOutcome(careful, .succeeds, [1], "ckpt/g-irq-W", derived: true),
        RealOutcome([.deliverError], .error(5), [1], "ckpt/g-irq-R", derived: true),
      ]),
    BlockedSituation(
      letter: "h", title: "wait with a timeout", file: "h-timeout.json", victim: ThreadName("napper", "sleeper"),
      facts: [.variable("napper", "done")],
      real: [
        RealOutcome([.resumeAtIP], .error(7), [1], "ckpt/h-sleep-R"),
        RealOutcome(again, .error(3), [1], "ckpt/h-sleep-W"),
        RealOutcome([.quiesceFirst], .error(3), [1], "ckpt/h-sleep-W", derived: true),
        RealOutcome([.refuse], .refused, [], "ckpt/h-sleep-W", derived: true),
        RealOutcome([.deliverError], .error(5), [1], "ckpt/h-sleep-R", derived: true),
      ]),
  ]

  private static let inside = [
    BlockedSituation(
      letter: "i", title: "server between request and reply", file: "i-request-held.json",
      victim: ThreadName("server", "ep"), facts: [.lines("client")],
      real: [
        RealOutcome(
          [.reissue, .reissueReceiveHalf, .resumeAtIP], .error(4), [0], "ckpt/i-hold-implicit"),
        RealOutcome([.deliverError], .error(4), [0], "ckpt/i-hold-implicit", derived: true),
        // Nobody can give the restored server its caller: the client was not checkpointed with it.
        RealOutcome([.recreateCaller, .refuse], .refused, [], "ckpt/i-hold-implicit", derived: true),
        RealOutcome([.quiesceFirst], .any, [1], "ckpt/l-hold-same", derived: true),
      ]),
    BlockedSituation(
      letter: "i", title: "the same, caller in the same component", file: "i-request-held-inside.json",
      victim: ThreadName("pair", "ep"), facts: [.variable("pair", "requests"), .lines("pair")],
      real: [
        RealOutcome([.resumeAtIP, .deliverError], .error(4), [1, 1], "ckpt/i-hold-implicit", derived: true),
        RealOutcome([.reissue, .reissueReceiveHalf], .error(4), [2, 1], "ckpt/c-callr-O", derived: true),
        RealOutcome([.recreateCaller, .refuse], .succeeds, [1, 1], "ckpt/l-hold-same", derived: true),
        // The original is answered before it is killed, and the restored one is answered again.
        RealOutcome([.quiesceFirst], .any, [1, 2], "ckpt/l-hold-same", derived: true),
      ]),
    BlockedSituation(
      letter: "j", title: "buffer registers of a stopped thread", file: "j-buffer-registers.json",
      victim: ThreadName("keeper", "spinner"), facts: [.variable("keeper", "descriptor")],
      // Read while the thread is stopped it would be 0x1000000; the thread itself sees its own.
      real: [RealOutcome(BlockedThreadPolicy.allCases, .any, [2048], "ckpt/j-bdr", derived: true)]),
  ]

  private static let originals = [
    BlockedSituation(
      letter: "k", title: "the original goes on, wait phase", file: "k-original-waits.json",
      victim: ThreadName("server", "ep"), facts: [.lines("client")], isAboutOriginal: true,
      real: [
        RealOutcome([.resumeAtIP], .error(7), [1], "ckpt/k-open-R"),
        RealOutcome([.reissue], .error(4), [1], "ckpt/k-open-O"),
        RealOutcome(half, .succeeds, [1], "ckpt/k-open-M"),
        RealOutcome(careful, .succeeds, [1], "ckpt/k-open-M", derived: true),
        RealOutcome([.deliverError], .error(5), [1], "ckpt/k-open-R", derived: true),
      ]),
    BlockedSituation(
      letter: "l", title: "the original goes on, holding a request", file: "l-original-holds.json",
      victim: ThreadName("server", "ep"), facts: [.lines("client")], isAboutOriginal: true,
      real: [RealOutcome(BlockedThreadPolicy.allCases, .succeeds, [1], "ckpt/l-hold-same")]),
    originalsTogether,
  ]
}

extension BlockedSituation {
  /// How many outcomes are given for a policy; anything but one is a mistake in the table.
  public func outcomes(under policy: BlockedThreadPolicy) -> Int { real.count { $0.policies.contains(policy) } }
}
