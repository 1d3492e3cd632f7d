import FiascoABI
import Testing

@testable import FiascoKernel

/// The program `21-random-mem` without its harness: the same operations straight on the kernel's tables, compared with
/// what the prober threads saw on the real kernel.
struct RandomMemoryTests {
  private static let rights: [MemoryRights] = [.rw, .rw, .rw, .read, .read, .rwx, .write, .execute]
  private static let window: UInt64 = 0x4000_0000

  @Test(arguments: 1...60)
  func `random memory operations leave the pages accessible that the real kernel left accessible`(seed: Int) throws {
    let name = "random-mem/\(seed / 10)\(seed % 10)"
    let expected = try #require(try ExpectedLines(program: "21-random-mem")[name])
    var history = MemoryHistory(seed: seed)
    #expect(history.run() == expected)
    #expect(history.defect == nil)
  }

  private struct MemoryHistory: ~Copyable {
    private var world = SpaceWorld(tasks: 3)
    private var random: ProgramRandom
    private(set) var defect: String?

    init(seed: Int) { random = ProgramRandom(seed: seed, factor: 15_485_863) }

    mutating func run() -> String {
      var text = "map="
      for _ in 0..<14 {
        text += operate() + ":" + state(world.tasks[1]) + "|" + state(world.tasks[2]) + ","
        if defect == nil { defect = world.kernel.spaceDefect() }
      }
      return text
    }

    private mutating func operate() -> String {
      let a = random.next(2) == 1 ? Int(random.next(3)) : 0
      let b = 1 + Int(random.next(2))
      var order = 12
      order += random.next(3) == 0 ? 1 : 0
      order += random.next(8) == 0 ? 1 : 0
      let operation = random.next(10)
      let s = random.next(4) & ~(1 << UInt64(order - 12) - 1)
      let d = random.next(4) & ~(1 << UInt64(order - 12) - 1)
      let rights = RandomMemoryTests.rights[Int(random.next(8))]
      let target = RandomMemoryTests.window + d * 4096
      switch operation {
      case 0..<6:
        let from = a == b ? 0 : a
        let grant = random.next(8) == 0 && from != 0
        _ = world.mapMemory(
          from: world.tasks[from], address(from, s), order: order, rights: rights, to: world.tasks[b], target,
          grant: grant)
        return "m"
      case 6..<8:
        world.unmap(world.tasks[b], .memory(target, order: order, rights: rights), UnmapMask.own)
        return "u"
      default:
        world.unmap(world.tasks[a], .memory(address(a, s), order: order, rights: rights), 0)
        return "f"
      }
    }

    private func address(_ task: Int, _ page: UInt64) -> UInt64 {
      (task == 0 ? SpaceWorld.windowBase : RandomMemoryTests.window) + page * 4096
    }

    /// What a load and a store of each page would tell, and the number that stands in the page.
    private func state(_ task: TaskID) -> String {
      var text = ""
      for page: UInt64 in 0..<4 {
        let entry = world.kernel.translate(task, RandomMemoryTests.window + page * 4096)
        let readable = entry?.rights.contains(.read) ?? false
        let writable = entry?.rights.contains(.write) ?? false
        switch (readable, writable, entry) {
        case (false, false, _), (_, _, nil): text += "."
        case (true, let writes, let entry?): text += (writes ? "w" : "r") + "\(entry.frame - SpaceWorld.firstUserFrame)"
        case (false, true, _): text += "o-"
        }
      }
      return text
    }
  }
}
