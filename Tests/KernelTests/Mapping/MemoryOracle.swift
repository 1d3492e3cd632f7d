import FiascoABI

/// Address spaces as one dictionary, the tree as a number of the parent in each page. Descendants are found by looking
/// at all pages.
struct MemoryOracle {
  struct Place: Hashable {
    var task: Int
    var page: UInt64
  }

  struct Content: Equatable {
    var frame: Int
    var rights: MemoryRights
    /// Numbers are never used again.
    var number: Int
    var parent: Int
  }

  private(set) var pages: [Place: Content] = [:]
  private var lastNumber = 0
  /// Task 0 sees frame `page` at each page without having mapped it.
  let identity: Range<UInt64>

  init(identity: Range<UInt64>) { self.identity = identity }

  func rights(_ place: Place) -> (frame: Int, rights: MemoryRights)? {
    if let content = pages[place] { return (content.frame, content.rights) }
    return place.task == 0 && identity.contains(place.page) ? (Int(place.page), .rwx) : nil
  }

  mutating func map(from source: Place, to target: Place, count: UInt64, rights: MemoryRights, grant: Bool) {
    for offset in 0..<count {
      let from = Place(task: source.task, page: source.page + offset)
      mapPage(from: from, to: Place(task: target.task, page: target.page + offset), rights: rights, grant: grant)
    }
  }

  private mutating func mapPage(from: Place, to: Place, rights asked: MemoryRights, grant: Bool) {
    guard let found = self.rights(from) else { return }
    var rights = found.rights.intersection(asked)
    if rights.contains(.write) { rights.insert(.read) }
    if rights.isEmpty { return }
    if pages[from] == nil { pages[from] = Content(frame: found.frame, rights: .rwx, number: newNumber(), parent: 0) }
    guard let source = pages[from] else { return }
    if let old = pages[to] {
      if old.parent == source.number, !grant {
        pages[to]?.rights.formUnion(rights)
        return
      }
      removeTree(to)
      if pages[from] == nil { return }
    }
    pages[to] = Content(
      frame: source.frame, rights: rights, number: grant ? source.number : newNumber(),
      parent: grant ? source.parent : source.number)
    if grant { pages[from] = nil }
  }

  mutating func unmap(_ place: Place, count: UInt64, rights: MemoryRights, own: Bool) {
    for offset in 0..<count {
      let top = Place(task: place.task, page: place.page + offset)
      guard pages[top] != nil else { continue }
      for victim in descendants(of: top) + (own ? [top] : []) {
        if rights.contains(.read) { pages[victim] = nil } else { pages[victim]?.rights.subtract(rights) }
      }
    }
  }

  mutating func destroyTask(_ task: Int) {
    for place in pages.keys.filter({ $0.task == task }) where pages[place] != nil { removeTree(place) }
  }

  private mutating func removeTree(_ top: Place) {
    for victim in descendants(of: top) + [top] { pages[victim] = nil }
  }

  private func descendants(of top: Place) -> [Place] {
    guard let content = pages[top] else { return [] }
    return pages.keys.filter { pages[$0]?.parent == content.number }.flatMap { descendants(of: $0) + [$0] }
  }

  private mutating func newNumber() -> Int {
    lastNumber += 1
    return lastNumber
  }
}
