/// The candidate a misspelt name most likely means, nil if none is close.
///
/// A short name may differ by one edit, a longer one by a third of its length.
public func nearest(to name: String, among candidates: [String]) -> String? {
  let limit = max(1, name.count / 3)
  guard name.utf8.count <= 64 else { return nil }
  var best: (distance: Int, candidate: String)?
  for candidate in candidates where abs(candidate.count - name.count) <= limit {
    let distance = editDistance(Array(name.lowercased().utf8), Array(candidate.lowercased().utf8))
    guard distance <= limit, distance < candidate.count else { continue }
    if distance < best?.distance ?? .max { best = (distance, candidate) }
  }
  return best?.candidate
}

/// Insertions, deletions, substitutions and swaps of neighbours that turn one word into the other.
func editDistance(_ a: [UInt8], _ b: [UInt8]) -> Int {
  var beforePrevious: [Int] = []
  var previous = Array(0...b.count)
  for i in 0..<a.count {
    var current = [i + 1]
    for j in 0..<b.count {
      var cost = min(previous[j + 1] + 1, current[j] + 1, previous[j] + (a[i] == b[j] ? 0 : 1))
      if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { cost = min(cost, beforePrevious[j - 1] + 1) }
      current.append(cost)
    }
    (beforePrevious, previous) = (previous, current)
  }
  return previous[b.count]
}
