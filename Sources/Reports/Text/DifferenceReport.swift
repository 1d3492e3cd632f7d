import CheckpointRestore

/// What one checkpoint has that another has not, for people and for programs.
public enum DifferenceReport {
  /// Details of one thing shown; JSON has all.
  private static let most = 8

  /// Like `diff`: what is equal is not mentioned. Empty if nothing differs.
  public static func text(of difference: ImageDifference, style: TextStyle = TextStyle()) -> String {
    guard !difference.entries.isEmpty else { return "" }
    var layout = TextLayout(style: style)
    for subject in ImageDifference.Subject.allCases {
      let entries = difference.entries.filter { $0.subject == subject }
      for (index, entry) in entries.enumerated() {
        let details = entry.details.prefix(most).joined(separator: " · ")
        let rest = entry.details.count > most ? " · and \(entry.details.count - most) more (--json)" : ""
        layout.entry(
          index == 0 ? subject.rawValue : "", "\(sign(entry.change)) \(entry.name)  \(details)\(rest)", hanging: 4,
          mark: mark(entry.change))
      }
    }
    let counts = ImageDifference.Change.allCases.map { change in
      "\(difference.entries.count { $0.change == change }) \(change.rawValue)"
    }
    layout.line()
    layout.line("  " + counts.joined(separator: ", "))
    return layout.text
  }

  public static func document(of difference: ImageDifference, from before: String, to after: String) -> String {
    JSONNode.object([
      .init("format", .string("stasis-difference")), .init("version", .integer(1)),
      .init("before", .string(before)), .init("after", .string(after)),
      .init(
        "differences",
        .array(
          difference.entries.map { entry in
            .object([
              .init("subject", .string(entry.subject.rawValue)), .init("change", .string(entry.change.rawValue)),
              .init("name", .string(entry.name)), .init("details", .array(entry.details.map { .string($0) })),
            ])
          })),
    ]).document
  }

  private static func sign(_ change: ImageDifference.Change) -> String {
    switch change {
    case .lost: "-"
    case .appeared: "+"
    case .changed: "~"
    }
  }

  private static func mark(_ change: ImageDifference.Change) -> TextStyle.Mark? {
    switch change {
    case .lost: .bad
    case .appeared: .good
    case .changed: nil
    }
  }
}
