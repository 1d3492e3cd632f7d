import FiascoABI

@testable import FiascoKernel

extension Step {
  /// A pager answers with a part of main's window.
  static func maps(
    _ rights: MemoryRights, at target: UInt64 = AreaDTests.page, order: Int = 12, from number: UInt64 = 0,
    words: [UInt64] = [], to slot: CapabilitySlot? = nil, timeouts: IPCTimeouts = .never
  ) -> Step {
    let page = FlexPage.memory(KernelWorld.window + number * 4096, order: order, rights: rights)
    return .call(
      SystemCall(
        tag: MessageTag(words: words.count, items: 1),
        target: slot.map { ObjectReference(slot: $0, operation: .send) } ?? .special(.replyAndWait),
        timeouts: timeouts, words: words + [SendItem.map(hotSpot: target).raw, page.raw]))
  }

  /// A pager answers with a label and nothing else.
  static func refuses(_ label: Int64) -> Step {
    .call(SystemCall(tag: MessageTag(label: label), target: .special(.replyAndWait)))
  }
}

extension KernelWorld {
  /// Main takes rights to the first page of its window back from everybody else.
  mutating func revoke(_ rights: MemoryRights) {
    invoke(
      .task, KernelProtocol.task,
      [Opcode.Task.unmap, 0, FlexPage.memory(KernelWorld.window, order: 12, rights: rights).raw])
  }

  @discardableResult
  mutating func mapPage(
    _ number: UInt64, to task: CapabilitySlot, _ address: UInt64, _ rights: MemoryRights,
    from source: CapabilitySlot = .task, _ place: UInt64? = nil, order: Int = 12
  ) -> Int64 {
    let page = FlexPage.memory(place ?? KernelWorld.window + number * 4096, order: order, rights: rights)
    return invoke(
      task, KernelProtocol.task, [Opcode.Task.map, SendItem.map(hotSpot: address).raw, page.raw],
      items: [.objects(source)])
  }

  /// Which page of the window a thread's task has at an address; -1 none.
  func frameNumber(_ it: Actor, _ address: UInt64) -> Int {
    guard let entry = kernel.translate(taskID(it.task), address) else { return -1 }
    return entry.frame - KernelWorld.kernelFrames
  }

  func taskID(_ slot: CapabilitySlot) -> TaskID { TaskID(Int(kernel.objects[object(slot).slot].index)) }
}

// The programs of area d.
extension AreaDTests {
  /// A thread in a task of its own, its pager in the root task behind a gate with label 0x100.
  static func paged(
    _ w: inout KernelWorld, _ steps: [Step], _ pager: [Step], handler: Bool = false, hasPager: Bool = true,
    other: CapabilitySlot? = nil, start: Bool = true
  ) -> (Actor, Actor) {
    let pager = w.thread(priority: 110, pager)
    w.ms(1)
    let (gate, place) = (w.gate(pager, label: 0x100), w.task())
    w.give(gate, to: place.slot)
    if let other { w.give(other, to: place.slot) }
    let it = w.makeThread(
      in: place, pager: hasPager ? gate : .nothing, handler: handler ? gate : other ?? .nothing)
    w.append(steps, to: it.id)
    if start { w.start(it, priority: 105) }
    return (it, pager)
  }

  /// What the pager gets, and whether the thread comes through. `meanwhile` happens after 2 ms.
  static func fault(
    _ w: inout KernelWorld, _ steps: [Step], _ answers: [Step], handler: Bool = false, pager hasPager: Bool = true,
    _ meanwhile: (inout KernelWorld) -> Void = { _ in }
  ) -> String {
    let (_, pager) = paged(
      &w, steps + [.mark("done")], [.wait()] + answers, handler: handler, hasPager: hasPager)
    w.ms(2)
    meanwhile(&w)
    w.ms(10)
    let messages = w.see(pager).split(separator: " ").filter { $0 != "-" }
    return (messages + ["|"] + w.log.map { Substring($0) }).joined(separator: " ")
  }

  static func beyond(_ w: inout KernelWorld, _ address: UInt64) -> String {
    let (_, pager) = paged(&w, [.touch(address, .load)], [.wait()], handler: true)
    w.ms(2)
    return "\(w.see(pager)) | \(w.results(pager.id)[0].words[ExceptionMessage.value].hex)"
  }

  /// A thread without a pager faults; the handler, if there is one, hears nothing of it.
  static func unpaged(_ w: inout KernelWorld, _ pager: CapabilitySlot, handler: Bool = false) -> String {
    let place = w.task()
    let asked = w.go(.wait())
    let gate = w.gate(asked, label: 0x200)
    w.give(gate, to: place.slot)
    let it = w.makeThread(in: place, pager: pager, handler: handler ? gate : .nothing)
    w.append([.touch(page, .load), .mark("done")], to: it.id)
    w.start(it, priority: 105)
    w.ms(2)
    let heard = w.results(asked.id).isEmpty && w.log.isEmpty ? "|" : "heard"
    return "\(heard) \(fate(w, it))"
  }

  /// The thread that faulted without a pager: the youngest one.
  static func lastUnpaged(_ w: borrowing KernelWorld) -> Actor? {
    let slot = CapabilitySlot(w.nextSlot - 1)
    guard w.kernel.objects[w.object(slot).slot].kind == .thread else { return nil }
    let id = ThreadID(Int(w.kernel.objects[w.object(slot).slot].index))
    return Actor(id: id, slot: slot, task: .task, utcb: 0)
  }

  static func fate(_ w: borrowing KernelWorld, _ it: Actor) -> String {
    w.kernel.threads[it.id.slot].isDead ? "dead" : w.kernel.threads[it.id.slot].isReady ? "ready" : "blocked"
  }

  /// The pager answers 6 ms later by a plain send to the thread, which may have been cancelled meanwhile.
  static func late(_ w: inout KernelWorld, cancelAt: UInt64?, second: Bool) -> String {
    let (it, pager) = paged(&w, [.touch(page, .load), .mark("done")], [], start: false)
    let answer = Step.maps(.rw, to: it.slot, timeouts: .ms(0, nil))
    var steps: [Step] = [.wait(), .sleep(milliseconds: 6)]
    if second { steps.append(.wait()) }
    steps.append(answer)
    if cancelAt != nil, !second { steps += [.wait(), answer] }
    w.append(steps, to: pager.id)
    w.cancel(pager)
    w.start(it, priority: 105)
    if let cancelAt {
      w.ms(cancelAt)
      w.cancel(it)
    }
    w.ms(20)
    let messages = w.see(pager).split(separator: " ").filter { $0 != "8000!7" }
    return (messages + ["|"] + w.log.map { Substring($0) }).joined(separator: " ")
  }
}
