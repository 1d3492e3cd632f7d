import Determinism
import FiascoABI
import Testing

@testable import FiascoKernel

/// The rules of the fixed-priority scheduler that no golden case shows, and where to find the others.
///
/// | rule | test |
/// |---|---|
/// | the highest of 256 priorities runs | here: `priorities order everything` |
/// | equal threads take turns of a quantum, to the tail of the list | RoundRobin: `equal threads take turns` |
/// | the quantum is 10 ms unless run_thread says otherwise | here: `a quantum lasts as long as run_thread says` |
/// | run_thread fills the quantum | here: `run_thread gives a full quantum` |
/// | a preempted thread keeps its rest | RoundRobin: `a preempted thread keeps` |
/// | a rest of nothing is filled when it is saved | here: `a quantum that ended between two ticks` |
/// | the end of a slice refills and moves the donor, blocked or not | Donation: `when the donated slice ends` |
/// | who loses the processor goes to the front | RoundRobin: `preempted by its own wake-up` |
/// | blocked threads leave the list only when they are found there | here: `a thread that wakes before` |
/// | wake-ups go to the front | here: `wake-ups of equals` |
/// | timeouts go to the tail and preempt no equal | RoundRobin: `of two timeouts`, `a timeout lets only` |
/// | a woken thread preempts unless a higher priority runs or lends | here: `a wake-up preempts unless` |
/// | a call lends the client's time, a blocked client's is lost | Donation: `a server works on`, `the donation is lost` |
/// | calls of servers lend on | here: `lending goes through several servers` |
/// | a queued client lends nothing | here: `a client in the queue` |
/// | a server that blocks keeps no priority of its client | here: `a server that blocks` |
/// | switch lends the rest of the slice | Donation: `switch lends` |
/// | yield goes to the tail and loses its rest (r67), does nothing (modern) | RoundRobin: `a receive from oneself`, here: `yield` |
/// | starting a thread does not preempt, placing it does | Donation: `starting a thread by its registers` |
/// | a new thread has priority 1 | Donation: `a started thread runs without` |
/// | parameters are checked (modern) or bent (r67) | Donation: `the scheduler checks`, ClassTests |
/// | timeouts and slices are looked at in ticks | Timeout tests, here: `a slice ends with a tick` |
/// | CPU time is charged in ticks | RoundRobin: `a thread is charged` |
struct SchedulerRuleTests {
  static let profiles = KernelProfile.Name.allCases

  // 6.1
  @Test(arguments: profiles, 0..<8 as Range<UInt64>)
  func `priorities order everything`(_ profile: KernelProfile.Name, _ seed: UInt64) {
    var world = KernelWorld(.named(profile))
    var chance = SeededGenerator(seed: seed)
    var priorities: [UInt64] = [1, 63, 64, 127, 128, 249]
    for index in priorities.indices { priorities.swapAt(index, chance.next(below: 6)) }
    for priority in priorities {
      _ = world.thread(priority: priority, [.compute(.milliseconds(1)), .mark("\(priority)")])
    }
    world.sleep(milliseconds: 20)
    #expect(world.order == "249 128 127 64 63 1")
  }

  @Test(arguments: profiles)
  func `a quantum lasts as long as run_thread says`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    let long = world.thread(priority: 10, [.spin])
    let short = world.thread(priority: 10, quantum: 2000, [.spin])
    world.sleep(milliseconds: 120)
    // 2 ms and 10 ms in turns.
    #expect(world.consumed(short) == 20 && world.consumed(long) == 100)
  }

  @Test(arguments: profiles)
  func `run_thread gives a full quantum`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    _ = world.thread(priority: 10, [.mark("rival")])
    let actor = world.thread(priority: 10, [.compute(.milliseconds(17)), .mark("actor")])
    world.sleep(milliseconds: 8)
    world.runThread(actor, priority: 10)
    #expect(world.kernel.threads[actor.id.slot].left == .milliseconds(10))
    world.sleep(milliseconds: 30)
    // 9 ms were left to do, which the rest of the first quantum would not have covered.
    #expect(world.order == "actor rival")
  }

  @Test(arguments: profiles)
  func `a quantum that ended between two ticks is full when its thread blocks before the next`(
    _ profile: KernelProfile.Name
  ) {
    var world = KernelWorld(.named(profile))
    let actor = world.thread(priority: 10, quantum: 1500, [.compute(.microseconds(1700)), .sleep(milliseconds: 5)])
    world.sleep(milliseconds: 3)
    #expect(world.kernel.threads[actor.id.slot].left == .microseconds(1500))
  }

  @Test(arguments: profiles)
  func `a slice ends with a tick`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    let first = world.thread(priority: 10, quantum: 1500, [.spin])
    let second = world.thread(priority: 10, quantum: 1500, [.spin])
    world.sleep(milliseconds: 40)
    // Two ticks each: 1.5 ms are over at the second one.
    #expect(world.consumed(first) == 20 && world.consumed(second) == 20)
  }

  @Test(arguments: profiles)
  func `a thread that wakes before it was missed keeps its place`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    let sleeper = world.thread(priority: 5, [.wait(), .mark("sleeper")])
    _ = world.thread(priority: 5, [.mark("front")])
    let lend = SystemCall(
      tag: MessageTag(label: KernelProtocol.thread, words: 1),
      target: ObjectReference(slot: sleeper.slot, operation: .call), words: [Opcode.Thread.switchTo])
    _ = world.thread(priority: 10, [.call(lend), .send(sleeper.slot), .mark("waker")])
    world.sleep(milliseconds: 20)
    // It blocked on lent time: nobody looked at its list meanwhile, where it stood second.
    #expect(world.order == "waker front sleeper")
  }

  @Test(arguments: profiles)
  func `wake-ups of equals put the last one first`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    let a = world.thread(priority: 10, [.wait(), .mark("a")])
    let b = world.thread(priority: 10, [.wait(), .mark("b")])
    world.sleep(milliseconds: 1)
    _ = world.thread(priority: 20, [.send(a.slot), .send(b.slot), .mark("high")])
    world.sleep(milliseconds: 5)
    #expect(world.order == "high b a")
  }

  // 6.2: who runs (the server) on whose time (the client's) against whom is woken.
  @Test(arguments: profiles, [9, 10, 11] as [UInt64])
  func `a wake-up preempts unless a higher priority runs or lends its time`(
    _ profile: KernelProfile.Name, _ woken: UInt64
  ) {
    for client in 9...11 as ClosedRange<UInt64> {
      for server in 9...11 as ClosedRange<UInt64> {
        var world = KernelWorld(.named(profile))
        let w = world.thread(priority: woken, [.wait(), .mark("woken")])
        // Not a message of the server's: on lent time that would lend it on.
        let irq = world.irq(w)
        world.sleep(milliseconds: 1)
        let trigger = SystemCall(
          tag: MessageTag(label: KernelProtocol.irq, words: 1), target: ObjectReference(slot: irq, operation: .send),
          words: [Opcode.IRQ.trigger])
        let s = world.thread(priority: server, [.wait(), .call(trigger), .mark("server"), .reply()])
        world.sleep(milliseconds: 1)
        _ = world.thread(priority: client, [.call(s.slot)])
        world.sleep(milliseconds: 5)
        let order = max(client, server) <= woken ? "woken server" : "server woken"
        #expect(world.order == order, "client \(client), server \(server)")
      }
    }
  }

  // 6.3
  @Test(arguments: profiles)
  func `lending goes through several servers`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    let second = world.thread(priority: 3, [.wait(), .mark("second"), .reply()])
    world.sleep(milliseconds: 1)
    let first = world.thread(priority: 5, [.wait(), .call(second.slot), .mark("first"), .reply()])
    world.sleep(milliseconds: 1)
    _ = world.thread(priority: 10, [.call(first.slot), .mark("client")])
    _ = world.thread(priority: 7, [.mark("between")])
    world.sleep(milliseconds: 5)
    // The reply of the second server is no loan: the first one's client sleeps by then, and 7 is above 5.
    #expect(world.order.hasPrefix("second first client"))
  }

  @Test(arguments: profiles)
  func `a client in the queue of a busy server lends nothing`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    let server = world.thread(priority: 5, [.compute(.milliseconds(2)), .mark("busy"), .wait(), .reply()])
    _ = world.thread(priority: 10, [.call(server.slot), .mark("client")])
    _ = world.thread(priority: 7, [.compute(.milliseconds(2)), .mark("between")])
    world.sleep(milliseconds: 10)
    #expect(world.order == "between busy client")
  }

  @Test(arguments: profiles)
  func `a server that blocks keeps no priority of its client`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    let server = world.thread(priority: 5, [.wait(), .sleep(milliseconds: 1), .mark("server"), .reply()])
    world.sleep(milliseconds: 1)
    _ = world.thread(priority: 10, [.call(server.slot), .mark("client")])
    _ = world.thread(priority: 7, [.compute(.milliseconds(4)), .mark("between")])
    world.sleep(milliseconds: 10)
    #expect(world.order == "between server client")
  }

  // 6.5
  @Test func `yield loses what was left of the slice since it began, and gets no new one`() {
    var world = KernelWorld(.r67)
    let yield = Step.call(SystemCall(tag: MessageTag(), target: .special(.receive), timeouts: .zero))
    let actor = world.thread(priority: 10, [.compute(.milliseconds(4)), yield, .spin])
    _ = world.thread(priority: 10, [.compute(.milliseconds(1)), .sleep(milliseconds: 50)])
    _ = world.thread(priority: 20, [.sleep(milliseconds: 3)])
    // 1 ms of the rival, 2 ms of the actor, the interruption, 2 ms more, yield, 1 ms. It was loaded with 8 ms left,
    // and was again after the yield: neither 6 nor 10.
    world.sleep(milliseconds: 6)
    #expect(world.kernel.threads[actor.id.slot].left == .milliseconds(7))
  }
}
