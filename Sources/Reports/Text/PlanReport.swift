import CheckpointRestore
import Scenarios

/// The plan of a restore for people: order, object, what it needs, why.
public enum PlanReport {
  /// Numbers shown of a long list of needs.
  private static let most = 8

  /// - Parameter images: more than one if they are restored together.
  public static func text(
    of images: [CheckpointImage], named name: String, policy: BlockedThreadPolicy = .reissueReceiveHalf,
    style: TextStyle = TextStyle()
  ) -> String {
    var layout = TextLayout(style: style)
    let components = images.map(\.componentName).joined(separator: " and ")
    layout.line(style.marked("Restore of \(components) from \(name), policy `\(policy.rawValue)`", .bold))
    layout.line()
    if let obstacle = RestorePlan.obstacle(to: images, policy: policy.policy) {
      layout.entry("refused", obstacle.sentence + ".", hanging: 2)
      return layout.text
    }
    let plan = RestorePlan(images, policy: policy.policy)
    if let cycle = plan.cycle {
      layout.entry("no order", "these steps need each other in a circle:")
      for node in cycle { layout.entry("", plan.text(of: node, images)) }
      return layout.text
    }
    for line in plan.lines(images) {
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
