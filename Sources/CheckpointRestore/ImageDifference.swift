/// What one image has that another has not: lost, appeared or changed.
public struct ImageDifference: Hashable, Sendable {
  public enum Change: String, Hashable, Sendable, CaseIterable { case lost, appeared, changed }
  public enum Subject: String, Hashable, Sendable, CaseIterable {
    case checkpoint, thread, capability, region, memory, session, timer
    case signalContext = "signal context"
    case rpcObject = "RPC object"
  }

  public struct Entry: Hashable, Sendable {
    public var subject: Subject
    public var change: Change
    public var name: String
    /// What changed, each as "what: before -> after".
    public var details: [String]
  }

  public var entries: [Entry] = []

  /// From `before` to `after`. Things are paired by what stays the same through a restore: threads by name and place,
  /// capabilities by slot, regions by map and address, sessions by service and order.
  public init(from before: CheckpointImage, to after: CheckpointImage) {
    compare(.checkpoint, [before], [after], key: { _ in "component" }, facts: Self.facts)
    compare(.thread, before.threads, after.threads, key: { "\($0.name) (place \($0.place))" }, facts: Self.facts)
    compare(
      .capability, before.capabilities, after.capabilities, key: { "slot \(hexadecimal($0.slot))" },
      facts: { [("kind", $0.kind), ("badge", hexadecimal($0.badge))] })
    compare(
      .region, before.regions.map { Placed($0, before) }, after.regions.map { Placed($0, after) }, key: \.name,
      facts: \.facts)
    compareMemory(before, after)
    compare(
      .session, Self.numbered(before.sessions, \.service), Self.numbered(after.sessions, \.service), key: \.name,
      facts: {
        [("arguments", $0.value.arguments), ("upgrades", $0.value.upgrades.joined(separator: " "))]
          + [("badge", hexadecimal($0.value.badge))]
      })
    compare(
      .timer, Self.numbered(before.timers) { _ in "Timer" }, Self.numbered(after.timers) { _ in "Timer" }, key: \.name,
      facts: Self.facts)
    compare(
      .signalContext, before.signalContexts, after.signalContexts, key: { "imprint \(hexadecimal($0.imprint))" },
      facts: { [("badge", hexadecimal($0.badge)), ("pending", "\($0.pendingCount)")] })
    compare(
      .rpcObject, Self.numbered(before.rpcObjects) { _ in "object" }, Self.numbered(after.rpcObjects) { _ in "object" },
      key: \.name, facts: { [("badge", hexadecimal($0.value.badge)), ("thread", "\($0.value.threadIndex)")] })
  }

  // MARK: Pairing

  typealias Fact = (name: String, value: String)

  /// In the order of `before`, then what appeared. The second of two equal keys is another thing.
  private mutating func compare<Item>(
    _ subject: Subject, _ before: [Item], _ after: [Item], key: (Item) -> String, facts: (Item) -> [Fact]
  ) {
    let (old, new) = (Self.keyed(before, key), Self.keyed(after, key))
    var partners: [String: Int] = [:]  // lookup only
    for (position, entry) in new.enumerated() { partners[entry.key] = position }
    var isPaired = [Bool](repeating: false, count: new.count)
    for entry in old {
      guard let partner = partners[entry.key] else {
        entries.append(Entry(subject: subject, change: .lost, name: entry.key, details: Self.told(facts(entry.item))))
        continue
      }
      isPaired[partner] = true
      let details = zip(facts(entry.item), facts(new[partner].item)).compactMap { old, new in
        old.value == new.value ? nil : "\(old.name): \(Self.shown(old.value)) -> \(Self.shown(new.value))"
      }
      if !details.isEmpty {
        entries.append(Entry(subject: subject, change: .changed, name: entry.key, details: details))
      }
    }
    for (entry, paired) in zip(new, isPaired) where !paired {
      entries.append(Entry(subject: subject, change: .appeared, name: entry.key, details: Self.told(facts(entry.item))))
    }
  }

  private static func keyed<Item>(_ items: [Item], _ key: (Item) -> String) -> [(key: String, item: Item)] {
    var counts: [String: Int] = [:]  // lookup only
    return items.map { item in
      let name = key(item)
      let count = counts[name, default: 0] + 1
      counts[name] = count
      return (count == 1 ? name : "\(name) #\(count)", item)
    }
  }

  private struct Numbered<Value> {
    var name: String
    var value: Value
  }

  private static func numbered<Value>(_ values: [Value], _ name: (Value) -> String) -> [Numbered<Value>] {
    values.map { Numbered(name: name($0), value: $0) }
  }

  private static func shown(_ value: String) -> String { value.isEmpty ? "none" : value }
  private static func told(_ facts: [Fact]) -> [String] {
    facts.filter { !$0.value.isEmpty }.prefix(4).map { "\($0.name) \($0.value)" }
  }

  // MARK: Facts

  private static func facts(_ image: CheckpointImage) -> [Fact] {
    [
      ("name", image.componentName), ("program", image.romName), ("kernel profile", image.kernelProfile),
      ("RAM quota", "\(image.ramQuota)"), ("capability map", hexadecimal(image.capabilityMapAddress)),
      ("services", image.services.map(\.name).joined(separator: " ")),
    ]
  }

  private static func facts(_ thread: ThreadImage) -> [Fact] {
    var facts: [Fact] = [
      ("situation", thread.situation.rawValue), ("pc", hexadecimal(thread.pc)), ("priority", "\(thread.priority)"),
      ("processor", "\(thread.cpu)"), ("started", "\(thread.started)"), ("paused", "\(thread.paused)"),
      ("registers valid", "\(thread.registersValid)"), ("error word", "\(thread.errorCode)"),
      ("badge", hexadecimal(thread.badge)), ("gate badge", hexadecimal(thread.gateBadge)),
    ]
    for index in 1..<thread.registers.count { facts.append(("x\(index)", hexadecimal(thread.registers[index]))) }
    facts.append(("UTCB", thread.utcb.isEmpty ? "not captured" : "captured"))
    for (index, word) in thread.utcb.enumerated() { facts.append(("UTCB word \(index)", hexadecimal(word))) }
    return facts
  }

  private static func facts(_ timer: Numbered<TimerImage>) -> [Fact] {
    [
      ("timeout", "\(timer.value.timeoutPicoseconds) ps"),
      ("remaining", timer.value.remainingPicoseconds.map { "\($0) ps" } ?? ""),
      ("periodic", "\(timer.value.periodic)"), ("elapsed", "\(timer.value.elapsedMilliseconds) ms"),
      ("handler", hexadecimal(timer.value.handlerBadge)),
    ]
  }

  /// A region under the name of its map: the number of a map is not the same in every image.
  private struct Placed {
    var name: String
    var facts: [Fact]

    init(_ region: RegionImage, _ image: CheckpointImage) {
      name = "\(image.regionMaps[region.map].name) \(hexadecimal(region.address))"
      let dataspace = image.dataspaces[region.dataspaceIndex]
      facts = [
        ("size", "\(region.size)"), ("offset", hexadecimal(region.offset)), ("writable", "\(region.writable)"),
        ("executable", "\(region.executable)"), ("source", region.source.rawValue),
        ("dataspace badge", hexadecimal(dataspace.badge)), ("dataspace size", "\(dataspace.size)"),
        ("provenance", dataspace.provenance.rawValue),
      ]
    }
  }

  private mutating func compareMemory(_ before: CheckpointImage, _ after: CheckpointImage) {
    for region in before.regions where before.dataspaces[region.dataspaceIndex].provenance == .captured {
      let map = before.regionMaps[region.map].name
      guard
        let other = after.regions.first(where: {
          $0.address == region.address && after.regionMaps[$0.map].name == map
        })
      else { continue }
      let old = before.dataspaces[region.dataspaceIndex]
      let new = after.dataspaces[other.dataspaceIndex]
      let pages = old.changedPages(in: new, from: region.offset, and: other.offset, bytes: min(region.size, other.size))
      if pages.isEmpty { continue }
      let shown = pages.prefix(4).map { hexadecimal(region.address + $0 * DataspaceImage.pageBytes) }
      let rest = pages.count > shown.count ? " and \(pages.count - shown.count) more" : ""
      entries.append(
        Entry(
          subject: .memory, change: .changed, name: "\(map) \(hexadecimal(region.address))",
          details: ["\(pages.count) of \((region.size + 4095) / 4096) pages: \(shown.joined(separator: " "))\(rest)"]))
    }
  }
}

extension DataspaceImage {
  /// Pages of a region whose bytes differ, counted from the start of the region.
  fileprivate func changedPages(in other: DataspaceImage, from: UInt64, and: UInt64, bytes: UInt64) -> [UInt64] {
    let length = max(
      UInt64(contents.count) - min(from, UInt64(contents.count)),
      UInt64(other.contents.count) - min(and, UInt64(other.contents.count)))
    let end = min(bytes, length)
    return stride(from: 0, to: end, by: UInt64.Stride(Self.pageBytes)).filter { start in
      let count = min(Self.pageBytes, end - start)
      return piece(from + start, count) != other.piece(and + start, count)
    }.map { $0 / Self.pageBytes }
  }

  /// Bytes without the zeros at their end.
  private func piece(_ start: UInt64, _ count: UInt64) -> ArraySlice<UInt8> {
    let begin = min(start, UInt64(contents.count))
    let slice = contents[Int(begin)..<Int(min(begin + count, UInt64(contents.count)))]
    return slice[..<((slice.lastIndex { $0 != 0 } ?? slice.startIndex - 1) + 1)]
  }
}

private func hexadecimal(_ value: UInt64) -> String { "0x" + String(value, radix: 16) }
