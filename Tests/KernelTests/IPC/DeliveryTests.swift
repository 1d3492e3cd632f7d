import FiascoABI
import Testing

@testable import FiascoKernel

/// Who runs after a send, and in which order queued senders are served. Ids are those of the golden cases.
struct DeliveryTests {
  static let profiles = KernelProfile.Name.allCases

  @Test(arguments: profiles, [5, 10, 20] as [UInt64])
  func `G03 G04 G05 the receiver of a send runs first unless its priority is lower`(
    _ profile: KernelProfile.Name, _ priority: UInt64
  ) {
    var world = KernelWorld(.named(profile))
    let server = world.thread(priority: priority, [.wait(), .mark("received")])
    world.sleep(milliseconds: 1)
    _ = world.thread(priority: 10, [.send(server.slot), .mark("sent")])
    world.sleep(milliseconds: 1)
    #expect(world.order == (priority < 10 ? "sent received" : "received sent"))
  }

  @Test(arguments: profiles)
  func `G08 a queued call is pulled by the wait and its caller waits for the reply already`(
    _ profile: KernelProfile.Name
  ) {
    var world = KernelWorld(.named(profile))
    let server = world.thread(priority: 5, [.compute(.milliseconds(2)), .wait(), .mark("got"), .reply()])
    let gate = world.gate(server, label: 0x100)
    let client = world.thread(priority: 10, [.call(gate), .mark("answered")])
    world.sleep(milliseconds: 5)
    #expect(world.outcome(server) == "p7,w2,i0,L103,m11:12")
    #expect(world.outcome(client) == "p85,w1,i0,m77")
    #expect(world.order == "got answered")
  }

  @Test(arguments: profiles)
  func `G09 senders are served by priority and then by arrival`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    let server = world.thread(priority: 50, [.sleep(milliseconds: 5), .wait(), .wait(), .wait()])
    for (label, priority): (UInt64, UInt64) in [(0xa0, 5), (0xb0, 9), (0xd0, 9)] {
      _ = world.thread(priority: priority, [.send(world.gate(server, label: label))])
      world.sleep(milliseconds: 1)
    }
    world.sleep(milliseconds: 10)
    #expect(world.results(server.id).dropFirst().map(\.label) == [0xb3, 0xd3, 0xa3])
  }

  @Test(arguments: profiles)
  func `G10 a pending IRQ is served before every sender`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    let server = world.thread(priority: 5, [.sleep(milliseconds: 4), .wait(), .wait()])
    let irq = world.irq(server, label: 0x40)
    _ = world.thread(priority: 200, [.send(world.gate(server, label: 0xa0))])
    world.sleep(milliseconds: 1)
    world.raise(irq)
    world.sleep(milliseconds: 10)
    #expect(world.results(server.id).dropFirst().map(\.label) == [0x40, 0xa3])
  }

  @Test(arguments: profiles)
  func `G11 a sender keeps the priority it had when it queued`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    let server = world.thread(priority: 60, [.sleep(milliseconds: 5), .wait(), .wait()])
    let early = world.thread(priority: 5, [.send(world.gate(server, label: 0xa0))])
    world.sleep(milliseconds: 1)
    world.runThread(early, priority: 50)
    _ = world.thread(priority: 9, [.send(world.gate(server, label: 0xb0))])
    world.sleep(milliseconds: 10)
    #expect(world.results(server.id).dropFirst().map(\.label) == [0xb3, 0xa3])
  }

  @Test(arguments: profiles)
  func `G14 a closed receive leaves other senders queued`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    let other = world.thread(priority: 10)
    let receiver = world.thread(
      priority: 10,
      [
        .sleep(milliseconds: 2), .receive(other.slot, timeouts: .receive(milliseconds: 2)),
        .wait(timeouts: .receiveZero),
      ])
    _ = world.thread(priority: 10, [.send(world.gate(receiver, label: 0xa0))])
    world.sleep(milliseconds: 10)
    #expect(world.outcome(receiver, 1) == "err3,p0,w0,i0")
    #expect(world.outcome(receiver, 2) == "p7,w2,i0,La3,m11:12")
  }

  @Test(arguments: profiles)
  func `G15 a reply and the next queued message need no sleep in between`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    let server = world.thread(
      priority: 10, [.wait(), .compute(.milliseconds(3)), .reply(), .mark("second"), .wait()])
    let gate = world.gate(server, label: 0x100)
    let client = world.thread(priority: 10, [.call(gate), .mark("answered")])
    world.sleep(milliseconds: 1)
    let late = world.thread(priority: 10, [.send(world.gate(server, label: 0x200))])
    world.sleep(milliseconds: 10)
    #expect(world.outcome(client) == "p85,w1,i0,m77")
    #expect(world.outcome(server, 1) == "p7,w2,i0,L203,m11:12")
    #expect(world.outcome(late) == "p7,w2,i0,m11:12")
    #expect(world.order == "answered second")
  }

  @Test(arguments: profiles)
  func `G25 two threads that call each other block until a timeout`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    let a = world.makeThread()
    let b = world.makeThread()
    world.append([.call(b.slot, timeouts: .send(milliseconds: 3)), .wait()], to: a.id)
    world.append([.call(a.slot)], to: b.id)
    world.start(a, priority: 10)
    world.start(b, priority: 9)
    world.sleep(milliseconds: 2)
    #expect(world.outcome(a) == "pending")
    #expect(world.outcome(b) == "pending")
    world.sleep(milliseconds: 5)
    #expect(world.outcome(a) == "err2,p0,w0,i0")
    #expect(world.outcome(a, 1) == "p7,w2,i0,m11:12")
    #expect(world.outcome(b) == "pending")
  }

  @Test(arguments: profiles)
  func `G26 a closed wait for a thread accepts what it sends through a gate`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    let receiver = world.makeThread()
    let sender = world.makeThread()
    world.append([.receive(sender.slot)], to: receiver.id)
    world.append([.send(world.gate(receiver, label: 0x40))], to: sender.id)
    world.start(receiver, priority: 20)
    world.start(sender, priority: 10)
    world.sleep(milliseconds: 2)
    #expect(world.outcome(receiver) == "p7,w2,i0,L43,m11:12")
  }

  @Test(arguments: profiles)
  func `G27 receiving from a gate means the thread bound to it`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    let bound = world.makeThread()
    let receiver = world.makeThread()
    world.append([.receive(world.gate(bound, label: 0x40)), .wait()], to: receiver.id)
    world.append([.send(receiver.slot, label: 9)], to: bound.id)
    let stranger = world.thread(priority: 15, [.sleep(milliseconds: 1), .send(receiver.slot)])
    world.start(receiver, priority: 20)
    world.sleep(milliseconds: 3)
    #expect(world.outcome(stranger, 1) == "pending")
    world.start(bound, priority: 10)
    world.sleep(milliseconds: 3)
    #expect(world.outcome(receiver) == "p7,w2,i0,L9,m11:12")
    #expect(world.outcome(receiver, 1) == "p7,w2,i0,m11:12")
  }

  @Test func `G28 operation bits of zero are a call in profile r67 and an error today`() {
    for (profile, result) in [(KernelProfile.r67, "p85,w1,i0,m77"), (.modern, "err4,p0,w0,i0")] {
      var world = KernelWorld(profile)
      let server = world.thread(priority: 20, [.wait(), .reply()])
      let client = world.thread(priority: 10, [.request(world.gate(server, label: 0x40), [])])
      world.sleep(milliseconds: 2)
      #expect(world.outcome(client) == result)
    }
  }

  @Test(arguments: profiles, [0, 1, 5, 62, 63])
  func `G29 as many words are copied as the tag says, and no others`(_ profile: KernelProfile.Name, _ words: Int) {
    var world = KernelWorld(.named(profile))
    let server = world.thread(priority: 20, [.wait()])
    for index in 0..<63 { world.kernel.setMessageWord(server.id, index, 0xaaaa) }
    // The sender's message registers hold 63 words; the tag tells how many of them are sent.
    let message = SystemCall(
      tag: MessageTag(label: 7, words: words), target: ObjectReference(slot: server.slot, operation: .send),
      words: (0..<63).map { 0x200 + UInt64($0) })
    _ = world.thread(priority: 10, [.call(message)])
    world.sleep(milliseconds: 2)
    for index in 0..<63 {
      #expect(world.kernel.messageWord(server.id, index) == (index < words ? 0x200 + UInt64(index) : 0xaaaa))
    }
  }
}
