import Testing

@testable import Determinism

@Suite struct SlotTableTests {
  struct Record: BitwiseCopyable, Sendable, Equatable {
    var name: UInt32
    var weight: UInt8 = 0
  }

  @Test(arguments: 1...8 as ClosedRange<UInt64>)
  func `copies behave as independent dictionaries with lowest index first`(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var tables = [(table: SlotTable<Record>(), model: [Record?]())]
    for round in 0..<3_000 {
      let chosen = random.next(below: tables.count)
      switch random.next(below: 10) {
      case 0 where tables.count < 5: tables.append(tables[chosen])
      case 1 where tables.count > 1: tables.remove(at: chosen)
      case 2, 3, 4:
        let record = Record(name: UInt32(round))
        let expected = tables[chosen].model.firstIndex { $0 == nil } ?? tables[chosen].model.count
        if expected == tables[chosen].model.count { tables[chosen].model.append(nil) }
        tables[chosen].model[expected] = record
        #expect(tables[chosen].table.insert(record) == expected)
      case 5, 6:
        let occupied = Array(tables[chosen].table.indices)
        if occupied.isEmpty { continue }
        let index = occupied[random.next(below: occupied.count)]
        tables[chosen].table.remove(index)
        tables[chosen].model[index] = nil
      default:
        for index in tables[chosen].table.indices where random.next(below: 4) == 0 {
          tables[chosen].table[index].weight &+= 1
          tables[chosen].model[index]?.weight &+= 1
        }
      }
      if round % 50 == 0 { for entry in tables { check(entry.table, entry.model) } }
    }
    for entry in tables { check(entry.table, entry.model) }
  }

  private func check(_ table: SlotTable<Record>, _ model: [Record?]) {
    #expect(Array(table.indices) == model.indices.filter { model[$0] != nil })
    #expect(table.count == model.count { $0 != nil })
    #expect(table.isEmpty == (table.count == 0))
    #expect(table.capacity == model.count)
    #expect(!table.contains(-1) && !table.contains(model.count) && !table.contains(model.count + 64))
    for index in model.indices {
      #expect(table.contains(index) == (model[index] != nil))
      if let record = model[index] { #expect(table[index] == record) }
    }
  }

  @Test func `a digest sees occupied slots only`() {
    func digest(_ table: SlotTable<Record>) -> UInt64 {
      var digest = StateDigest()
      table.digest(into: &digest) { record, digest in digest.combine(UInt64(record.name)) }
      return digest.value
    }
    var (one, other) = (SlotTable<Record>(), SlotTable<Record>())
    _ = one.insert(Record(name: 1))
    _ = other.insert(Record(name: 1))
    let index = other.insert(Record(name: 2))
    #expect(digest(one) != digest(other))
    other.remove(index)
    #expect(digest(one) == digest(other))
    other[0].name = 3
    #expect(digest(one) != digest(other))
  }

  @Test func `the indices of a table may be visited while it changes`() {
    var table = SlotTable<Record>()
    for name in 0..<100 as Range<UInt32> { _ = table.insert(Record(name: name)) }
    for index in table.indices { if index % 2 == 0 { table.remove(index) } else { table[index].weight = 9 } }
    #expect(table.count == 50)
    #expect(table.indices.allSatisfy { table[$0].weight == 9 && $0 % 2 == 1 })
  }
}
