import Genode

/// What the checkpointer knows to be behind a badge, in the words of the services.
struct BadgeKinds {
  private var kinds: [UInt64: String] = [:]  // lookup only

  init(_ image: CheckpointImage) {
    add("parent", image.parentBadge)
    add("native-pd", image.nativePDBadge)
    add("signal-source", image.signals.badge)
    add("signal-irq", image.signals.interruptBadge)
    add("thread-gate", Badge.mainThread)
    for session in image.sessions { add(session.service.lowercased() + "-session", session.badge) }
    for thread in image.threads {
      add("cpu-thread", thread.badge)
      add("thread-gate", thread.gateBadge)
    }
    for map in image.regionMaps { add("region-map", map.badge) }
    for dataspace in image.dataspaces { add(Self.kind(of: dataspace.provenance), dataspace.badge) }
    for object in image.rpcObjects { add("rpc-object", object.badge) }
    for context in image.signalContexts { add("signal-context", context.badge) }
  }

  subscript(badge: UInt64) -> String { kinds[badge] ?? "unknown" }

  /// A badge is used again when its object is gone; what was found first is what is there.
  private mutating func add(_ kind: String, _ badge: UInt64) {
    if kinds[badge] == nil { kinds[badge] = kind }
  }

  private static func kind(of provenance: DataspaceImage.Provenance) -> String {
    switch provenance {
    case .captured: "ram-dataspace"
    case .rom: "rom-dataspace"
    case .managed: "managed-dataspace"
    case .notCaptured, .shared: "dataspace"
    }
  }
}
