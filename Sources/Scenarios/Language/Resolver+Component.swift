/// The names statements of one component may use.
struct Scope {
  let component: Component
  let variables: [String]
  let dataspaces: [String]
  let functions: [String]
  let capabilities: [String]
  let threads: [String]
  let regionMaps: [String]
  let signals: [String]

  init(_ component: Component) {
    self.component = component
    variables = component.variables.map(\.name.text)
    dataspaces = (component.dataspaces.map(\.name) + component.declared.dataspaces).map(\.text)
    functions = component.functions.map(\.name.text)
    capabilities = component.capabilities.map(\.name.text)
    threads = (component.threads.map(\.name) + component.declared.threads).map(\.text)
    regionMaps = component.declared.regionMaps.map(\.text)
    signals = component.declared.signals.map(\.text) + Self.accepted(component, .signal)
  }

  /// With Genode: those the component made, those it got, and the two it always has.
  var controllable: [String] { threads + Self.accepted(component, .thread) + ["ep", component.name.text] }

  static func accepted(_ component: Component, _ kind: ObjectKind) -> [String] {
    component.declared.accepted.filter { $0.kind == kind }.map(\.name.text)
  }
}

extension Resolver {
  mutating func checkComponent(_ index: Int) {
    let scope = Scope(scenario.components[index])
    let component = scope.component
    for variable in component.variables {
      if let dataspace = variable.dataspace { check(dataspace, .dataspace, among: scope.dataspaces, in: component) }
    }
    for capability in component.capabilities { checkCapability(capability) }
    if let pager = component.pager { checkThread(pager, from: component) }
    for thread in component.threads { checkHandlers(of: thread, in: scope) }
    for statement in component.allStatements { checkStatement(statement, scope) }
  }

  private mutating func checkCapability(_ capability: Capability) {
    switch capability.object {
    case .gate(let thread, _), .thread(let thread): checkThread(thread, from: nil)
    case .task(let task): check(task, componentKind, among: componentNames)
    case .copy(let source):
      guard let owner = checkOwner(source, from: nil, what: "task/capability") else { return }
      check(source.member, .capability, among: owner.capabilities.map(\.name.text), in: owner)
    case .irq, .semaphore, .factory, .log, .scheduler, .icu, .empty: break
    }
  }

  private mutating func checkHandlers(of thread: ThreadDescription, in scope: Scope) {
    if let pager = thread.pager { checkThread(pager, from: scope.component) }
    if let handler = thread.exceptionHandler { checkThread(handler, from: scope.component) }
  }

  mutating func variable(_ name: Name?, _ scope: Scope) {
    if let name { check(name, .variable, among: scope.variables, in: scope.component) }
  }

  mutating func dataspace(_ name: Name, _ scope: Scope) {
    check(name, .dataspace, among: scope.dataspaces, in: scope.component)
  }

  private mutating func capability(_ name: Name, _ scope: Scope) {
    check(name, .capability, among: scope.capabilities, in: scope.component)
  }

  mutating func expression(_ expression: Expression?, _ scope: Scope) {
    switch expression {
    case nil, .literal: break
    case .variable(let name): variable(name, scope)
    case .addressOf(let name):
      let all = scope.variables + scope.dataspaces + scope.functions
      check(name, .addressable, among: all, in: scope.component)
    case .unary(_, let operand, _): self.expression(operand, scope)
    case .binary(_, let left, let right, _):
      self.expression(left, scope)
      self.expression(right, scope)
    }
  }

  private mutating func checkStatement(_ statement: Statement, _ scope: Scope) {
    switch statement.action {
    case .set(let set):
      variable(set.variable, scope)
      expression(set.value, scope)
    case .log(let line):
      for case .value(let value, _) in line.pieces { expression(value, scope) }
    case .touch(let touch):
      dataspace(touch.dataspace, scope)
      expression(touch.value, scope)
    case .branch(let branch): expression(branch.condition, scope)
    case .loop(let loop): expression(loop.condition, scope)
    case .repeated(let loop): expression(loop.times, scope)
    case .callFunction(let name): check(name, .function, among: scope.functions, in: scope.component)
    case .every(let job): expression(job.times, scope)
    case .signal(let signal): checkSignal(signal.target, from: scope.component)
    case .await(let wait):
      if scenario.runtime == .bare { capability(wait.name, scope) }
      variable(wait.error, scope)
    case .unlock(let name):
      check(name, .lock, among: scope.component.declared.locks.map(\.text), in: scope.component)
    case .thread(let thread): checkHandlers(of: thread, in: scope)
    case .start(let start):
      let bare = scenario.runtime == .bare ? scope.capabilities : []
      check(start.thread, .thread, among: scope.threads + bare, in: scope.component)
      expression(start.ip, scope)
      expression(start.sp, scope)
      variable(start.error, scope)
    case .exit(let value): expression(value, scope)
    case .call, .send, .receive, .wait, .reply, .replyAndWait, .sendAndWait, .serve: checkMessages(statement, scope)
    case .attach, .detach, .map, .unmap, .load, .store, .fault: checkMemory(statement, scope)
    case .genode(let action): checkGenode(action, scope)
    case .compute, .forever, .sleep, .yield, .lock, .allocate: break
    }
  }

  private mutating func checkMessages(_ statement: Statement, _ scope: Scope) {
    switch statement.action {
    case .call(let call), .sendAndWait(let call):
      partner(call.target, scope)
      outgoing(call.message, scope)
      incoming(call.answer, scope)
    case .send(let send):
      partner(send.target, scope)
      outgoing(send.message, scope)
      variable(send.error, scope)
    case .receive(let receive):
      partner(receive.source, scope)
      incoming(receive.message, scope)
    case .wait(let wait): incoming(wait.message, scope)
    case .reply(let reply):
      outgoing(reply.message, scope)
      variable(reply.error, scope)
    case .replyAndWait(let both):
      outgoing(both.message, scope)
      incoming(both.next, scope)
    case .serve(let serve):
      incoming(serve.request, scope)
      outgoing(serve.reply, scope)
    default: break
    }
  }

  private mutating func partner(_ name: Name, _ scope: Scope) {
    guard scenario.runtime == .genode else { return capability(name, scope) }
    let services = scenario.components.flatMap(\.declared.services).map(\.text)
    // A binary may offer services that no statement names.
    if scenario.components.contains(where: { $0.binary != nil }) { return }
    check(name, .service, among: services)
  }

  private mutating func outgoing(_ message: OutgoingMessage, _ scope: Scope) {
    for word in message.words { expression(word, scope) }
    expression(message.tagLabel, scope)
    for item in message.items {
      switch item.content {
      case .capability(let name): capability(name, scope)
      case .memory(let name, _, _, let hotSpot):
        dataspace(name, scope)
        expression(hotSpot, scope)
      case .object(let kind, let name): checkObject(kind, name, scope)
      }
    }
  }

  private mutating func incoming(_ message: IncomingMessage, _ scope: Scope) {
    for name in message.into { variable(name, scope) }
    for name in [message.badge, message.tag, message.error] { variable(name, scope) }
    for buffer in message.buffers {
      switch buffer.content {
      case .capability(let name): capability(name, scope)
      case .memory(let address, _): expression(address, scope)
      case .object: break
      }
    }
  }

  private mutating func checkMemory(_ statement: Statement, _ scope: Scope) {
    switch statement.action {
    case .attach(let attach):
      dataspace(attach.dataspace, scope)
      if let map = attach.map { regionMap(map, scope) }
      expression(attach.at, scope)
      variable(attach.into, scope)
      variable(attach.error, scope)
      if let error = attach.error, attach.map == nil {
        report(.missingKey("to", owner: "an `attach` with `error`"), at: error.position)
      }
    case .detach(let detach):
      dataspace(detach.dataspace, scope)
      if let map = detach.map { regionMap(map, scope) }
      expression(detach.at, scope)
    case .map(let map):
      check(map.source, .mappable, among: scope.dataspaces + scope.capabilities, in: scope.component)
      capability(map.target, scope)
      expression(map.slot, scope)
      expression(map.at, scope)
      variable(map.error, scope)
    case .unmap(let unmap):
      check(unmap.source, .mappable, among: scope.dataspaces + scope.capabilities, in: scope.component)
      variable(unmap.error, scope)
    case .load(let load):
      expression(load.address, scope)
      variable(load.into, scope)
    case .store(let store):
      expression(store.address, scope)
      expression(store.value, scope)
    case .fault(let fault): expression(fault.address, scope)
    default: break
    }
  }
}
