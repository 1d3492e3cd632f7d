import Testing

@testable import Determinism

@Suite struct SlotTableTests {
  struct Record: BitwiseCopyable, Sendable, Equatable {
    var name: UInt32
    var weight: UInt8 = 0
  }

  /// So that tables can stand in an array.
  final class Box {
    var table: SlotTable<Record>
    init(_ table: consuming SlotTable<Record>) { self.table = table }
  }

  @Test(arguments: 1...8 as ClosedRange<UInt64>)
  func `forks behave as independent dictionaries with lowest index first`(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var tables = [(box: Box(SlotTable<Record>()), model: [Record?]())]
    for round in 0..<3_000 {
      let chosen = random.next(below: tables.count)
      switch random.next(below: 10) {
      case 0 where tables.count < 5: tables.append((Box(tables[chosen].box.table.fork()), tables[chosen].model))
      case 1 where tables.count > 1: tables.remove(at: chosen)
      case 2, 3, 4:
        let record = Record(name: UInt32(round))
        let expected = tables[chosen].model.firstIndex { $0 == nil } ?? tables[chosen].model.count
        if expected == tables[chosen].model.count { tables[chosen].model.append(nil) }
        tables[chosen].model[expected] = record
        let index = tables[chosen].box.table.insert(record)
        #expect(index == expected)
      case 5, 6:
        let occupied = Array(tables[chosen].box.table.indices)
        if occupied.isEmpty { continue }
        let index = occupied[random.next(below: occupied.count)]
        tables[chosen].box.table.remove(index)
        tables[chosen].model[index] = nil
      default:
        for index in tables[chosen].box.table.indices where random.next(below: 4) == 0 {
          tables[chosen].box.table[index].weight &+= 1
          tables[chosen].model[index]?.weight &+= 1
        }
      }
      if round % 50 == 0 { for entry in tables { check(entry.box.table, entry.model) } }
    }
    for entry in tables { check(entry.box.table, entry.model) }
  }

  private func check(_ table: borrowing SlotTable<Record>, _ model: [Record?]) {
    let (indices, count, isEmpty, capacity) = (Array(table.indices), table.count, table.isEmpty, table.capacity)
    #expect(indices == model.indices.filter { model[$0] != nil })
    #expect(count == model.count { $0 != nil })
    #expect(isEmpty == (count == 0))
    #expect(capacity == model.count)
    for outside in [-1, model.count, model.count + 64] {
      let isThere = table.contains(outside)
      #expect(!isThere)
    }
    for index in model.indices {
      let record = table.contains(index) ? table[index] : nil
      #expect(record == model[index])
    }
  }

  @Test func `a digest sees occupied slots only`() {
    func digest(_ table: borrowing SlotTable<Record>) -> UInt64 {
      var digest = StateDigest()
      table.digest(into: &digest) { record, digest in digest.combine(UInt64(record.name)) }
      return digest.value
    }
    var one = SlotTable<Record>()
    var other = SlotTable<Record>()
    _ = one.insert(Record(name: 1))
    _ = other.insert(Record(name: 1))
    let index = other.insert(Record(name: 2))
    let (first, second) = (digest(one), digest(other))
    #expect(first != second)
    other.remove(index)
    let third = digest(other)
    #expect(first == third)
    other[0].name = 3
    let fourth = digest(other)
    #expect(first != fourth)
  }

  @Test func `the indices of a table may be visited while it changes`() {
    var table = SlotTable<Record>()
    for name in 0..<100 as Range<UInt32> { _ = table.insert(Record(name: name)) }
    for index in table.indices { if index % 2 == 0 { table.remove(index) } else { table[index].weight = 9 } }
    let (count, indices) = (table.count, Array(table.indices))
    #expect(count == 50)
    for index in indices {
      let weight = table[index].weight
      #expect(weight == 9 && index % 2 == 1)
    }
  }
}
