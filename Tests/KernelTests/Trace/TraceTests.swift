import Determinism
import FiascoABI
import FiascoMachine
import Testing

@testable import FiascoKernel

/// What a trace holds, and that nobody else notices it.
struct TraceTests {
  /// Calls, queues, faults, timeouts, deletions: something of everything.
  private static func world(traced: Bool) -> KernelWorld {
    var world = KernelWorld()
    world.kernel.recordsEvents = true
    if traced { world.node.beginTrace() }
    let pager = world.thread(priority: 30, [.wait(), .reply(), .reply()])
    let server = world.thread(priority: 5, [.wait(), .compute(.milliseconds(3)), .reply(), .reply()])
    let gate = world.gate(server, label: 0x40)
    world.sleep(milliseconds: 1)
    _ = world.thread(priority: 10, quantum: 2000, [.call(gate), .mark("called"), .call(gate)])
    _ = world.thread(priority: 9, [.call(gate, timeouts: .receive(milliseconds: 2)), .mark("late"), .spin])
    _ = world.thread(priority: 8, pager: pager.slot, [.touch(0x4000_0000, .load), .mark("touched")])
    let irq = world.irq(server, label: 0x80)
    world.sleep(milliseconds: 8)
    world.raise(irq)
    world.drop(irq)
    world.drop(gate)
    world.sleep(milliseconds: 30)
    return world
  }

  @Test func `a traced run is the same run`() {
    let plain = Self.world(traced: false)
    let traced = Self.world(traced: true)
    #expect(plain.node.traceDigest == traced.node.traceDigest)
    #expect(plain.node.records == traced.node.records)
    #expect(plain.order == traced.order)
    #expect(plain.node.trace.isEmpty && traced.node.trace.count > plain.node.records.count)
  }

  @Test func `a trace holds every record of the run, in its order`() {
    let world = Self.world(traced: true)
    let events = world.node.trace.map(\.event).filter { !$0.isTraceOnly }
    let records = world.node.records.compactMap { record -> KernelEvent? in
      if case .kernel(let event) = record.event { event } else { nil }
    }
    #expect(events == records)
  }

  @Test func `time never goes back`() {
    let trace = Self.world(traced: true).node.trace
    for (earlier, later) in zip(trace, trace.dropFirst()) { #expect(earlier.at <= later.at) }
  }

  @Test func `every result follows a request of its thread, and every request has one result at most`() {
    let trace = Self.world(traced: true).node.trace
    var open = [Int](repeating: 0, count: 64)
    var results = 0
    for record in trace {
      if case .ipcStarted(let thread, _, _, _) = record.event { open[thread.slot] += 1 }
      if case .ipcReturned(let thread, _, _, _) = record.event {
        results += 1
        open[thread.slot] -= 1
      }
      #expect(open.allSatisfy { $0 == 0 || $0 == 1 })
    }
    // The root thread's calls have all returned.
    #expect(open[0] == 0 && results > 30)
  }

  @Test func `a result says what the program finds`() {
    var world = KernelWorld()
    world.kernel.recordsEvents = true
    world.node.beginTrace()
    let server = world.thread(priority: 20, [.wait(), .reply()])
    let gate = world.gate(server, label: 0x40)
    let client = world.thread(
      priority: 10, [.call(gate), .call(.log, timeouts: .zero), .receive(gate, timeouts: .zero)])
    world.sleep(milliseconds: 2)
    let told = world.node.trace.compactMap { record -> String? in
      guard case .ipcReturned(client.id, let tag, let label, let error) = record.event else { return nil }
      return describe(SystemCallResult(tag: tag, label: label, error: error))
    }
    let found = world.results(client.id).map { result in
      describe(SystemCallResult(tag: result.tag.raw, label: result.label, error: result.ipcError))
    }
    #expect(told == found && told.count == 3)
  }

  private struct SystemCallResult {
    var tag: UInt64
    var label: UInt64
    var error: IPCError?
  }

  private func describe(_ result: SystemCallResult) -> String {
    "\(result.tag) \(result.label) \(result.error.map { "\($0)" } ?? "ok")"
  }

  @Test func `a saved scheduling context goes on with what was left of it`() {
    let trace = Self.world(traced: true).node.trace
    var saved = [TimeSpan?](repeating: nil, count: 64)
    var compared = 0
    for record in trace {
      switch record.event {
      case .contextSaved(let thread, let left): saved[thread.slot] = left
      case .contextInvalidated(let thread) where !thread.isNone: saved[thread.slot] = nil
      case .contextLoaded(let thread, let left):
        if let kept = saved[thread.slot] {
          #expect(kept == left)
          compared += 1
        }
      default: break
      }
    }
    #expect(compared > 5)
  }

  @Test func `a fork is traced like its original`() {
    var world = Self.world(traced: true)
    world.node.trace.removeAll()
    var other = world.node.fork()
    let limit = world.node.now + .milliseconds(5)
    _ = world.node.run(until: limit)
    _ = other.run(until: limit)
    #expect(world.node.trace.map(\.event) == other.trace.map(\.event))
  }

  @Test func `a virtual processor's entries and resumes say why and where`() {
    var world = KernelWorld()
    world.kernel.recordsEvents = true
    world.node.beginTrace()
    let wait = Step.compute(.milliseconds(2))
    let steps: [Step] = [
      wait, .trap(cause: 2, value: 0), wait, .fault(0x40_0000, .store), wait, VirtualProcessor.resume(), wait,
      VirtualProcessor.resume(), .spin,
    ]
    let vcpu = VirtualProcessor(&world, state: .exceptions, steps)
    let irq = world.irq(vcpu.actor, label: 0x880)
    world.sleep(milliseconds: 3)
    world.kernel.setVCPUState(vcpu.actor.id, .pageFaults)
    world.raise(irq)
    world.sleep(milliseconds: 2)
    world.kernel.setVCPUState(vcpu.actor.id, [], saved: .irqs)
    world.sleep(milliseconds: 2)
    world.kernel.setVCPUState(vcpu.actor.id, .irqs)
    world.raise(irq)
    world.sleep(milliseconds: 2)
    let told = world.node.trace.filter { $0.event.tag == "vcpu" }.map { record in
      record.event.payload(in: record.context).map(\.value)
    }
    #expect(told.map { $0[1] } == [2, 3, 4, 1, 0].map(TraceValue.number))
    let entry = TraceValue.word(VirtualProcessor.entry)
    #expect(told.dropLast().allSatisfy { $0[0] == .thread(vcpu.actor.id) && $0[3] == entry })
    #expect(told.last?[3] == .word(vcpu.saved(ExceptionMessage.instructionPointer, world)))
    #expect(told.allSatisfy { $0[5] == .task(TaskID(0)) })
  }
}
