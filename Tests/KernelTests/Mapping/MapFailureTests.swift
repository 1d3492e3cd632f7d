import Determinism
import FiascoABI
import Testing

@testable import FiascoKernel

struct MapFailureTests {
  @Test(arguments: 0...12)
  func `a map that runs out of quota keeps the pages before`(tables: Int) throws {
    var world = SpaceWorld(tasks: 1)
    let sizes = KernelObjectSizes.riscv64
    // Pages at the end of one table and at the start of the next.
    let limit = sizes.task + UInt64(tables) * 2048
    let made = world.kernel.makeFactory(limit: limit, payer: world.factory)
    let payer = try #require(made)
    let poor = world.addTask(payer: payer)
    let outcome = world.mapMemory(
      from: world.tasks[0], SpaceWorld.windowBase, order: 14, rights: .rw, to: poor, 0x3fff_e000 & ~0x3fff)
    let affordable = limit - sizes.task >= 2 * sizes.pageTable + 4 * sizes.mapping
    #expect(outcome.failure == (affordable ? nil : .sendMapFailed))
    let mapped = (0..<4).filter { world.rights(poor, 0x3fff_c000 + UInt64($0) * 4096) != nil }.count
    let room = limit - sizes.task < 2 * sizes.pageTable ? 0 : (limit - sizes.task - 2 * sizes.pageTable) / sizes.mapping
    #expect(mapped == min(4, Int(room)))
    #expect(world.kernel.spaceDefect() == nil)
  }

  @Test func `capability tables are charged and the failure is an IPC error`() throws {
    var world = SpaceWorld(tasks: 1)
    _ = world.makeGate(in: world.tasks[0], at: 1)
    let made = world.kernel.makeFactory(limit: 65536, payer: world.factory)
    let payer = try #require(made)
    let poor = world.addTask(payer: payer)
    var slots: [UInt32] = []
    for slot in stride(from: 0 as UInt32, to: 40 << 12, by: 1 << 12) {
      let outcome = world.mapObject(from: world.tasks[0], 1, rights: .rws, to: poor, slot)
      if outcome.failure == .sendMapFailed { break }
      slots.append(slot)
    }
    #expect(slots.count == 9, "64 KiB less a task are 9 tables")
    #expect(world.kernel.spaceDefect() == nil)
  }

  /// Everything may fail at any time; in the end all frames and all bytes are back.
  @Test(arguments: 1...30)
  func `histories in small quotas leak nothing`(seed: Int) throws {
    var world = SpaceWorld(tasks: 1)
    var random = SeededGenerator(seed: UInt64(seed))
    _ = world.makeGate(in: world.tasks[0], at: 1)
    let free = world.kernel.frames.freeCount
    let made = world.kernel.makeFactory(limit: 200_000, payer: world.factory)
    let payer = try #require(made)
    world.insert(payer, in: world.tasks[0], at: 2)
    var failures = 0
    for _ in 0..<300 {
      let kind = random.next(below: 12)
      let index = world.tasks.count > 1 ? 1 + random.next(below: world.tasks.count - 1) : 0
      if kind < 2 || index == 0 {
        if let task = world.kernel.makeTask(payer: payer) { world.tasks.append(task) } else { failures += 1 }
      } else if kind == 2 {
        let task = world.tasks.remove(at: index)
        world.kernel.destroyObject(world.kernel.tasks[task.slot].object)
      } else if kind < 8 {
        let target = random.next(below: UInt64(64)) << 28 | random.next(below: UInt64(8)) << 12
        let outcome = world.mapMemory(
          from: world.tasks[0], SpaceWorld.windowBase, order: 12 + random.next(below: 3), rights: .rw,
          to: world.tasks[index], target,
          grant: random.next(below: 9) == 0)
        failures += outcome.failure == nil ? 0 : 1
      } else {
        let outcome = world.mapObject(
          from: world.tasks[0], 1, rights: .rws, to: world.tasks[index], UInt32(random.next(below: 1 << 20)))
        failures += outcome.failure == nil ? 0 : 1
      }
    }
    #expect(failures > 0)
    #expect(world.kernel.spaceDefect() == nil)
    for task in world.tasks.dropFirst() { world.kernel.destroyObject(world.kernel.tasks[task.slot].object) }
    world.unmap(world.tasks[0], .memory(SpaceWorld.windowBase, order: 16, rights: .rwx), UnmapMask.own)
    #expect(world.kernel.factories[Int(world.kernel.objects[payer.slot].index)].used == 0)
    // The first task keeps the two tables of its window.
    #expect(world.kernel.frames.freeCount >= free - 2)
    #expect(world.kernel.mappings.count == 0)
  }

  @Test func `without kernel frames a map fails and nothing is lost`() {
    var world = SpaceWorld(tasks: 2)
    while world.kernel.frames.take() != nil {}
    let outcome = world.mapMemory(
      from: world.tasks[0], SpaceWorld.windowBase, rights: .rw, to: world.tasks[1], 0x5000_0000)
    #expect(outcome.failure == .sendMapFailed)
    #expect(world.kernel.makeTask(payer: world.factory) == nil)
    #expect(world.rights(world.tasks[1], 0x5000_0000) == nil)
  }
}
