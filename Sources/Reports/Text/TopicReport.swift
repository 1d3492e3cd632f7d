/// What `stasis explain` prints.
public enum TopicReport {
  public static func list(style: TextStyle = TextStyle()) -> String {
    var layout = TextLayout(style: style)
    layout.line(style.marked("What can be explained", .bold))
    layout.line()
    let width = Topic.all.map(\.name.count).max() ?? 0
    for topic in Topic.all {
      layout.line("  " + topic.name + String(repeating: " ", count: width - topic.name.count) + "  " + topic.title)
    }
    layout.line()
    layout.line("  stasis explain \(Topic.all.first?.name ?? "")")
    return layout.text
  }

  public static func text(of topic: Topic, style: TextStyle = TextStyle()) -> String {
    var layout = TextLayout(style: style)
    layout.line(style.marked("\(topic.name): \(topic.title)", .bold))
    for paragraph in topic.paragraphs {
      layout.line()
      for part in layout.wrap(paragraph, width: min(style.width, 100) - 2) { layout.line("  " + part) }
    }
    layout.line()
    if let scenario = topic.scenario { layout.entry("see it", "stasis run \(scenario)") }
    if !topic.evidence.isEmpty {
      layout.entry("proof", "the real kernel's answers: conformance " + topic.evidence.joined(separator: ", "))
    }
    return layout.text
  }
}
