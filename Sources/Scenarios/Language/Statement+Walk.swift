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
      || usesTimerAsClock
      || allStatements.contains { statement in
        if case .genode = statement.action { true } else { false }
      }
  }

  var usesTimerAsClock: Bool {
    allStatements.contains { statement in
      if case .every(let job) = statement.action { job.clock == .timer } else { false }
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
}
