import CheckpointRestore

extension ImageReport {
  /// Everything but the bytes of memory, which the ELF file itself holds best.
  public static func document(of image: CheckpointImage) -> String {
    JSONNode.object([
      .init("format", .string("stasis-image")), .init("version", .integer(Int64(image.version))),
      .init("component", .string(image.componentName)),
      .init("takenAtPicoseconds", .unsigned(image.takenAtPicoseconds)),
      .init("kernel", .string(image.kernelProfile)), .init("threads", .array(image.threads.map(thread))),
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
