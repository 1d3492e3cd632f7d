/// Which keys an object may have. The JSON Schema says the same; a test compares the two.
struct Shape: Sendable {
  /// With its article: "a component".
  var owner: String
  var required: [String]
  var optional: [String] = []

  var keys: [String] { required + optional }
}

/// The key that tells what kind of statement, claim and so on an object is; it is the shape's first required key.
protocol Head: CaseIterable, RawRepresentable, Sendable where RawValue == String {
  /// What every such object is, with its article: "a statement".
  static var owner: String { get }
  var shape: Shape { get }
}

extension Shape {
  static let scenario = Shape(
    owner: "a scenario", required: ["title", "machine"],
    optional: [
      "$schema", "about", "seed", "runtime", "genode", "components", "tasks", "checkpointer", "timeline", "expect",
      "limits",
    ])
  static let machine = Shape(
    owner: "`machine`", required: ["platform", "kernel"],
    optional: ["cores", "ram", "nodes", "link", "boot delay", "quirks", "scheduler", "late threads"])
  static let genode = Shape(owner: "`genode`", required: [], optional: ["release", "console"])
  static let link = Shape(owner: "`link`", required: ["latency", "bandwidth"])
  static let component = Shape(
    owner: "a component", required: ["name"],
    optional: [
      "ram", "priority", "core", "started", "checkpointed", "dataspaces", "variables", "functions", "threads",
      "construct", "binary",
    ])
  static let task = Shape(
    owner: "a task", required: ["name"],
    optional: [
      "priority", "core", "started", "dataspaces", "variables", "functions", "threads", "binary", "capabilities",
      "pager",
    ])
  static let dataspace = Shape(owner: "a dataspace", required: ["size"], optional: ["content", "at", "mapped"])
  static let variable = Shape(owner: "a variable", required: [], optional: ["in", "initial", "size"])
  static let thread = Shape(
    owner: "a thread", required: ["name", "body"],
    optional: ["priority", "scheduling", "core", "started", "stack", "pager", "exceptions"])
  static let checkpointer = Shape(
    owner: "`checkpointer`", required: ["strategy", "restore"],
    optional: [
      "to", "continue", "granularity", "rounds", "until", "stalls", "volume", "pace", "store", "priority", "core",
      "metadata", "costs", "outputs", "allow", "faults",
    ])
  static let restoreRule = Shape(owner: "`restore`", required: ["child", "blocked"], optional: ["memory"])
  static let timeouts = Shape(owner: "`timeout`", required: [], optional: ["send", "receive"])
  /// The properties of `Determinism.Limits`.
  static let limits = Shape(
    owner: "`limits`", required: [],
    optional: [
      "threads", "tasks", "capabilitiesPerTask", "kernelObjects", "events", "traceRecords", "simulatorMemoryBytes",
      "nesting", "fileBytes", "instructions", "instructionsWithoutProgress", "eventsAtOneInstant", "outputBytes",
      "snapshots", "findings",
    ])
  static let deadlineClaim = Shape(owner: "`deadlines`", required: ["missed"], optional: ["job"])
}

enum CapabilityKind: String, Head {
  case gate, thread, task, irq, semaphore, factory, log, scheduler, icu, copy, empty

  static let owner = "a capability"

  var shape: Shape {
    Shape(
      owner: "a `\(rawValue)` capability", required: [rawValue],
      optional: self == .gate ? ["label", "rights", "slot"] : self == .empty ? ["slot"] : ["rights", "slot"])
  }
}

/// The class of a thread is told by the parameter that only this class has.
enum SchedulingKind: String, Head {
  case priority, weight, deadline

  static let owner = "`scheduling`"

  var shape: Shape {
    Shape(
      owner: "`scheduling` by \(rawValue)", required: [rawValue], optional: self == .deadline ? [] : ["quantum"])
  }
}

enum MessageItemKind: String, Head {
  case capability, memory
  case dataspace, thread, signal

  static let owner = "a message item"

  var shape: Shape {
    Shape(
      owner: "a `\(rawValue)` item", required: [rawValue],
      optional: self == .memory
        ? ["rights", "grant", "offset", "bytes", "hot spot"] : self == .capability ? ["rights", "grant"] : [])
  }
}

enum ReceiveBufferKind: String, Head {
  case capability, memory
  case dataspace, thread, signal

  static let owner = "a receive buffer"

  var shape: Shape {
    Shape(owner: "a `\(rawValue)` buffer", required: self == .memory ? [rawValue, "bytes"] : [rawValue])
  }
}

enum TimelineVerb: String, Head {
  case checkpoint, kill, restore, fail, stop, signal, interrupt, start, pause, resume, detach

  static let owner = "a timeline entry"

  var shape: Shape {
    switch self {
    case .checkpoint: Shape(owner: "`checkpoint`", required: ["checkpoint", "at", "as"], optional: ["with", "every"])
    case .restore:
      Shape(owner: "`restore`", required: ["restore", "at"], optional: ["as", "node", "child", "blocked", "memory"])
    case .kill, .fail, .stop, .signal, .interrupt, .start, .pause, .resume, .detach:
      Shape(owner: "`\(rawValue)`", required: [rawValue, "at"])
    }
  }
}

enum ClaimKind: String, Head {
  case log, restored, exposed, deadlines, thread, error, outcome, count, variable

  static let owner = "an expectation"

  var shape: Shape {
    switch self {
    case .log, .count, .variable, .exposed: Shape(owner: "`\(rawValue)`", required: [rawValue, "is"])
    case .restored:
      Shape(
        owner: "`restored`", required: ["restored", "verdict"], optional: ["recovery point", "recovery time"])
    case .thread: Shape(owner: "`thread`", required: ["thread", "sees"])
    case .error: Shape(owner: "`error`", required: ["error"], optional: ["in"])
    case .deadlines, .outcome: Shape(owner: "`\(rawValue)`", required: [rawValue])
    }
  }
}
