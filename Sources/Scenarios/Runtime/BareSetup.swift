import FiascoABI

/// The root task's program: makes the tasks of the plan, starts their threads, then serves as their last pager.
final class BareSetup {
  let plan: BarePlan
  private let scenario: Scenario
  let options: CompilerOptions
  let f: FunctionBuilder
  /// Objects that capabilities name, by `task/capability`: slot in the root task.
  var objects: [(owner: Int, name: String, slot: UInt64)] = []

  static let ownTask = IR.Value.constant(UInt64(CapabilitySlot.task.index))

  static func add(to module: ModuleBuilder, plan: BarePlan, scenario: Scenario, options: CompilerOptions)
    throws(Diagnostic)
  {
    module.zeroed("root_stack", bytes: 16_384, alignment: 4096)
    module.zeroed("root_stack_top", bytes: 16, alignment: 16)
    addReport(module)
    addPager(module, kernel: options.kernel)
    try module.addFunction("setup") { (f, _) throws(Diagnostic) in
      try BareSetup(plan: plan, scenario: scenario, options: options, f: f).write()
    }
    let entry = IR.Entry.component(stackTop: "root_stack_top", utcb: 0x3f_ffff_0000)
    module.function("_start", entry: entry) { f, _ in
      f.run("setup")
      f.run("root_pager")
    }
  }

  private init(plan: BarePlan, scenario: Scenario, options: CompilerOptions, f: FunctionBuilder) {
    self.plan = plan
    self.scenario = scenario
    self.options = options
    self.f = f
  }

  // MARK: Helpers of the root task

  private static func addReport(_ module: ModuleBuilder) {
    // setup_check(result, what): a line for what went wrong, and on with the rest.
    module.function("setup_check", 2) { f, p in
      f.if(p[0].isLess(0)) {
        let buffer = f.array(words: LogFormat.bufferWords)
        f.store(0, at: buffer)
        f.run("log_text", buffer, module.text("setup: "))
        f.run("log_text", buffer, p[1])
        f.run("log_text", buffer, module.text(" failed, "))
        f.run("log_decimal", buffer, p[0])
        f.run("log_character", buffer, 10)
        f.run("log_flush", buffer)
      }
    }
    // Makes the root task own every page of a range before it gives them away.
    module.function("touch_range", 3) { f, p in
      let page = f.variable(p[0])
      f.while(IR.Value.local(page).isBelow(p[1])) {
        let word = f.keep(IR.Value.local(page).loaded())
        f.if(p[2]) { f.store(word, at: .local(page)) }
        f.set(page, .local(page) + 4096)
      }
    }
  }

  /// Page faults get "no", exceptions no answer: the thread stays where it is.
  private static func addPager(_ module: ModuleBuilder, kernel: KernelChoice) {
    module.function("root_pager") { f, _ in
      let tag = f.variable(0)
      let target = f.variable(.special(.wait))
      f.store(0, at: .bufferDescriptor)
      f.store(0, at: .bufferRegister(0))
      f.forever {
        let message = f.invoke(tag: .local(tag), target: .local(target), timeouts: .timeouts(.sendZero))
        f.set(target, .special(.wait))
        f.if(.both(message.tag.tagError.isZero, message.tag.tagLabel.equals(.constant(~1)))) {
          f.set(target, .special(.replyAndWait))
          f.store(.constant(~0), at: .messageRegister(0))
          f.set(tag, kernel == .modern ? .tag(label: -1) : .tag(words: 1))
        }
      }
    }
  }

  func check(_ result: IR.Value, _ what: String) {
    f.run("setup_check", result, f.module.text(what))
  }

  func create(_ slot: UInt64, _ kind: Int64, _ argument: UInt64 = 0, item: UInt64 = 0, _ what: String) {
    check(
      .call(
        "factory_create",
        [.constant(slot), .constant(UInt64(bitPattern: kind)), .constant(argument), .constant(item)]), what)
  }

  /// Copies one of root's capabilities into a task.
  func give(_ slot: UInt64, to task: BarePlan.Task, at place: UInt64, rights: ObjectRights, _ what: String) {
    map(from: Self.ownTask, slot, to: task, at: place, rights: rights, what)
  }

  func map(
    from source: IR.Value, _ slot: UInt64, to task: BarePlan.Task, at place: UInt64, rights: ObjectRights,
    _ what: String
  ) {
    let control = IR.Value.constant(place << 12 | SendItem.map().raw)
    let page = IR.Value.constant(FlexPage.objects(CapabilitySlot(UInt32(slot)), rights: rights).raw)
    check(.call("task_map", [.constant(task.rootSlot), source, control, page]), what)
  }

  // MARK: The steps

  private func write() throws(Diagnostic) {
    f.run("touch_range", .symbol("group.text.start"), .symbol("group.readOnly.end"), 0)
    f.run("touch_range", .symbol("group.0.data.start"), .symbol("group.end"), 1)
    f.run(
      "thread_run", .constant(UInt64(CapabilitySlot.scheduler.index)), .constant(UInt64(CapabilitySlot.thread.index)),
      .constant(BarePlan.rootPriority))
    for index in plan.tasks.indices { makeTask(index) }
    for task in plan.tasks { for thread in task.threads { makeThread(thread) } }
    for index in plan.tasks.indices { try makeObjects(index) }
    for task in plan.tasks { for thread in task.threads { try bind(thread) } }
    try distribute()
    try attachInterrupts()
    for task in plan.tasks { for thread in task.threads where thread.startsAtOnce { start(thread) } }
  }

  private func makeTask(_ index: Int) {
    let task = plan.tasks[index]
    let area = FlexPage.memory(BarePlan.utcbBase, order: utcbOrder(task), rights: .rw)
    create(task.rootSlot, KernelProtocol.task, area.raw, "task \(task.names.prefix)")
    let rootSlot = IR.Value.constant(task.rootSlot)
    func map(_ from: String, _ to: String, _ rights: MemoryRights) {
      let start = IR.Value.symbol(from)
      check(
        .call("map_range", [rootSlot, start, start, .symbol(to) - start, .constant(rights.rawValue)]),
        "memory of \(task.names.prefix)")
    }
    map("group.text.start", "group.text.end", .rx)
    map("group.readOnly.start", "group.readOnly.end", [.read])
    map("group.\(index + 1).data.start", "group.\(index + 1).data.end", .rw)
    map("group.\(index + 1).zeroed.start", "group.\(index + 1).zeroed.end", .rw)
    for place in task.names.dataspaces {
      guard place.isDeclared, let address = place.address else { continue }
      let backing = IR.Value.symbol(task.names.symbol("\(place.name.text).memory"))
      task.names.initialise(f, place, at: backing)
      let declared = task.names.component.dataspaces.first { $0.name.text == place.name.text }
      guard declared?.mapped ?? true else { continue }
      check(
        .call(
          "map_range",
          [rootSlot, backing, .constant(address), .constant(place.bytes), .constant(MemoryRights.rwx.rawValue)]),
        "dataspace \(place.name.text)")
    }
  }

  private func utcbOrder(_ task: BarePlan.Task) -> Int {
    var order = 12
    while 1 << order < task.threads.count * Int(UTCB.size) { order += 1 }
    return order
  }

  private func makeThread(_ thread: BarePlan.Thread) {
    create(thread.rootSlot, KernelProtocol.thread, 0, "thread \(thread.description.name.text)")
    let object = f.keep(plan.object(thread))
    f.store(.constant(plan.utcb(thread)), at: object.at(ThreadObject.utcb))
    f.store(.constant(BarePlan.Slots.threads + UInt64(thread.index)), at: object.at(ThreadObject.gate))
    let symbol = plan.tasks[thread.task].names.symbol(thread.description.name.text)
    f.store(.symbol(symbol), at: object.at(ThreadObject.entry))
  }

  /// A gate that leads a thread's faults to its pager, in a slot of the thread's own task.
  private func makeGate(to target: UInt64, label: UInt64, in task: Int, at place: UInt64) {
    let slot = plan.newRootSlot()
    create(slot, 0, label, item: target, "gate")
    give(slot, to: plan.tasks[task], at: place, rights: .rws, "gate")
  }

  private func bind(_ thread: BarePlan.Thread) throws(Diagnostic) {
    let task = plan.tasks[thread.task]
    let pager = thread.description.pager ?? task.names.component.pager
    let label = UInt64(thread.index + 1) << 4
    let pagerSlot = BarePlan.Slots.pagers + UInt64(thread.index)
    let handlerSlot = BarePlan.Slots.handlers + UInt64(thread.index)
    let root = UInt64(CapabilitySlot.thread.index)
    let pagerThread =
      try pager.map { name throws(Diagnostic) in try plan.thread(name, in: thread.task).rootSlot } ?? root
    makeGate(to: pagerThread, label: label, in: thread.task, at: pagerSlot)
    let handler = thread.description.exceptionHandler
    let handlerThread =
      try handler.map { name throws(Diagnostic) in try plan.thread(name, in: thread.task).rootSlot } ?? pagerThread
    makeGate(to: handlerThread, label: label, in: thread.task, at: handlerSlot)
    check(
      .call(
        "thread_bind",
        [
          .constant(thread.rootSlot), .constant(pagerSlot), .constant(handlerSlot), .constant(plan.utcb(thread)),
          .constant(task.rootSlot),
        ]), "bind \(thread.description.name.text)")
    give(
      thread.rootSlot, to: task, at: BarePlan.Slots.threads + UInt64(thread.index), rights: .rws, "thread capability")
  }

  private func start(_ thread: BarePlan.Thread) {
    check(
      .call("thread_exregs", [.constant(thread.rootSlot), .symbol("_thread_start"), plan.object(thread)]),
      "start \(thread.description.name.text)")
    check(
      BareScheduling.place(.constant(thread.rootSlot), thread.description, on: plan.core(of: thread)),
      "run \(thread.description.name.text)")
  }
}
