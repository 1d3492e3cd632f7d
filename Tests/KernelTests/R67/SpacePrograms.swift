import FiascoABI

@testable import FiascoKernel

extension KernelWorld {
  /// Main maps a capability from one task to another, at the same slot.
  @discardableResult
  mutating func pass(_ slot: CapabilitySlot, from: Place, to: Place, rights: ObjectRights) -> Int64 {
    let item = SendItem.map(hotSpot: slot.selector)
    return invoke(
      to.slot, KernelProtocol.task, [Opcode.Task.map, item.raw, FlexPage.objects(slot, rights: rights).raw],
      items: [.objects(from.slot)])
  }

  @discardableResult
  mutating func unmap(_ slot: CapabilitySlot, in place: Place, _ mask: UInt64, rights: ObjectRights = .all) -> Int64 {
    invoke(place.slot, KernelProtocol.task, [Opcode.Task.unmap, mask, FlexPage.objects(slot, rights: rights).raw])
  }

  mutating func valid(_ slot: CapabilitySlot, in place: Place) -> Int64 {
    invoke(place.slot, KernelProtocol.task, [Opcode.Task.capabilityInfo, slot.selector])
  }

  mutating func equal(_ one: CapabilitySlot, _ other: CapabilitySlot) -> Int64 {
    invoke(.task, KernelProtocol.task, [Opcode.Task.capabilityInfo, one.selector, other.selector])
  }

  mutating func copy(_ slot: CapabilitySlot, rights: ObjectRights, attributes: UInt64) -> CapabilitySlot {
    let target = newSlot()
    give(slot, to: .task, at: target, rights: rights, attributes: attributes)
    return target
  }
}

// The programs of area e.
extension AreaETests {
  /// A server behind a gate with label 0x40, and two tasks.
  static func scene(_ w: inout KernelWorld) -> (CapabilitySlot, Place, Place, Actor) {
    let server = w.go(.wait(), .reply(.replyOnly), .sleep(milliseconds: 1000))
    w.ms(1)
    return (w.gate(server, label: 0x40), w.task(), w.task(), server)
  }

  /// A client in B calls through a gate that was given to it with these rights.
  static func called(_ w: inout KernelWorld, _ rights: ObjectRights, again: ObjectRights? = nil) -> String {
    let (gate, b, _, server) = scene(&w)
    var answer = w.give(gate, to: b.slot, rights: rights)
    if let again { answer |= w.give(gate, to: b.slot, rights: again) }
    _ = w.thread(priority: 105, in: b, [.call(gate)])
    w.ms(2)
    return "\(answer) " + w.see(server).split(separator: " ")[0]
  }

  /// A capability in main, B and C: who has it before and after it was unmapped in B or main.
  static func removed(_ w: inout KernelWorld, inB: Bool, _ mask: UInt64, rights: ObjectRights = .rws) -> String {
    removedScene(&w, inB: inB, mask, rights: rights).0
  }

  static func removedScene(
    _ w: inout KernelWorld, inB: Bool, _ mask: UInt64, rights: ObjectRights = .rws
  ) -> (String, CapabilitySlot, Place) {
    let (gate, b, c, _) = scene(&w)
    w.give(gate, to: b.slot, rights: rights)
    w.pass(gate, from: b, to: c, rights: rights)
    let before = "\(w.valid(gate))\(w.valid(gate, in: b))\(w.valid(gate, in: c))"
    let answer = w.unmap(gate, in: inB ? b : Place(slot: .task, utcb: 0), mask)
    return ("\(before) \(answer) \(w.valid(gate))\(w.valid(gate, in: b))\(w.valid(gate, in: c))", gate, c)
  }

  /// A page goes from main to B and from there to C; then something happens; what B and C have in the end.
  static func pages(
    _ w: inout KernelWorld, _ first: MemoryRights, _ second: MemoryRights,
    _ change: (inout KernelWorld, Place) -> Void
  ) -> String {
    let (b, c) = (w.task(), w.task())
    let answers = [w.mapPage(0, to: b.slot, one, first), w.mapPage(0, to: c.slot, one, second, from: b.slot, one)]
    change(&w, b)
    return (answers.map { "\($0)" } + [access(w, b), access(w, c)]).joined(separator: " ")
  }

  /// The same page twice to one task.
  static func remapped(_ w: inout KernelWorld, _ first: MemoryRights, _ second: MemoryRights) -> String {
    let b = w.task()
    return "\(w.mapPage(0, to: b.slot, one, first)) \(w.mapPage(0, to: b.slot, one, second)) \(access(w, b))"
  }

  private static func access(_ w: borrowing KernelWorld, _ place: Place) -> String {
    guard let entry = w.kernel.translate(w.taskID(place.slot), one) else { return "-" }
    return entry.rights.contains(.write) ? "rw" : "r"
  }

  /// A client in B sends a capability through a gate it holds with these rights; then main calls through what came.
  static func sent(_ w: inout KernelWorld, _ rights: ObjectRights) -> String {
    let (slot, place) = (w.newSlot(), w.task())
    let server = w.go(.waitFor([.small(slot)]), .reply(.replyOnly))
    let second = w.go(.wait(), .reply(.replyOnly))
    let (gate, other) = (w.gate(server, label: 0x40), w.gate(second, label: 0x80))
    w.give(gate, to: place.slot, rights: rights)
    w.give(other, to: place.slot)
    _ = w.thread(priority: 105, in: place, [.carry(gate, .call, [other])])
    w.ms(2)
    let valid = w.valid(slot)
    _ = w.go(.call(slot))
    w.ms(2)
    let got = w.see(server).split(separator: " ")[0]
    return "\(got) \(valid) \(w.results(second.id).first.map { $0.label & 3 } ?? 9)"
  }

  /// Copies of kernel objects with fewer rights in the same task: what can be done through them.
  static func reduced(_ w: inout KernelWorld, _ rights: ObjectRights) -> String {
    let (it, server) = (w.go(at: 90), w.go())
    let (gate, irq) = (w.gate(server, label: 0x40), w.irq(nil))
    let thread = Actor(id: it.id, slot: w.copy(it.slot, rights: rights), task: .task, utcb: it.utcb)
    let (factory, task) = (w.copy(.factory, rights: rights), w.copy(.task, rights: rights))
    let weakGate = w.copy(gate, rights: rights, attributes: 0x20)
    let weakIRQ = w.copy(irq, rights: rights)
    let item = [
      Opcode.Task.map, SendItem.map(hotSpot: w.newSlot().selector).raw, FlexPage.objects(gate, rights: .rws).raw,
    ]
    let label = w.kernel.profile.name == .modern ? KernelProtocol.irqSender : KernelProtocol.irq
    let operations = [
      w.exchangeRegisters(thread), w.control(thread, 0), w.runThread(thread, priority: 90),
      w.invoke(thread.slot, KernelProtocol.thread, [Opcode.Thread.statistics]),
      w.create(0, into: w.newSlot(), [0, 0x80], items: [.objects(thread.slot)]),
      w.create(label, into: w.newSlot(), [0, 0], factory: factory),
      w.invoke(task, KernelProtocol.task, item, items: [.objects(.task)]),
      w.invoke(.task, KernelProtocol.task, item, items: [.objects(task)]),
    ]
    w.attach(irq, to: server, label: 0x40)
    w.raise(irq)
    if w.kernel.profile.attachesIRQs { w.detach(irq) }
    let bindings = [
      w.attach(weakIRQ, to: server, label: 0x80), w.detach(weakIRQ), w.bind(weakGate, to: server, label: 0x80),
    ]
    let removal = [w.drop(weakGate), w.valid(gate), w.valid(weakGate)]
    return [operations, bindings, removal].map { $0.map { "\($0)" }.joined(separator: " ") }.joined(separator: " | ")
  }
}
