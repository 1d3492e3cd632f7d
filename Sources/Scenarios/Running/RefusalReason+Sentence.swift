import CheckpointRestore

extension RefusalReason {
  public var sentence: String {
    switch self {
    case .unknownTarget(let name): "there is no component `\(name)`"
    case .unknownCheckpoint(let name): "there is no checkpoint `\(name)`"
    case .targetNotRunning(let name): "`\(name)` does not run"
    case .notInterposed(let service): "a `\(service)` session is open whose state nobody can read"
    case .foreignDataspace: "a dataspace of another server is attached"
    case .capabilityMapUnknown: "the component never told where its capability map is"
    case .notEnoughRAM(let needed, let available): "the copies need \(needed) bytes, \(available) are available"
    case .doesNotFit(let component, let what): "`\(component)` does not fit the image: it has \(what)"
    case .inconsistentImage(let fact): "the image contradicts itself: \(fact)"
    case .requestFailed(let what): "\(what) failed"
    case .cyclicPlan: "the steps of the restore need each other in a circle"
    case .callerOutside(let caller, let holder):
      "thread `\(caller)` waits for an answer of thread `\(holder)` and was not checkpointed with it"
    case .inexactThread(let name, let reason): "thread `\(name)` cannot go on exactly: \(reason.sentence)"
    case .notQuiescent(let thread): "thread `\(thread)` did not come to a wait"
    }
  }
}

extension InexactThread.Reason {
  var sentence: String {
    switch self {
    case .tagUnknown: "its message was not taken, and its tag is lost"
    case .requestTaken: "its request was taken and not answered"
    case .timeoutRunning: "nobody knows how much of its timeout is left"
    case .registersUnknown: "its registers are not known"
    }
  }
}
