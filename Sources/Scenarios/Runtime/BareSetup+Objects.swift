import FiascoABI

/// The capabilities that the author hands out.
extension BareSetup {
  /// One object for each capability that makes one.
  func makeObjects(_ index: Int) throws(Diagnostic) {
    for capability in plan.tasks[index].names.component.capabilities {
      let slot = plan.newRootSlot()
      let what = "capability \(capability.name.text)"
      switch capability.object {
      case .gate(let target, let label):
        let thread = try plan.thread(target, in: index)
        create(slot, 0, UInt64(bitPattern: label), item: thread.rootSlot, what)
      case .irq(let pin):
        create(slot, BareCalls.irqProtocol(options.kernel), 0, what)
        if pin.value > 0 {
          let icu = IR.Value.constant(UInt64(CapabilitySlot.icu.index))
          check(.call("icu_bind", [icu, .constant(UInt64(pin.value)), .constant(slot)]), what)
        }
      case .semaphore(let initial):
        create(slot, KernelProtocol.semaphore, 0, what)
        f.count(to: .constant(UInt64(initial.value))) { _ in f.run("object_trigger", .constant(slot)) }
      case .factory(let quota):
        create(slot, KernelProtocol.factory, UInt64(quota.bytes), what)
      case .thread, .task, .log, .scheduler, .icu, .copy, .empty: continue
      }
      objects.append((index, capability.name.text, slot))
    }
  }

  /// Originals first, then copies: a copy is derived from the other task's slot and vanishes with it.
  func distribute() throws(Diagnostic) {
    for (index, task) in plan.tasks.enumerated() {
      give(task.rootSlot, to: task, at: UInt64(CapabilitySlot.task.index), rights: .rws, "own task")
      for slot in [CapabilitySlot.log, .scheduler] {
        give(UInt64(slot.index), to: task, at: UInt64(slot.index), rights: .rws, "log and scheduler")
      }
      for capability in task.names.component.capabilities {
        guard let source = try source(of: capability, in: index), let place = plan.slot(capability.name.text, in: index)
        else { continue }
        give(source, to: task, at: place, rights: capability.rights.objectRights, "capability \(capability.name.text)")
      }
    }
    for (index, task) in plan.tasks.enumerated() {
      for capability in task.names.component.capabilities { copy(capability, to: task, index) }
    }
  }

  /// Root's slot of what a capability names; nil for copies and empty slots.
  private func source(of capability: Capability, in index: Int) throws(Diagnostic) -> UInt64? {
    switch capability.object {
    case .gate, .irq, .semaphore, .factory:
      return objects.first { $0.owner == index && $0.name == capability.name.text }?.slot
    case .thread(let name): return try plan.thread(name, in: index).rootSlot
    case .task(let name): return plan.taskIndex(name.text).map { plan.tasks[$0].rootSlot }
    case .log: return UInt64(CapabilitySlot.log.index)
    case .scheduler: return UInt64(CapabilitySlot.scheduler.index)
    case .icu: return UInt64(CapabilitySlot.icu.index)
    case .copy, .empty: return nil
    }
  }

  private func copy(_ capability: Capability, to task: BarePlan.Task, _ index: Int) {
    guard case .copy(let name) = capability.object else { return }
    let owner = name.component.flatMap { plan.taskIndex($0.text) } ?? index
    guard let from = plan.slot(name.member.text, in: owner), let place = plan.slot(capability.name.text, in: index)
    else { return }
    map(
      from: .constant(plan.tasks[owner].rootSlot), from, to: task, at: place, rights: capability.rights.objectRights,
      "copy \(capability.name.text)")
  }

  /// An interrupt belongs to the first thread, in file order, that waits for it.
  func attachInterrupts() throws(Diagnostic) {
    for object in objects {
      let component = plan.tasks[object.owner].names.component
      guard case .irq? = component.capabilities.first(where: { $0.name.text == object.name })?.object else { continue }
      guard let waiter = plan.tasks[object.owner].threads.first(where: { $0.description.body.waits(for: object.name) })
      else { continue }
      // Masked until a thread is there to take it.
      check(
        .call("irq_attach", [.constant(object.slot), .constant(waiter.rootSlot), 0]), "attach \(object.name)")
      f.run("irq_unmask", .constant(object.slot))
    }
  }
}

extension [Statement] {
  /// Whether one of them, or one inside, is an `await` or `receive` of this name.
  func waits(for name: String) -> Bool {
    contains { statement in
      switch statement.action {
      case .await(let wait) where wait.name.text == name: true
      case .receive(let receive) where receive.source.text == name: true
      default: statement.bodies.contains { $0.waits(for: name) }
      }
    }
  }
}
