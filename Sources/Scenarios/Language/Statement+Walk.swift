import Genode

extension Statement {
  /// The lists of statements inside this one.
  var bodies: [[Statement]] {
    switch action {
    case .branch(let branch): [branch.then, branch.otherwise]
    case .loop(let loop): [loop.body]
    case .repeated(let loop): [loop.body]
    case .forever(let body): [body]
    case .every(let job): [job.body]
    case .serve(let loop): [loop.handler]
    case .thread(let thread): [thread.body]
    case .set, .log, .compute, .touch, .callFunction, .call, .send, .receive, .wait, .reply, .replyAndWait,
      .sendAndWait, .sleep, .yield, .signal, .await, .lock, .unlock, .allocate, .attach, .detach, .map, .unmap, .load,
      .store, .fault, .start, .exit, .genode:
      []
    }
  }
}

extension Component {
  /// Whether it needs more of core's interfaces than every component does.
  var usesCoreObjects: Bool {
    !declared.accepted.isEmpty
      || allStatements.contains { statement in
        if case .genode = statement.action { true } else { false }
      }
  }

  /// Every statement of the component in file order, outer ones before inner ones.
  public var allStatements: [Statement] {
    var result: [Statement] = []
    func add(_ statements: [Statement]) {
      for statement in statements {
        result.append(statement)
        for body in statement.bodies { add(body) }
      }
    }
    for function in functions { add(function.body) }
    for thread in threads { add(thread.body) }
    add(construct)
    return result
  }

  /// The most signal contexts it can ever have: one for each signal it names, and one for the timer of each thread.
  /// No protection domain gets more threads than `ComponentLayout.maxThreads`.
  var signalContextLimit: Int {
    var made = Self.runtimeThreads + threads.count + Self.threadsMade(by: construct)
    for thread in threads { made += Self.threadsMade(by: thread.body) }
    for function in functions { made += Self.threadsMade(by: function.body, often: true) }
    return declared.signals.count + min(made, ComponentLayout.maxThreads)
  }

  /// The initial thread, the entrypoint and the one that fetches signals.
  private static let runtimeThreads = 3

  /// A thread made inside a loop counts as all that there can be.
  private static func threadsMade(by statements: [Statement], often: Bool = false) -> Int {
    statements.reduce(0) { sum, statement in
      var repeats = often
      var own = 0
      switch statement.action {
      case .loop, .repeated, .forever, .every, .serve: repeats = true
      case .thread: own = often ? ComponentLayout.maxThreads : 1
      default: break
      }
      return statement.bodies.reduce(sum + own) { $0 + threadsMade(by: $1, often: repeats) }
    }
  }
}
