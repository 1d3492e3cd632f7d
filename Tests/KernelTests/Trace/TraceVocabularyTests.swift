import Determinism
import FiascoABI
import Testing

@testable import FiascoKernel

/// Every event has a name, a short tag and a payload; those of the kernel's own trace buffer have its words.
struct TraceVocabularyTests {
  /// One event of each case. Whoever adds a case is told by `ordinal`, which has no default.
  static let samples: [KernelEvent] = [
    .contextSwitched(from: ThreadID(0), to: ThreadID(1)), .ipcStarted(ThreadID(0), target: 0x1003, tag: 0, label: 0),
    .ipcFailed(ThreadID(0), error: .notExistent), .messageTransferred(from: ThreadID(0), to: ThreadID(1), tag: 0),
    .senderQueued(ThreadID(0), at: ThreadID(1)), .receiveBlocked(ThreadID(0), partner: .none),
    .timeoutExpired(ThreadID(0)), .irqTriggered(object: ObjectID(0)),
    .irqDelivered(object: ObjectID(0), to: ThreadID(0)), .pageFaulted(ThreadID(0), address: 1, ip: 2),
    .pageFaultUnanswered(ThreadID(0), address: 1), .exceptionRaised(ThreadID(0), cause: 2, ip: 3),
    .registersExchanged(ThreadID(0), by: ThreadID(1), ip: 1, sp: 2, flags: 3),
    .objectCreated(ObjectID(0), kind: .gate, index: 0), .objectDestroyed(ObjectID(0), kind: .gate),
    .threadStarted(ThreadID(0)), .threadKilled(ThreadID(0)),
    .objectsMapped(from: TaskID(0), to: TaskID(1), slot: 1, count: 1),
    .pagesMapped(from: TaskID(0), to: TaskID(1), address: 1, pages: 1), .unmapped(TaskID(0), flexPage: 1),
    .sliceExpired(ThreadID(0)), .replyCapabilityMissing(ThreadID(0)), .logWritten(ThreadID(0), bytes: 1),
    .vcpuEntered(ThreadID(0), .message, state: 1), .vcpuResumed(ThreadID(0), task: TaskID(0), state: 0x20),
    .ipcReturned(ThreadID(0), tag: 0, label: 0, error: nil),
    .gateInvoked(ThreadID(0), gate: ObjectID(0), label: 0), .contextLoaded(ThreadID(0), left: .milliseconds(1)),
    .contextSaved(ThreadID(0), left: .milliseconds(1)), .contextInvalidated(ThreadID(0)),
    .pageFaultAnswered(ThreadID(0), address: 0, error: .sendTimeout), .exceptionUnanswered(ThreadID(0), handler: 0),
    .timerTicked, .taskMapRequested(TaskID(0), item: 0, flexPage: 0),
    .taskUnmapRequested(TaskID(0), mask: 0, flexPage: 0), .objectReleased(ObjectID(0), kind: .gate),
    .threadMigrated(ThreadID(0), from: 0, to: 1), .requestPosted(.wake, ThreadID(0), waits: .none, core: 1),
    .requestHandled(.wake, ThreadID(0), waits: .none),
  ]

  @Test func `every event has a name of its own, a short tag and a payload`() {
    #expect(Self.samples.map(\.ordinal) == Array(0..<Self.samples.count))
    for event in Self.samples {
      let fields = event.payload(in: TraceContext()).map(\.name)
      #expect(!fields.isEmpty && Set(fields).count == fields.count, "\(event.name): \(fields)")
      #expect((1...5).contains(event.tag.count) && event.tag.allSatisfy { $0.isLowercase }, "\(event.tag)")
    }
    #expect(Set(Self.samples.map(\.name)).count == Self.samples.count)
    // The three scheduling records, the two of a request and the two of a virtual processor share a tag each, as they
    // do in the kernel.
    #expect(Set(Self.samples.map(\.tag)).count == Self.samples.count - 4)
  }

  @Test func `the kernel's own events have the kernel's tags`() {
    let tags = Set(Self.samples.map(\.tag))
    for tag in [
      "csw", "gate", "exr", "exc", "ieh", "ipfh", "sch", "irq", "timer", "map", "unm", "new", "des", "del", "mig",
      "drq", "vcpu",
    ] {
      #expect(tags.contains(tag), "\(tag)")
    }
  }

  @Test func `what only a trace records leaves no trace in a digest`() {
    for event in Self.samples {
      var digest = StateDigest()
      event.digest(into: &digest)
      #expect((digest == StateDigest()) == event.isTraceOnly, "\(event)")
    }
  }
}
