import Determinism
import Testing

@testable import Genode

@Suite struct RegionMapTests {
  private func map(size: UInt64 = 0x10000, base: UInt64 = 0) -> RegionMap {
    RegionMap(badge: 4, base: base, size: size, payer: .pd(0))
  }

  @Test func `a region may not leave the map or touch another`() {
    var map = map(base: 0x1000)
    map.insert(AttachedRegion(address: 0x4000, size: 0x2000, dataspace: 0, offset: 0))
    for (address, size, free) in [
      (0x0, 0x1000, false), (0x1000, 0x3000, true), (0x1000, 0x3001, false), (0x3000, 0x1000, true),
      (0x5000, 0x1000, false), (0x6000, 0x1000, true), (0x6000, 0xb000, true), (0x6000, 0xc000, false),
      (0x6800, 0x1000, false),
    ] as [(UInt64, UInt64, Bool)] {
      #expect(map.isFree(address, size: size) == free, "\(address) \(size)")
    }
    #expect(!map.isFree(0x1000, size: .max))
  }

  @Test func `free placement is aligned like the size, but not better than the memory behind it`() {
    var map = map(size: 1 << 24)
    map.insert(AttachedRegion(address: 0, size: 0x1000, dataspace: 0, offset: 0))
    #expect(map.place(size: 0x10000, backing: 0x8100_0000) == 0x10000)
    #expect(map.place(size: 0x10000, backing: 0x8100_4000) == 0x4000)
    #expect(map.place(size: 0x3000, backing: nil) == 0x4000)
    #expect(map.place(size: 1 << 24, backing: nil) == nil)
    #expect(map.place(size: (1 << 24) - 0x1000, backing: nil) == 0x1000)
  }

  /// Random histories against the obvious model: one owner for each page.
  @Test(arguments: 0..<20)
  func `a map agrees with a list of pages`(_ seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var map = map(size: 64 * 4096)
    var pages = [Int?](repeating: nil, count: 64)
    for step in 0..<200 {
      let first = Int(random.next() % 64)
      let count = Int(random.next() % 8) + 1
      if random.next() % 3 == 0 {
        let removed = map.remove(at: UInt64(first) * 4096 + 8)
        #expect((removed == nil) == (pages[first] == nil))
        if let owner = pages[first] { for page in pages.indices where pages[page] == owner { pages[page] = nil } }
      } else {
        let fits = first + count <= 64 && pages[first..<first + count].allSatisfy { $0 == nil }
        let free = map.isFree(UInt64(first) * 4096, size: UInt64(count) * 4096)
        #expect(free == fits)
        guard free else { continue }
        map.insert(
          AttachedRegion(address: UInt64(first) * 4096, size: UInt64(count) * 4096, dataspace: step, offset: 0))
        for page in first..<first + count { pages[page] = step }
      }
      for page in 0..<64 { #expect(map.region(at: UInt64(page) * 4096 + 4095)?.dataspace == pages[page]) }
    }
  }
}

@Suite struct PhysicalMemoryTests {
  @Test func `memory is aligned like its size where possible`() {
    var memory = PhysicalMemory(base: 0x8000_1000, size: 0x20_0000)
    #expect(memory.allocate(0x10000) == 0x8001_0000)
    #expect(memory.allocate(0x1000) == 0x8000_1000)
    #expect(memory.allocate(0x1f_0000) == nil)
    #expect(memory.allocate(0x10_0000) == 0x8010_0000)
  }

  @Test(arguments: 0..<20)
  func `what is given back can be given out again`(_ seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var memory = PhysicalMemory(base: 0x8000_0000, size: 1 << 20)
    var taken: [(address: UInt64, size: UInt64)] = []
    for _ in 0..<300 {
      if random.next() % 2 == 0, !taken.isEmpty {
        let (address, size) = taken.remove(at: Int(random.next() % UInt64(taken.count)))
        memory.release(address, size: size)
      } else {
        let size = (random.next() % 16 + 1) * 4096
        guard let address = memory.allocate(size) else { continue }
        #expect(!taken.contains { $0.address < address + size && address < $0.address + $0.size })
        #expect(address >= 0x8000_0000 && address + size <= 0x8010_0000 && address.isPageAligned)
        taken.append((address, size))
      }
      #expect(memory.available + taken.reduce(0) { $0 + $1.size } == 1 << 20)
    }
    for (address, size) in taken { memory.release(address, size: size) }
    #expect(memory.free == [0x8000_0000..<0x8010_0000])
  }
}

@Suite struct AccountTests {
  private func accounts() -> Table<RAMSession> {
    var table = Table<RAMSession>()
    for name in ["core", "init", "child"] {
      _ = table.insert(RAMSession(badge: 0, label: name, metadata: MetadataBudget(limit: 4096)))
    }
    table[0].limit = 1 << 20
    table[1].reference = 0
    table[2].reference = 1
    return table
  }

  @Test func `an account can never be emptied exactly`() {
    var account = RAMSession(badge: 0, label: "x", metadata: MetadataBudget(limit: 0))
    account.limit = 64 << 10
    #expect(throws: RPCException.quotaExceeded) { try account.charge(64 << 10) }
    #expect(throws: RPCException.quotaExceeded) { try account.charge(.max) }
    account.limit = 68 << 10
    #expect(throws: Never.self) { try account.charge(64 << 10) }
    #expect(account.available == 4 << 10)
  }

  @Test func `quota moves only between related accounts, and only what is there`() {
    var table = accounts()
    #expect(throws: RAMSession.TransferFailure.noRelation) { try table.transfer(1, from: 0, to: 2) }
    #expect(throws: Never.self) { try table.transfer(1 << 16, from: 0, to: 1) }
    #expect(throws: Never.self) { try table.transfer(1 << 15, from: 1, to: 2) }
    #expect(throws: RAMSession.TransferFailure.notEnough) { try table.transfer(1 << 16, from: 2, to: 1) }
    #expect(throws: Never.self) { try table.transfer(1 << 14, from: 2, to: 1) }
    let limits: [UInt64] = [0xf_0000, 0xc000, 0x4000]
    #expect(table.live.map { table[$0].limit } == limits)
  }

  @Test func `no transfer creates or destroys quota`() {
    var random = SeededGenerator(seed: 7)
    var table = accounts()
    for _ in 0..<1000 {
      let (source, target) = (Int(random.next() % 3), Int(random.next() % 3))
      guard source != target else { continue }
      try? table.transfer(random.next() % (1 << 18), from: source, to: target)
      #expect(table.live.reduce(0) { $0 + table[$1].limit } == 1 << 20)
    }
  }
}
