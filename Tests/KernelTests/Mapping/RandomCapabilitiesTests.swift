import FiascoABI
import Testing

@testable import FiascoKernel

/// The program `20-random-caps` without its harness: the same operations straight on the kernel's tables, compared with
/// what the real kernel printed.
struct RandomCapabilitiesTests {
  private static let rights: [ObjectRights] = [
    .all, .all, .rws, .rws, .read, [.read, .write], [.read, .strong], [.read, .write, .delete],
  ]

  @Test(arguments: 1...60)
  func `random capability operations leave the slots valid that the real kernel left valid`(seed: Int) throws {
    let name = "random-caps/\(seed / 10)\(seed % 10)"
    let expected = try #require(try ExpectedLines(program: "20-random-caps")[name])
    var history = CapabilityHistory(seed: seed)
    #expect(history.run() == expected)
    #expect(history.defect == nil)
  }

  private struct CapabilityHistory: ~Copyable {
    private var world = SpaceWorld(tasks: 3)
    private var random: ProgramRandom
    private let base: [UInt32] = [0x100, 0x10, 0x10]
    private(set) var defect: String?

    init(seed: Int) { random = ProgramRandom(seed: seed, factor: 104_729) }

    mutating func run() -> String {
      for slot in 0..<3 { create(at: slot) }
      var text = ""
      for step in 0..<24 { text += operate(step) }
      return "valid=\(text) equal=\(equalPairs())"
    }

    private mutating func create(at slot: Int) {
      _ = world.makeGate(in: world.tasks[0], at: base[0] + UInt32(slot))
    }

    private mutating func operate(_ step: Int) -> String {
      var (a, s) = (Int(random.next(3)), UInt32(random.next(6)))
      let (b, d, operation) = (Int(random.next(3)), UInt32(random.next(6)), random.next(10))
      for _ in 0..<4 where !world.isValid(world.tasks[a], base[a] + s) {
        a = Int(random.next(3))
        s = UInt32(random.next(6))
      }
      let rights = RandomCapabilitiesTests.rights[Int(random.next(8))]
      let letter = perform(operation, a, s, b, d, rights)
      var text = letter + String(validMask(), radix: 16) + ","
      if validMask() & 7 == 0, step % 6 == 0 {
        create(at: step % 3)
        text += "+"
      }
      if defect == nil { defect = world.kernel.spaceDefect() }
      return text
    }

    private mutating func perform(
      _ operation: UInt64, _ a: Int, _ s: UInt32, _ b: Int, _ d: UInt32, _ rights: ObjectRights
    ) -> String {
      let (source, target) = (world.tasks[a], world.tasks[b])
      switch operation {
      case 0..<6:
        let weak: UInt64 = random.next(5) == 0 ? 0x10 : 0
        let grant = random.next(6) == 0
        _ = world.mapObject(
          from: source, base[a] + s, rights: rights, to: target, base[b] + d, attributes: weak, grant: grant)
        return "m"
      case 6:
        world.unmap(source, .objects(CapabilitySlot(base[a] + s)), UnmapMask.own)
        return "u"
      case 7:
        world.unmap(source, .objects(CapabilitySlot(base[a] + s)), UnmapMask.own | UnmapMask.deleteObjects)
        return "d"
      case 8:
        world.unmap(source, .objects(CapabilitySlot(base[a] + s & 4), order: 1), UnmapMask.own)
        return "U"
      default:
        _ = world.mapObject(
          from: source, base[a] + s & 4, order: 1, rights: rights, to: target, base[b] + d & 4)
        return "M"
      }
    }

    private func validMask() -> UInt64 {
      var mask: UInt64 = 0
      for t in 0..<3 {
        for k in 0..<6 where world.isValid(world.tasks[t], base[t] + UInt32(k)) { mask |= 1 << UInt64(6 * t + k) }
      }
      return mask
    }

    private func equalPairs() -> String {
      var text = ""
      for t in 0..<3 {
        for k in 0..<6 {
          for m in k + 1..<6 where areEqual(t, k, m) { text += "\(t)\(k)\(m)," }
        }
      }
      return text
    }

    private func areEqual(_ task: Int, _ k: Int, _ m: Int) -> Bool {
      let slot = UInt64(base[task])
      guard let first = world.kernel.capability(of: world.tasks[task], at: slot + UInt64(k)),
        let second = world.kernel.capability(of: world.tasks[task], at: slot + UInt64(m))
      else { return false }
      return world.kernel.areEqual(first, second)
    }
  }
}
