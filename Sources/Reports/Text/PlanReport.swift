import CheckpointRestore
import Scenarios

/// The plan of a restore for people: order, object, what it needs, why.
public enum PlanReport {
  /// Numbers shown of a long list of needs.
  private static let most = 8

  public static func text(
    of image: CheckpointImage, named name: String, policy: BlockedThreadPolicy = .reissueReceiveHalf,
    style: TextStyle = TextStyle()
  ) -> String {
    var layout = TextLayout(style: style)
    layout.line(style.marked("Restore of \(image.componentName) from \(name), policy `\(policy.rawValue)`", .bold))
    layout.line()
    let plan = RestorePlan(image, policy: policy.policy)
    if let cycle = plan.cycle {
      layout.entry("no order", "these steps need each other in a circle:")
      for step in cycle { layout.entry("", plan.text(of: step, image)) }
      return layout.text
    }
    for line in plan.lines(image) {
      layout.entry("\(line.number)", line.what, hanging: 2)
      for need in line.needs { layout.entry("", "  after \(numbers(need.numbers)): \(need.why.rawValue)", hanging: 4) }
    }
    return layout.text
  }

  /// "3, 5-9, 12": neighbours are drawn together.
  private static func numbers(_ numbers: [Int]) -> String {
    var ranges: [ClosedRange<Int>] = []
    for number in numbers {
      if let last = ranges.last, last.upperBound + 1 == number {
        ranges[ranges.count - 1] = last.lowerBound...number
      } else {
        ranges.append(number...number)
      }
    }
    let shown = ranges.prefix(most).map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
    return shown.joined(separator: ", ") + (ranges.count > most ? " and \(ranges.count - most) more" : "")
  }
}
