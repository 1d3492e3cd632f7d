import CheckpointRestore
import Scenarios

/// Why a restored thread met what it met, and what the real kernel did in the same situation.
///
/// Looked up by what was observed, never printed for what was only expected.
public struct Explanation: Hashable, Sendable {
  /// The kinds of first sight an explanation is about.
  enum Sight: Hashable, Sendable {
    case error(Int)
    case message, waits
    case any
  }
  var situation: ThreadImage.Situation
  /// Nil: under every policy.
  var policy: BlockedThreadPolicy?
  var sight: Sight
  public var why: String
  /// What to do instead; nil if nothing is wrong.
  public var heal: String?
  /// The conformance case whose expected output, taken from the real kernel, shows the same.
  public var evidence: String
  /// Name for `stasis explain`.
  public var topic: String

  /// The explanation of an observation; nil if it needs none or none is known.
  public static func of(_ fate: ThreadFate, policy: BlockedThreadPolicy) -> Explanation? {
    all.dropFirst().first {
      $0.situation == fate.situation && ($0.policy == nil || $0.policy == policy) && $0.sight.includes(fate.sight)
    }
  }
}

extension Explanation.Sight {
  func includes(_ sight: ThreadFate.FirstSight) -> Bool {
    switch (self, sight) {
    case (.any, _): true
    case (.error(let wanted), .error(let found)): wanted == found
    case (.message, .message), (.waits, .waits), (.waits, .message): true
    default: false
    }
  }
}

extension Explanation {
  /// Threads that ran already were given registers: about the restore as a whole, whatever its threads were doing.
  static let startIgnored = Explanation(
    situation: .unknown, policy: nil, sight: .any,
    why:
      "The child was loaded like a new one: its threads ran before the restorer gave them their registers. The kernel "
      + "refuses to bind a thread a second time, core returns before it sets any register, and nobody is told. The "
      + "program runs on from its own beginning, over the memory of the checkpoint.",
    heal: "a child without ELF, whose threads are started by the restorer", evidence: "threadctl/04",
    topic: "elf-reload")

  /// The gravest first: what somebody else waits for in vain before what only delays.
  public static let all: [Explanation] = [startIgnored] + replyAndWait + calls + sends + others + waits

  static func rank(_ explanation: Explanation) -> Int { all.firstIndex(of: explanation) ?? all.count }

  private static let replyAndWait: [Explanation] = [
    Explanation(
      situation: .replyAndWait, policy: .resumeAtIP, sight: .error(7),
      why: "The checkpoint had cut off the wait: the captured registers stand behind the system call and hold its "
        + "failure. The restored thread believes that its wait was cancelled; its reply had been sent long ago. Code "
        + "that answers a failed reply_and_wait by making it again replies to nobody.",
      heal: "policy `reissue receive half`", evidence: "ckpt/a-R", topic: "reply-and-wait"),
    Explanation(
      situation: .replyAndWait, policy: .reissue, sight: .error(4),
      why: "The reply had been sent before the checkpoint. Making the whole system call again replies to a caller that "
        + "no longer waits for this thread, and a reply that fails ends the call before its wait begins.",
      heal: "policy `reissue receive half`", evidence: "ckpt/a-W", topic: "reply-and-wait"),
    Explanation(
      situation: .replyAndWait, policy: .reissueReceiveHalf, sight: .waits,
      why: "Only the wait was made again. Nothing was owed to anybody, so nothing is lost.", heal: nil,
      evidence: "ckpt/a-M", topic: "reply-and-wait"),
  ]

  private static let waits: [Explanation] = [
    Explanation(
      situation: .openWait, policy: .resumeAtIP, sight: .error(7),
      why: "The checkpoint had cut off the wait, and the captured registers hold its failure. A server that repeats a "
        + "failed wait goes on unharmed; one that takes every answer for a request does not.",
      heal: "policy `reissue`", evidence: "ckpt/a0-R", topic: "reply-and-wait"),
    Explanation(
      situation: .openWait, policy: nil, sight: .waits,
      why: "A wait for anybody has no effect of its own: making it again is harmless.", heal: nil,
      evidence: "ckpt/a0-W", topic: "reply-and-wait"),
    Explanation(
      situation: .closedReceive, policy: .resumeAtIP, sight: .error(7),
      why:
        "The checkpoint had cut off a wait for one partner, such as a sleep: it ends at once with an error, before its "
        + "time.",
      heal: "policy `reissue`, if a sleep may begin anew", evidence: "ckpt/h-sleep-R", topic: "timeouts"),
    Explanation(
      situation: .closedReceive, policy: nil, sight: .error(3),
      why: "A relative timeout is not readable: the wait was made again and lasted its full time once more.",
      heal: "absolute timeouts on a clock that is restored too", evidence: "ckpt/h-sleep-W", topic: "timeouts"),
  ]

  private static let sends: [Explanation] = [
    Explanation(
      situation: .sendPhase, policy: .resumeAtIP, sight: .error(6),
      why:
        "Nobody had taken the message when the checkpoint cut off the send; the restored thread sees a cancelled send, "
        + "and the message was never delivered.",
      heal: "policy `reissue`, which delivers it exactly once if its tag is known", evidence: "ckpt/b-send-R",
      topic: "lost-message")
  ]

  private static let calls: [Explanation] =
    [
      Explanation(
        situation: .callReceivePhase, policy: .resumeAtIP, sight: .error(7),
        why:
          "The server had the request when the checkpoint cut off the call. The restored thread sees a cancelled receive; "
          + "the server's answer finds nobody (error 4) and is lost.",
        heal: "checkpoint when no call is under way, or restore the server too", evidence: "ckpt/c-callr-R",
        topic: "duplicate-call")
    ] + [BlockedThreadPolicy.reissue, .reissueReceiveHalf].map(calledTwice)

  /// Under `recreate caller` the holder of the request takes the repeated call for the first one.
  private static func calledTwice(_ policy: BlockedThreadPolicy) -> Explanation {
    Explanation(
      situation: .callReceivePhase, policy: policy, sight: .waits,
      why:
        "The server had the request when the checkpoint cut off the call. Making the call again delivers the request a "
        + "second time; whatever the server did for it is done twice.",
      heal: "policy `recreate caller`, if the server is checkpointed with it; requests that may be repeated",
      evidence: "ckpt/c-callr-O", topic: "duplicate-call")
  }

  private static let others: [Explanation] = [
    Explanation(
      situation: .runnable, policy: nil, sight: .error(4),
      why: "The thread was between a request and its reply. Who waits for the reply is known to the kernel alone: the "
        + "restored thread has no reply capability, its reply finds nobody, and the caller waits for ever.",
      heal: "policy `quiesce first`; or `recreate caller`, if the caller is checkpointed with it",
      evidence: "ckpt/i-hold-implicit",
      topic: "caller-lost"),
    Explanation(
      situation: .pageFault, policy: nil, sight: .any,
      why: "The faulting instruction was executed again after the restore: a page fault repeats itself without loss.",
      heal: nil, evidence: "ckpt/e-both", topic: "page-faults"),
  ]
}
