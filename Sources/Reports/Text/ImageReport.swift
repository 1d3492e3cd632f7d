import CheckpointRestore
import Determinism
import ELFFiles

/// What a checkpoint image holds, for people: threads, where they stood, capabilities, regions.
public enum ImageReport {
  /// Rows shown of a long table.
  private static let most = 40

  /// - Parameter program: the component's executable: its text is not in the image, because a restorer takes it from
  ///   the file again.
  public static func text(
    of image: CheckpointImage, program: ExecutableImage? = nil, style: TextStyle = TextStyle()
  ) -> String {
    var layout = TextLayout(style: style)
    layout.line(style.marked("Checkpoint of \(image.componentName)", .bold))
    let at = Instant(picoseconds: image.takenAtPicoseconds)
    layout.line("  taken at \(at) under kernel profile `\(image.kernelProfile)`, image version \(image.version)")
    origin(image, &layout)
    layout.line()
    for thread in image.threads { describe(thread, image, program, &layout) }
    messages(image, &layout)
    regions(image, &layout)
    capabilities(image, &layout)
    sessions(image, &layout)
    return layout.text
  }

  /// Lines of their own only for what the image knows.
  private static func origin(_ image: CheckpointImage, _ layout: inout TextLayout) {
    if !image.name.isEmpty {
      let parent = image.parent.map { "goes on from `\($0.name)`, generation \($0.generation)" } ?? "has no parent"
      layout.line("  checkpoint `\(image.name)`, generation \(image.generation), \(parent)")
    }
    if !image.origin.scenarioDigest.isEmpty {
      layout.line(
        "  of the scenario with SHA-256 \(image.origin.scenarioDigest.prefix(16))..., seed \(image.origin.seed), "
          + "complete at record \(grouped(image.origin.eventNumber))")
    }
    let pages = PageProvenance.allCases.map { ($0, image.pages($0)) }.filter { $0.1 > 0 }
    if !pages.isEmpty {
      layout.line("  pages: " + pages.map { "\(grouped($0.1)) \($0.0.phrase)" }.joined(separator: ", "))
    }
  }

  private static func messages(_ image: CheckpointImage, _ layout: inout TextLayout) {
    let rows = image.messagesInFlight.map { message in
      [
        message.thread, message.phase.rawValue, message.slot.map { "slot \(hexadecimal($0))" } ?? "no slot",
        message.partnerKind.isEmpty
          ? "unknown partner" : "\(message.partnerKind), badge \(hexadecimal(message.partnerBadge))",
        message.tag.map { "tag \(hexadecimal($0))" } ?? "tag lost",
      ]
    }
    guard !rows.isEmpty else { return }
    layout.table("in flight", rows, leftColumns: 5)
    layout.line()
  }

  private static func describe(
    _ thread: ThreadImage, _ image: CheckpointImage, _ program: ExecutableImage?, _ layout: inout TextLayout
  ) {
    let note = thread.registersValid ? "" : " (registers may be old: it was inside a system call)"
    layout.entry(
      "thread", "\(thread.name), \(thread.situation.sentence), priority \(thread.priority)\(note)", hanging: 2)
    guard thread.started else {
      layout.entry("", "never started")
      layout.line()
      return
    }
    if thread.errorCode != 0 {
      layout.entry(
        "", "error word \(thread.errorCode) (\(meaning(ofError: Int(truncatingIfNeeded: thread.errorCode))))")
    }
    let code = CodeView(image: image, program: program)
    if let place = code.place(of: thread.pc) { layout.entry("", "in \(place)") }
    layout.table("", code.lines(around: thread.pc), leftColumns: 3)
    let names = registerNames
    let cells = (1..<32).map { "\(names[$0]) \(hexadecimal(thread.registers[$0]))" }
    var rows: [[String]] = [["pc \(hexadecimal(thread.pc))"]]
    for cell in cells {
      if rows[rows.count - 1].count == 4 { rows.append([]) }
      rows[rows.count - 1].append(cell)
    }
    layout.table("", rows, leftColumns: 4)
    layout.line()
  }

  static let registerNames = [
    "zero", "ra", "sp", "gp", "tp", "t0", "t1", "t2", "s0", "s1", "a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7", "s2",
    "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6",
  ]

  private static func regions(_ image: CheckpointImage, _ layout: inout TextLayout) {
    guard !image.regions.isEmpty else { return }
    var rows = [["address", "size", "rights", "from", "contents"]]
    for region in image.regions.prefix(most) {
      let dataspace = image.dataspaces[region.dataspaceIndex]
      let base = region.map == 0 ? "" : "map \(region.map) + "
      rows.append([
        base + hexadecimal(region.address), size(region.size),
        "r\(region.writable ? "w" : "-")\(region.executable ? "x" : "-")",
        "\(region.source.rawValue), badge \(hexadecimal(dataspace.badge))", dataspace.provenance.phrase,
      ])
    }
    layout.table("regions", rows, leftColumns: 5)
    rest(image.regions.count, "region", &layout)
  }

  private static func capabilities(_ image: CheckpointImage, _ layout: inout TextLayout) {
    guard !image.capabilities.isEmpty else { return }
    let rows = image.capabilities.prefix(most).map {
      [hexadecimal($0.slot), $0.kind, "badge \(hexadecimal($0.badge))"]
    }
    layout.table("capabilities", [["slot", "what", ""]] + rows, leftColumns: 3)
    rest(image.capabilities.count, "capability", &layout)
  }

  private static func rest(_ count: Int, _ noun: String, _ layout: inout TextLayout) {
    if count > most { layout.entry("", "and \(count - most) more (--json)") }
    layout.line()
  }

  private static func sessions(_ image: CheckpointImage, _ layout: inout TextLayout) {
    for (index, session) in image.sessions.enumerated() {
      layout.entry(index == 0 ? "sessions" : "", "\(session.service)  \(session.arguments)", hanging: 2)
    }
  }
}

extension PageProvenance {
  var phrase: String {
    switch self {
    case .captured: "captured"
    case .zero: "zero"
    case .inParent: "in the parent"
    case .shared: "shared"
    case .rom: "in ROM"
    case .hole: "not captured"
    }
  }
}

extension DataspaceImage.Provenance {
  var phrase: String {
    switch self {
    case .captured: "captured"
    case .rom: "rom"
    case .managed: "managed"
    case .notCaptured: "not captured"
    case .shared: "shared"
    }
  }
}
