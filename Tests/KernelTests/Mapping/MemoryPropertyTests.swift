import Determinism
import FiascoABI
import Testing

@testable import FiascoKernel

struct MemoryPropertyTests {
  @Test(arguments: 1...40)
  func `page tables and oracle hold the same pages after every operation`(seed: Int) {
    var history = History(seed: UInt64(seed))
    for step in 0..<200 {
      history.operate()
      if let difference = history.difference() ?? (step % 16 == 0 ? history.world.kernel.spaceDefect() : nil) {
        Issue.record("step \(step): \(difference)")
        return
      }
    }
    #expect(history.kinds == 5, "every kind of operation occurs in each history")
  }

  @Test(arguments: 1...20)
  func `whoever loses a right causes a flush of translations`(seed: Int) {
    var history = History(seed: UInt64(seed))
    for _ in 0..<100 {
      let before = history.accessible()
      history.world.kernel.staleTranslations = false
      history.operate()
      let after = history.accessible()
      let lost = before.contains { place, rights in !(after[place] ?? []).isSuperset(of: rights) }
      #expect(!lost || history.world.kernel.staleTranslations)
    }
  }

  struct History: ~Copyable {
    private static let tasks = 4
    private static let pages: UInt64 = 8
    /// Windows of 8 pages, aligned to 4, around the place where two tables of all levels meet.
    private static let base: UInt64 = 0x3fff_c000
    var world = SpaceWorld(tasks: History.tasks)
    private var oracle: MemoryOracle
    private var random: SeededGenerator
    private var seen: Set<Int> = []
    var kinds: Int { seen.count }

    init(seed: UInt64) {
      random = SeededGenerator(seed: seed)
      let first = UInt64(SpaceWorld.firstUserFrame)
      oracle = MemoryOracle(identity: first..<first + History.pages)
    }

    mutating func operate() {
      let source = anyPlace()
      let target = MemoryOracle.Place(task: 1 + random.next(below: History.tasks - 1), page: anyPage())
      let order = random.next(below: 4) == 0 ? random.next(below: 3) : 0
      let rights = MemoryRights(rawValue: random.next(below: UInt64(8)))
      switch random.next(below: 20) {
      case 0..<12: map(from: source, to: target, order: order, rights: rights.union(.read))
      case 12..<14: map(from: source, to: target, order: order, rights: rights)
      case 14..<16:
        unmap(source, order: order, rights: rights.union(.read), own: source.task != 0 && random.next(below: 2) == 0)
      case 16..<19: unmap(source, order: order, rights: rights.subtracting(.read), own: random.next(below: 2) == 0)
      default: destroyTask(target.task)
      }
    }

    private mutating func anyPage() -> UInt64 { random.next(below: History.pages) }

    private mutating func anyPlace() -> MemoryOracle.Place {
      .init(task: random.next(below: History.tasks), page: anyPage())
    }

    /// Page numbers of task 0 are frames, those of the others count from the start of the window.
    private func place(_ place: MemoryOracle.Place, order: Int) -> MemoryOracle.Place {
      let page = place.page & ~(1 << UInt64(order) - 1)
      return .init(task: place.task, page: place.task == 0 ? UInt64(SpaceWorld.firstUserFrame) + page : page)
    }

    private func address(_ place: MemoryOracle.Place) -> UInt64 {
      place.task == 0 ? Kernel.physicalBase + place.page * 4096 : History.base + place.page * 4096
    }

    private mutating func map(
      from source: MemoryOracle.Place, to target: MemoryOracle.Place, order: Int, rights: MemoryRights
    ) {
      let (from, to) = (place(source, order: order), place(target, order: order))
      let grant = random.next(below: 6) == 0
      seen.insert(grant ? 0 : 1)
      _ = world.mapMemory(
        from: world.tasks[from.task], address(from), order: 12 + order, rights: rights, to: world.tasks[to.task],
        address(to), grant: grant)
      oracle.map(from: from, to: to, count: 1 << UInt64(order), rights: rights, grant: grant)
    }

    private mutating func unmap(_ source: MemoryOracle.Place, order: Int, rights: MemoryRights, own: Bool) {
      seen.insert(rights.contains(.read) ? 2 : 3)
      let from = place(source, order: order)
      world.unmap(
        world.tasks[from.task], .memory(address(from), order: 12 + order, rights: rights), own ? UnmapMask.own : 0)
      oracle.unmap(from, count: 1 << UInt64(order), rights: rights, own: own)
    }

    private mutating func destroyTask(_ task: Int) {
      seen.insert(4)
      world.kernel.destroyObject(world.kernel.tasks[world.tasks[task].slot].object)
      oracle.destroyTask(task)
      world.tasks[task] = world.addTask()
    }

    func accessible() -> [MemoryOracle.Place: MemoryRights] {
      var found: [MemoryOracle.Place: MemoryRights] = [:]
      forEachPlace { place in
        found[place] = world.kernel.translate(world.tasks[place.task], address(place))?.rights
      }
      return found
    }

    func difference() -> String? {
      var difference: String?
      forEachPlace { place in
        let entry = world.kernel.translate(world.tasks[place.task], address(place))
        let expected = oracle.rights(place)
        if entry?.frame != expected?.frame || entry?.rights != expected?.rights {
          difference = "\(place): \(String(describing: entry)), not \(String(describing: expected))"
        }
      }
      return difference
    }

    private func forEachPlace(_ body: (MemoryOracle.Place) -> Void) {
      for task in 0..<History.tasks {
        for page in 0..<History.pages {
          body(.init(task: task, page: task == 0 ? UInt64(SpaceWorld.firstUserFrame) + page : page))
        }
      }
    }
  }
}
