import CheckpointRestore
import FiascoKernel
import Genode

extension Decoder {
  mutating func scenario(_ document: JSONValue, file: String) -> Scenario? {
    guard let m = members(of: document, as: .scenario) else { return nil }
    let start = document.position
    runtime = choice(m["runtime"], Runtime.self, default: m["tasks"] != nil && m["components"] == nil ? .bare : .genode)
    let machine = machine(m["machine"], else: start)
    if let schema = m["$schema"] { _ = text(schema, expected: "the place of the schema") }
    let core = m["genode"].map { genode($0) }
    return Scenario(
      file: file, title: sentence(m["title"]) ?? "", about: sentence(m["about"]), machine: machine,
      seed: UInt64(integer(m["seed"], in: 0...Int64.max)?.value ?? 0), runtime: runtime,
      genode: core ?? GenodeDescription(),
      components: components(m, at: start), checkpointer: m["checkpointer"].flatMap { checkpointer($0) },
      timeline: list(m["timeline"], of: "timeline entries").compactMap { timelineEntry($0) },
      expectations: list(m["expect"], of: "expectations").compactMap { expectation($0) },
      limits: m["limits"].map { limits($0) } ?? [])
  }

  /// Free text that must say something.
  private mutating func sentence(_ value: JSONValue?) -> String? {
    guard let value, let text = text(value, expected: "a text") else { return nil }
    if text.text.allSatisfy(\.isWhitespace) { report(.empty("the text"), at: value.position) }
    return text.text
  }

  private mutating func components(_ m: Members, at start: Position) -> [Component] {
    let key = runtime == .bare ? "tasks" : "components"
    let other = runtime == .bare ? "components" : "tasks"
    if m["runtime"] == nil, m[other] == nil, m["tasks"] != nil {
      report(.wrongRuntime(key: "tasks", runtime: .genode, instead: "components"), at: m["tasks"]?.position ?? start)
    }
    if let wrong = m[other] {
      report(.wrongRuntime(key: other, runtime: runtime, instead: key), at: wrong.position)
    }
    guard let value = m[key] else {
      if m[other] == nil { report(.missingKey(key, owner: "a scenario"), at: start) }
      return []
    }
    let elements = list(value, of: key)
    if case .array(let all) = value.content, all.isEmpty { report(.empty("the list of \(key)"), at: value.position) }
    return elements.compactMap { component($0) }
  }

  private mutating func genode(_ value: JSONValue) -> GenodeDescription {
    var result = GenodeDescription()
    if runtime == .bare { report(.wrongRuntime(key: "genode", runtime: .bare, instead: nil), at: value.position) }
    guard let m = members(of: value, as: .genode) else { return result }
    result.release = choice(m["release"], GenodeRelease.Name.self, default: .genode1608)
    result.console = optionalBaudRate(m["console"])
    return result
  }

  private mutating func limits(_ value: JSONValue) -> [LimitSetting] {
    guard let m = members(of: value, as: .limits) else { return [] }
    return Shape.limits.keys.compactMap { key in
      guard let number = integer(m[key], in: 1...Int64.max) else { return nil }
      return LimitSetting(name: Name(key, at: number.position), value: number)
    }
  }

  private mutating func machine(_ value: JSONValue?, else position: Position) -> MachineDescription {
    var result = MachineDescription(
      position: value?.position ?? position, platform: .builtIn("riscv-virt"), kernel: .modern, cores: 1, ram: nil,
      nodes: 1, link: nil, quirks: [])
    guard let value, let m = members(of: value, as: .machine) else { return result }
    if let platform = platform(m["platform"]) { result.platform = platform }
    result.kernel = choice(m["kernel"], KernelChoice.self, default: .modern)
    result.cores = Int(integer(m["cores"], in: 1...64)?.value ?? 1)
    result.ram = optionalSize(m["ram"])
    result.nodes = Int(integer(m["nodes"], in: 1...16)?.value ?? 1)
    result.link = m["link"].flatMap { link($0) }
    result.bootDelay = optionalDuration(m["boot delay"])
    result.quirks = list(m["quirks"], of: "kernel behaviours").map { name($0) }
    result.scheduler = choice(m["scheduler"], SchedulerConfiguration.self, default: .fixedPriority)
    if let late = m["late threads"] {
      result.lateThreads = choice(late, LateThreadRule.self, default: .byDeadline)
      result.lateThreadsPosition = late.position
    }
    return result
  }

  private mutating func platform(_ value: JSONValue?) -> PlatformChoice? {
    let names = PlatformChoice.builtInNames
    guard let value, let text = text(value, expected: alternatives(names.map { "\"\($0)\"" }) + ", or a JSON file")
    else { return nil }
    if names.contains(text.text) { return .builtIn(text.text) }
    if text.text.hasSuffix(".json") { return .file(text.text) }
    let near = nearest(to: text.text, among: names)
    report(.unknownChoice(text.text, near: near, allowed: names + ["a path that ends with .json"]), at: value.position)
    return nil
  }

  private mutating func link(_ value: JSONValue) -> LinkDescription? {
    guard let m = members(of: value, as: .link) else { return nil }
    let position = value.position
    return LinkDescription(
      position: position, latency: duration(m["latency"], else: position),
      bandwidth: optionalRate(m["bandwidth"]) ?? RateValue(bytesPerSecond: 0, at: position))
  }

  private mutating func checkpointer(_ value: JSONValue) -> CheckpointerDescription? {
    guard let m = members(of: value, as: .checkpointer) else { return nil }
    let rule = m["restore"].flatMap { members(of: $0, as: .restoreRule) }
    return CheckpointerDescription(
      position: value.position, strategy: choice(m["strategy"], CheckpointStrategy.self, default: .stopAndCopy),
      child: choice(rule?["child"], RestoredChild.self, default: .withoutELF),
      blocked: choice(rule?["blocked"], BlockedThreadPolicy.self, default: .resumeAtIP),
      destination: integer(m["to"], in: Decoder.nodeNumbers),
      continuing: optionalChoice(m["continue"], BlockedThreadPolicy.self),
      memory: choice(rule?["memory"], RestoredMemory.self, default: .eager),
      granularity: optionalSize(m["granularity"]), rounds: integer(m["rounds"], in: 1...1000),
      until: optionalSize(m["until"], allowZero: true), stalls: integer(m["stalls"], in: 1...1000),
      volume: integer(m["volume"], in: 1...1000), pace: optionalDuration(m["pace"]),
      store: optionalRate(m["store"]), priority: integer(m["priority"], in: Decoder.priorities),
      core: integer(m["core"], in: Decoder.coreNumbers),
      metadata: choice(m["metadata"], MetadataLists.self, default: .linkedLists),
      costs: choice(m["costs"], CheckpointerCostsName.self, default: .assumed),
      outputs: choice(m["outputs"], OutputRule.self, default: .atOnce),
      allowed: list(m["allow"], of: "services").compactMap { optionalName($0) }, faults: faults(m["faults"]))
  }

  private mutating func faults(_ value: JSONValue?) -> [CheckpointerFault] {
    list(value, of: "faults").compactMap { optionalChoice($0, CheckpointerFault.self) }
  }
}
