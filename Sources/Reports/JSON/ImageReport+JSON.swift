import CheckpointRestore

extension ImageReport {
  /// Everything but the bytes of memory, which the ELF file itself holds best.
  public static func document(of image: CheckpointImage) -> String {
    JSONNode.object([
      .init("format", .string("stasis-image")), .init("version", .integer(Int64(image.version))),
      .init("component", .string(image.componentName)), .init("checkpoint", .string(image.name)),
      .init("generation", .unsigned(image.generation)), .init("parent", parent(image.parent)),
      .init("scenario", .string(image.origin.scenarioDigest)), .init("seed", .unsigned(image.origin.seed)),
      .init("eventNumber", .unsigned(image.origin.eventNumber)),
      .init(
        "pages",
        .object(PageProvenance.allCases.map { .init($0.rawValue, .unsigned(image.pages($0))) })),
      .init("takenAtPicoseconds", .unsigned(image.takenAtPicoseconds)),
      .init("kernel", .string(image.kernelProfile)), .init("threads", .array(image.threads.map(thread))),
      .init("messagesInFlight", .array(image.messagesInFlight.map(message))),
      .init("kernelObjects", .array(image.kernelObjects.map(object))),
      .init(
        "capabilities",
        .array(
          image.capabilities.map { capability in
            .object([
              .init("slot", .string(hexadecimal(capability.slot))),
              .init("badge", .string(hexadecimal(capability.badge))),
              .init("kind", .string(capability.kind)),
            ])
          })),
      .init(
        "regions",
        .array(
          image.regions.map { region in
            .object([
              .init("map", .count(region.map)), .init("address", .string(hexadecimal(region.address))),
              .init("size", .unsigned(region.size)), .init("writable", .bool(region.writable)),
              .init("executable", .bool(region.executable)), .init("source", .string(region.source.rawValue)),
              .init("provenance", .string(image.dataspaces[region.dataspaceIndex].provenance.rawValue)),
              .init("pages", .array(image.dataspaces[region.dataspaceIndex].pageRuns.map(run))),
            ])
          })),
      .init(
        "sessions",
        .array(
          image.sessions.map { session in
            .object([
              .init("service", .string(session.service)), .init("arguments", .string(session.arguments)),
              .init("badge", .string(hexadecimal(session.badge))),
            ])
          })),
    ]).document
  }

  private static func parent(_ parent: ParentImage?) -> JSONNode {
    guard let parent else { return .null }
    return .object([
      .init("name", .string(parent.name)), .init("generation", .unsigned(parent.generation)),
      .init("digest", .string(parent.digest)),
    ])
  }

  private static func run(_ run: PageRun) -> JSONNode {
    .object([.init("provenance", .string(run.provenance.rawValue)), .init("count", .unsigned(run.count))])
  }

  private static func message(_ message: IPCInFlight) -> JSONNode {
    .object([
      .init("thread", .string(message.thread)), .init("phase", .string(message.phase.rawValue)),
      .init("slot", message.slot.map { .string(hexadecimal($0)) } ?? .null),
      .init("partner", .string(message.partnerKind)), .init("badge", .string(hexadecimal(message.partnerBadge))),
      .init("tag", message.tag.map { .string(hexadecimal($0)) } ?? .null),
      .init("timeouts", .string(hexadecimal(message.timeouts))),
      .init("words", .array(message.words.map { .string(hexadecimal($0)) })),
    ])
  }

  private static func object(_ object: KernelObjectImage) -> JSONNode {
    .object([
      .init("kind", .string(object.kind.rawValue)), .init("name", .string(object.name)),
      .init("badge", .string(hexadecimal(object.badge))),
      .init("slot", object.slot.map { .string(hexadecimal($0)) } ?? .null),
    ])
  }

  private static func thread(_ thread: ThreadImage) -> JSONNode {
    .object([
      .init("name", .string(thread.name)), .init("situation", .string(thread.situation.rawValue)),
      .init("started", .bool(thread.started)), .init("registersValid", .bool(thread.registersValid)),
      .init("errorCode", .unsigned(thread.errorCode)), .init("pc", .string(hexadecimal(thread.pc))),
      .init(
        "registers",
        .object(
          thread.registers.enumerated().dropFirst().map { index, value in
            .init(registerNames[index], .string(hexadecimal(value)))
          })),
    ])
  }
}
