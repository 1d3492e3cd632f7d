/// The key that says what a statement does.
enum Verb: String, Head {
  case set, log, compute, write, read
  case `if`, `while`, `repeat`, forever, `do`
  case call, send, receive, wait, reply, serve
  case replyAndWait = "reply and wait"
  case sendAndWait = "send and wait"
  case every, sleep, yield, signal, await, lock, unlock
  case allocate, attach, detach, map, unmap, load, store, fault
  case thread, start, exit
  case regionMap = "region map"
  case destroy
  case faultHandler = "fault handler"
  case state, pause, resume, free, identify, upgrade, quota, elapsed

  static let owner = "a statement"

  private static let outgoing = ["words", "tag label", "items"]
  private static let incoming = ["into", "badge", "tag", "error", "accept"]

  var shape: Shape {
    Shape(owner: "`\(rawValue)`", required: [rawValue] + needed, optional: extras)
  }

  /// Required keys beside the verb.
  private var needed: [String] {
    switch self {
    case .set: ["to"]
    case .if: ["then"]
    case .while, .every: ["do"]
    case .repeat: ["times"]
    case .serve: ["handler"]
    case .allocate, .regionMap: ["as"]
    case .faultHandler: ["signal"]
    case .upgrade: ["by"]
    case .map: ["to"]
    case .load: ["into"]
    case .store: ["value"]
    case .thread: ["body"]
    default: []
    }
  }

  private var extras: [String] {
    switch self {
    case .read: ["offset", "bytes", "stride"]
    case .write: ["offset", "bytes", "stride", "value"]
    case .if: ["else"]
    case .call, .sendAndWait, .replyAndWait: Verb.outgoing + Verb.incoming + ["timeout"]
    case .send, .reply: Verb.outgoing + ["timeout", "error"]
    case .receive, .wait: Verb.incoming + ["timeout"]
    case .serve: ["into", "badge", "tag", "accept", "reply", "items", "on error"]
    case .every: ["deadline", "offset", "name", "times"]
    case .await: ["timeout", "error"]
    case .attach: ["to", "at", "offset", "bytes", "rights", "into", "error"]
    case .detach: ["from", "at"]
    case .regionMap: ["error"]
    case .state: StateStatement.Part.allCases.map(\.rawValue) + ["registers"]
    case .identify: ["badge", "slot"]
    case .quota: ["used"]
    case .map: ["rights", "grant", "slot", "at", "error"]
    case .unmap: ["rights", "own", "error"]
    case .fault: ["access"]
    case .thread: ["priority", "scheduling", "core", "started", "stack", "pager", "exceptions"]
    case .start: ["ip", "sp", "error"]
    default: []
    }
  }
}
