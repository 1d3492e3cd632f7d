import Determinism
import Testing

@testable import Genode

@Suite struct TableTests {
  @Test(arguments: 0..<10)
  func `a chunked array is an array`(_ seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var chunked = ChunkedList<UInt64>()
    var plain: [UInt64] = []
    for _ in 0..<1000 {
      switch random.next() % 8 {
      case 0...4:
        let value = random.next()
        chunked.append(value)
        plain.append(value)
      case 5 where !plain.isEmpty:
        chunked.removeLast()
        plain.removeLast()
      case 6 where !plain.isEmpty:
        let index = Int(random.next() % UInt64(plain.count))
        let copy = chunked
        chunked[index] += 1
        #expect(copy[index] == plain[index])
        plain[index] += 1
      default: break
      }
      #expect(chunked.last == plain.last)
    }
    #expect(chunked.indices.map { chunked[$0] } == plain)
  }

  @Test(arguments: 0..<10)
  func `a new row takes the lowest free place`(_ seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var table = Table<Int>()
    var taken: [Int] = []
    for step in 0..<500 {
      if random.next() % 3 == 0, !taken.isEmpty {
        table.remove(taken.remove(at: Int(random.next() % UInt64(taken.count))))
      } else {
        let lowest = (0...taken.count).first { !taken.contains($0) }
        let row = table.insert(step)
        #expect(row == lowest)
        taken.append(row)
      }
    }
    #expect(table.live == taken.sorted())
  }
}
