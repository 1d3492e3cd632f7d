import FiascoABI

/// Which generation of the kernel's interface is spoken: IRQ objects changed between them.
public enum KernelInterface: Hashable, BitwiseCopyable, Sendable, CaseIterable { case r67, modern }

/// System calls on kernel objects, as values: a program can issue them at once or keep them as work to be done.
public enum KernelCall {
  public static func createTask(at slot: CapabilitySlot, utcbArea: FlexPage) -> SystemCall {
    create(at: slot, [word(KernelProtocol.task), 0, utcbArea.raw])
  }

  public static func createThread(at slot: CapabilitySlot) -> SystemCall {
    create(at: slot, [word(KernelProtocol.thread)])
  }

  public static func createIRQ(at slot: CapabilitySlot, _ interface: KernelInterface) -> SystemCall {
    switch interface {
    case .r67: create(at: slot, [word(KernelProtocol.irq)])
    case .modern: create(at: slot, [word(KernelProtocol.irqSender)])
    }
  }

  /// A gate that leads to `thread`; whoever receives through it sees `label` with two bits of rights.
  public static func createGate(at slot: CapabilitySlot, to thread: CapabilitySlot, label: UInt64) -> SystemCall {
    create(at: slot, [0, 0, label], item: thread)
  }

  /// r67: attach, once; modern: bind, which may be repeated. Needs a real thread capability, not a gate.
  public static func bindIRQ(
    _ irq: CapabilitySlot, to thread: CapabilitySlot, label: UInt64, _ interface: KernelInterface
  ) -> SystemCall {
    switch interface {
    case .r67: call(irq, KernelProtocol.irq, [attachIRQ, label], item: thread)
    case .modern: call(irq, KernelProtocol.kernelObject, [Opcode.IRQ.bind, label], item: thread)
    }
  }

  /// Opcode 1 of the old IRQ protocol: attach with an item, detach without.
  private static let attachIRQ: UInt64 = 1

  public static func triggerIRQ(_ irq: CapabilitySlot) -> SystemCall {
    SystemCall(
      tag: MessageTag(label: KernelProtocol.irq, words: 1), target: ObjectReference(slot: irq, operation: .send),
      words: [Opcode.IRQ.trigger])
  }

  /// Waits until the IRQ has been triggered: how Genode blocks on locks and signals.
  public static func awaitIRQ(_ irq: CapabilitySlot) -> SystemCall {
    SystemCall(tag: MessageTag(), target: ObjectReference(slot: irq, operation: .receive))
  }

  /// Sleeps; with `.never` for ever.
  public static func sleep(_ timeout: IPCTimeout) -> SystemCall {
    SystemCall(
      tag: MessageTag(), target: .special(.receive), timeouts: IPCTimeouts(send: .never, receive: timeout))
  }

  /// Sleeps until a point in time, in microseconds of the kernel clock.
  public static func sleep(until deadline: UInt64) -> SystemCall {
    SystemCall(
      tag: MessageTag(), target: .special(.receive),
      timeouts: IPCTimeouts(send: .never, receive: IPCTimeout(raw: 0x8000)), buffers: [ReceiveBuffer(raw: deadline)])
  }

  /// Copies one of the caller's capabilities into a slot of another task.
  public static func mapObject(
    _ slot: CapabilitySlot, to task: CapabilitySlot, at target: CapabilitySlot
  ) -> SystemCall {
    mapping(to: task, SendItem.map(hotSpot: target.selector), FlexPage.objects(slot, rights: RPCLayout.itemRights))
  }

  /// Moves a capability inside the caller's own table.
  public static func moveObject(from slot: CapabilitySlot, to target: CapabilitySlot) -> SystemCall {
    mapping(
      to: .task, SendItem.map(hotSpot: target.selector, grant: true),
      FlexPage.objects(slot, rights: RPCLayout.itemRights))
  }

  /// Removes the object of `slot` from every task and destroys it; needs the delete right.
  public static func destroyObject(_ slot: CapabilitySlot) -> SystemCall {
    unmap(FlexPage.objects(slot), mask: UnmapMask.own | UnmapMask.deleteObjects)
  }

  /// Empties one slot of the caller.
  public static func dropObject(_ slot: CapabilitySlot) -> SystemCall {
    unmap(FlexPage.objects(slot), mask: UnmapMask.own)
  }

  /// Takes a page that the caller mapped to others away from all of them; the caller keeps it.
  public static func revokePage(_ address: UInt64) -> SystemCall {
    unmap(FlexPage.memory(address, order: 12, rights: .rw), mask: 0)
  }

  /// Takes a page away from one task, by its address there.
  public static func unmapPage(_ address: UInt64, from task: CapabilitySlot) -> SystemCall {
    call(
      task, KernelProtocol.task,
      [Opcode.Task.unmap, UnmapMask.own, FlexPage.memory(address, order: 12, rights: .rw).raw])
  }

  public static func isValid(_ slot: CapabilitySlot, in task: CapabilitySlot) -> SystemCall {
    call(task, KernelProtocol.task, [Opcode.Task.capabilityInfo, slot.selector])
  }

  public static func addKernelUserMemory(_ area: FlexPage) -> SystemCall {
    call(.task, KernelProtocol.task, [Opcode.Task.addKernelUserMemory, area.raw])
  }

  public static func runThread(_ thread: CapabilitySlot, priority: Int, cpu: Int) -> SystemCall {
    call(
      .scheduler, KernelProtocol.scheduler,
      [Opcode.Scheduler.runThread, 0, 1 << UInt64(cpu), UInt64(priority), 0], item: thread)
  }

  /// Sets pager and exception handler and binds the thread to task and UTCB; the kernel allows that once.
  public static func bindThread(
    _ thread: CapabilitySlot, pager: CapabilitySlot, task: CapabilitySlot, utcb: UInt64
  ) -> SystemCall {
    let flags = ThreadControl.setPager | ThreadControl.setHandler | ThreadControl.bind
    return call(
      thread, KernelProtocol.thread,
      [Opcode.Thread.control | flags, pager.selector, pager.selector, 0, 0, utcb], item: task)
  }

  public static func setPager(_ thread: CapabilitySlot, pager: CapabilitySlot) -> SystemCall {
    let flags = ThreadControl.setPager | ThreadControl.setHandler
    return call(
      thread, KernelProtocol.thread, [Opcode.Thread.control | flags, pager.selector, pager.selector, 0, 0, 0])
  }

  /// Returns flags, ip and sp of before in words 0, 1, 2.
  public static func exchangeRegisters(
    _ thread: CapabilitySlot, flags: UInt64 = 0, ip: UInt64 = ExchangeRegisters.keep,
    sp: UInt64 = ExchangeRegisters.keep
  ) -> SystemCall {
    call(thread, KernelProtocol.thread, [Opcode.Thread.exchangeRegisters | flags, ip, sp])
  }

  public static func switchTo(_ thread: CapabilitySlot) -> SystemCall {
    call(thread, KernelProtocol.thread, [Opcode.Thread.switchTo])
  }

  /// Bytes that fit one write to the kernel's log.
  public static let logChunk = 400

  public static func writeLog(_ bytes: [UInt8]) -> SystemCall {
    let words = [Opcode.Log.write, UInt64(bytes.count)] + RPCString.pack(bytes)
    return SystemCall(
      tag: MessageTag(label: KernelProtocol.log, words: words.count),
      target: ObjectReference(slot: .log, operation: .send), words: words)
  }
}

extension KernelCall {
  private static func word(_ label: Int64) -> UInt64 { UInt64(bitPattern: label) }

  static func call(
    _ slot: CapabilitySlot, _ label: Int64, _ words: [UInt64], item: CapabilitySlot? = nil,
    buffers: [ReceiveBuffer]? = nil
  ) -> SystemCall {
    var all = words
    if let item {
      all.append(SendItem.map().raw)
      all.append(FlexPage.objects(item, rights: RPCLayout.itemRights).raw)
    }
    return SystemCall(
      tag: MessageTag(label: label, words: words.count, items: item == nil ? 0 : 1),
      target: ObjectReference(slot: slot, operation: .call), words: all, buffers: buffers)
  }

  private static func create(at slot: CapabilitySlot, _ words: [UInt64], item: CapabilitySlot? = nil) -> SystemCall {
    call(.factory, KernelProtocol.factory, words, item: item, buffers: [.small(slot)])
  }

  private static func mapping(to task: CapabilitySlot, _ item: SendItem, _ page: FlexPage) -> SystemCall {
    call(task, KernelProtocol.task, [Opcode.Task.map, item.raw, page.raw], item: .task)
  }

  private static func unmap(_ page: FlexPage, mask: UInt64) -> SystemCall {
    call(.task, KernelProtocol.task, [Opcode.Task.unmap, mask, page.raw])
  }
}

extension SystemCallResult {
  /// A kernel object accepted the request: no IPC error and no negative label.
  public var accepted: Bool { !tag.hasError && tag.label >= 0 }
}
