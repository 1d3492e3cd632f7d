/// A text that `stasis explain` prints: what goes wrong, why, how to see it, how to mend it.
public struct Topic: Hashable, Sendable {
  public var name: String
  /// One line, for the list.
  public var title: String
  public var paragraphs: [String]
  /// A shipped scenario that shows it.
  public var scenario: String?
  /// Cases of `Tests/Conformance` whose output was taken from the real kernel.
  public var evidence: [String]

  /// Whether its answer is also given as a table of situations, played when it is asked for.
  public var hasTable: Bool { name == "reply-and-wait" }

  public static func named(_ name: String) -> Topic? { all.first { $0.name == name } }
}

extension Topic {
  public static let all: [Topic] = [
    Topic(
      name: "reply-and-wait", title: "a server is checkpointed while it is blocked in reply_and_wait",
      paragraphs: [
        "A server answers its last client and waits for the next one in a single system call. When a checkpoint finds it, "
          + "the reply is out and the thread is in the wait phase. No interface of the kernel tells that: stopping the "
          + "thread cuts off the call, puts its instruction pointer behind it, and an error into its registers.",
        "`resume at ip` goes on behind the call: the thread sees error 7 (receive cancelled). Whether it survives depends "
          + "on its code.",
        "`reissue` makes the whole call again: the kernel first tries the reply, finds no caller (error 4) and returns "
          + "without waiting. A loop that repeats the call on error never waits again.",
        "`reissue receive half` reduces the call to its wait. The next client is served; nothing is lost.",
        "A call that is made again carries the badge of its object in the first word. A restored gate has a new badge: the "
          + "restorer has to translate the word, or the server ignores the request and the caller waits for ever.",
      ],
      scenario: "Scenarios/ipc/reply-and-wait.json", evidence: ["ckpt/a-R", "ckpt/a-W", "ckpt/a-O", "ckpt/a-M"]),
    Topic(
      name: "caller-lost", title: "a server is checkpointed between a request and its reply",
      paragraphs: [
        "The kernel remembers who called: the reply capability. User level can neither read nor make one. A server that "
          + "is restored in the middle of a request finishes its work, replies, and gets error 4; the client waits for "
          + "ever.",
        "The relation comes back only if the client calls again while the server waits: the kernel gives the reply "
          + "capability to whoever receives a call. `recreate caller` does that: the restored server thread first goes to "
          + "an open wait, the caller calls with its original tag, and then the server goes on where it stood. Callers "
          + "that were still in its queue call after that, by priority.",
        "Caller and server must be of one checkpoint: one component, or several that were stopped together (`with`). If "
          + "the caller is outside, the restore is refused with its name. The originals that go on after the checkpoint "
          + "get the same repair, because stopping them has cut off the call as well.",
        "`quiesce first` puts the checkpoint off until servers are in their wait. A server whose caller is of the same "
          + "checkpoint need not finish: the two are brought together again.",
        "Genode makes this worse: until 18.06 an entrypoint whose reply failed made the whole reply_and_wait again, for "
          + "ever. And every component that is checkpointed inside `Component::construct` has such a caller: its main "
          + "thread waits for the entrypoint.",
      ],
      scenario: "Scenarios/blocked/i-request-held-inside.json",
      evidence: ["ckpt/i-hold-implicit", "ckpt/i-hold-explicit-newtask"]),
    Topic(
      name: "duplicate-call", title: "a client is checkpointed while it waits for the answer to a call",
      paragraphs: [
        "The request has been delivered, the answer is outstanding. `resume at ip` loses the answer: the client sees error "
          + "7 and the server's reply finds nobody. `reissue` calls again: the server sees the request twice, at least "
          + "once instead of exactly once.",
        "Requests that may be repeated make this harmless. Otherwise client and server have to be checkpointed together, "
          + "or the checkpoint has to wait until the call is over.",
      ],
      scenario: "Scenarios/blocked/c-call-served.json",
      evidence: ["ckpt/c-callr-R", "ckpt/c-callr-W", "ckpt/c-callr-O", "ckpt/c-callr-trigger"]),
    Topic(
      name: "lost-message", title: "a thread is checkpointed while its message waits for the receiver",
      paragraphs: [
        "Cutting off a send destroys its tag: the register that held it now holds the error. `resume at ip` shows the "
          + "thread error 6 and the message is gone. Making the call again without the tag sends an empty message; only "
          + "with the tag from elsewhere the message arrives, exactly once.",
        "The tag is elsewhere: the program loaded it from its stack, or put it together, right before the system call, and "
          + "nothing has run since. The checkpointer reads these instructions and finds it.",
      ],
      scenario: "Scenarios/blocked/b-call-queued.json", evidence: ["ckpt/b-send-R", "ckpt/b-send-W", "ckpt/b-send-O"]),
    Topic(
      name: "timeouts", title: "a thread is checkpointed while it sleeps or waits with a timeout",
      paragraphs: [
        "How much of a timeout is left is known to the kernel alone. `resume at ip` ends the sleep at once with error 7; "
          + "`reissue` sleeps the full time again."
      ],
      scenario: "Scenarios/blocked/h-timeout.json", evidence: ["ckpt/h-sleep-R", "ckpt/h-sleep-W"]),
    Topic(
      name: "page-faults", title: "a thread is checkpointed while its pager works on a page fault",
      paragraphs: [
        "Stopping the thread cancels the page-fault message; the instruction pointer still stands at the faulting "
          + "instruction. After the restore the instruction faults again and the pager is asked again: nothing is lost."
      ],
      scenario: "Scenarios/faults/page-fault-and-pager.json", evidence: ["ckpt/e-both", "ckpt/e-trigger"]),
    Topic(
      name: "elf-reload", title: "the restored component starts again at Component::construct",
      paragraphs: [
        "Creating a child in the ordinary way loads its ELF file: the text is attached, data and bss are filled from the "
          + "file, and the initial thread starts at the entry point. A restorer that lets this happen and then writes the "
          + "checkpointed state over it works against a program that is already running: construct runs a second time, "
          + "and the loader has overwritten what was to be restored.",
        "The way out is a child without an ELF file: with an invalid dataspace in its place nothing is loaded and no "
          + "thread is made; the restorer creates and starts the threads by hand.",
      ],
      scenario: "Scenarios/checkpoint/sheep-counter-elf-reload.json", evidence: ["threadctl/04"]),
    Topic(
      name: "start-ignored", title: "start(ip, sp) on a started thread has no effect",
      paragraphs: [
        "Starting a thread binds it to its task. A thread that runs is bound already: the kernel refuses the second bind, "
          + "core returns before it sets the registers and reports nothing. The caller believes that the thread goes on "
          + "at the new instruction pointer.",
        "Only a thread that was never started takes its registers from `start`. So a restorer has to create its threads "
          + "itself, which a child without an ELF file makes possible.",
      ],
      scenario: "Scenarios/genode/start-ignored.json", evidence: ["threadctl/04"]),
  ]
}
