import Scenarios

// What was seen on amd64 with the kernel that Genode used in 2019. There a checkpoint was a handful of system calls in one
// program; here the checkpointer does the same to components, on the kernel profile `2019`. Only what was tried there is
// in the table.
extension BlockedSituation {
  /// Letters are the names of the observations; outcomes are given for the policies that were tried.
  public static let amd64: [BlockedSituation] = [
    BlockedSituation(
      letter: "c03", title: "server, wait phase of reply_and_wait", file: "amd64-reply-and-wait.json",
      victim: ThreadName("server", "ep"), facts: [.lines("client")],
      real: [
        RealOutcome([.resumeAtIP], .error(7), [1], "c03"), RealOutcome([.reissue], .error(4), [1], "c04"),
        RealOutcome([.reissueReceiveHalf], .succeeds, [1], "c22"),
      ]),
    BlockedSituation(
      letter: "c01", title: "server, plain open wait", file: "amd64-open-wait.json",
      victim: ThreadName("server", "waiter"), facts: [.lines("client")],
      real: [RealOutcome([.resumeAtIP], .error(7), [1], "c01"), RealOutcome([.reissue], .succeeds, [1], "c05")]),
    BlockedSituation(
      letter: "c07", title: "call, send phase", file: "amd64-call-queued.json", victim: ThreadName("client", "ep"),
      facts: [.variable("server", "requests"), .lines("client")],
      real: [RealOutcome([.resumeAtIP], .error(6), [0, 1], "c07")]),
    BlockedSituation(
      letter: "c06", title: "call, receive phase", file: "amd64-call-served.json", victim: ThreadName("client", "ep"),
      facts: [.variable("server", "requests"), .lines("client")],
      real: [RealOutcome([.resumeAtIP], .error(7), [1, 1], "c06")]),
    BlockedSituation(
      letter: "a34", title: "the same, seen by the server that replies", file: "amd64-call-served.json",
      victim: ThreadName("server", "ep"), facts: [.variable("server", "requests"), .lines("client")],
      real: [RealOutcome([.resumeAtIP], .error(4), [1, 1], "a34")]),
    BlockedSituation(
      letter: "a54", title: "two clients of a server that is deleted, one served, one queued",
      file: "amd64-two-clients.json", victim: ThreadName("second", "ep"), facts: [.lines("first"), .lines("second")],
      real: [RealOutcome([.resumeAtIP], .error(6), [0, 1], "a54")]),
    BlockedSituation(
      letter: "c23", title: "server replaced between request and reply", file: "amd64-server-replaced.json",
      victim: ThreadName("server", "ep"), facts: [.lines("client")],
      real: [RealOutcome([.resumeAtIP], .error(4), [0], "c23")]),
    BlockedSituation(
      letter: "c24", title: "client of a deleted server is stopped with cancel", file: "amd64-client-freed.json",
      victim: ThreadName("client", "ep"), facts: [.lines("client")], isAboutOriginal: true,
      real: [RealOutcome([.resumeAtIP], .error(7), [1], "c24")]),
    BlockedSituation(
      letter: "c09", title: "user code", file: "amd64-user-code.json", victim: ThreadName("spinner", "ep"),
      facts: [.variable("spinner", "x")], real: [RealOutcome([.resumeAtIP], .any, [7617], "c09")]),
    BlockedSituation(
      letter: "d18", title: "page fault", file: "amd64-page-fault.json", victim: ThreadName("pages", "toucher"),
      facts: [.variable("pages", "done")], real: [RealOutcome([.resumeAtIP], .any, [1], "d18")]),
  ]

  /// What depends on the processor, or on a way of restoring that nobody here takes.
  public static let notPlayed: [(observation: String, reason: String)] = [
    (
      "c15, c16",
      "a new thread got instruction and stack pointer and nothing else: its other registers were 0, so the call it was "
        + "cut off in seemed to succeed with an empty message. Here a thread gets all registers or is not started."
    ),
    (
      "c17",
      "the exception frame of amd64 holds gs_base: restored as it was, it leads the new thread to the UTCB of the dead "
        + "one. RISC-V has no segment base; the UTCB is found through an ordinary register, and is where it was."
    ),
    (
      "all",
      "registers have other names and the system call is 2 bytes long there, 4 here. What is compared is what the thread "
        + "sees: error, message, whether it waits."
    ),
  ]

  /// The policies whose outcome is known.
  public var knownPolicies: [BlockedThreadPolicy] { BlockedThreadPolicy.allCases.filter { real(under: $0) != nil } }
}
