import Testing

@testable import Determinism

@Suite struct StateDigestTests {
  private func digest(_ bytes: [UInt8]) -> UInt64 {
    var digest = StateDigest()
    digest.combine(bytes: bytes)
    return digest.value
  }

  @Test func `a digest is the same in every process`() {
    var digest = StateDigest()
    digest.combine(1 as UInt64)
    digest.combine("Fiasco")
    digest.combine(bytes: (0..<200).map { UInt8($0) })
    #expect(digest.description == "f63dd4e2cb42e472")
  }

  @Test func `the place of every byte counts`() {
    for size in [1, 7, 8, 9, 31, 64, 65, 96, 127, 128, 200] {
      let zeros = [UInt8](repeating: 0, count: size)
      var seen = [digest(zeros), digest(zeros + [0])]
      for place in 0..<size {
        var bytes = zeros
        bytes[place] = 1
        seen.append(digest(bytes))
      }
      #expect(Set(seen).count == seen.count)
    }
  }

  @Test func `equal bytes at another address give an equal digest`() {
    let bytes = (0..<300).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    for shift in 0..<9 {
      let padded = [UInt8](repeating: 0xff, count: shift) + bytes
      var shifted = StateDigest()
      padded.withUnsafeBytes { shifted.combine(bytes: UnsafeRawBufferPointer(rebasing: $0[shift...])) }
      #expect(shifted.value == digest(bytes))
    }
  }

  @Test func `order and boundaries count`() {
    var (one, other) = (StateDigest(), StateDigest())
    one.combine("ab")
    one.combine("c")
    other.combine("a")
    other.combine("bc")
    #expect(one.value != other.value)
    var (first, second) = (StateDigest(), StateDigest())
    for word in [1, 2] { first.combine(word) }
    for word in [2, 1] { second.combine(word) }
    #expect(first.value != second.value)
  }

  @Test func `one flipped bit changes about half of the value`() {
    var flipped = 0
    for bit in 0..<64 as Range<UInt64> {
      var (one, other) = (StateDigest(), StateDigest())
      one.combine(0 as UInt64)
      other.combine(1 << bit as UInt64)
      flipped += (one.value ^ other.value).nonzeroBitCount
    }
    #expect((1_800...2_300).contains(flipped))
  }
}

@Suite struct SeededGeneratorTests {
  @Test func `equal seeds give equal numbers and the published first ones`() {
    var generator = SeededGenerator(seed: 0)
    // xoshiro256** behind SplitMix64 of seed 0, as in the authors' C code.
    #expect(generator.next() == 0x99ec_5f36_cb75_f2b4)
    #expect(generator.next() == 0xbf6e_1f78_4956_452a)
    #expect(generator.next() == 0x1a5f_849d_4933_e6e0)
  }

  @Test func `a split stream depends on the name and leaves its origin alone`() {
    let origin = SeededGenerator(seed: 7)
    var (network, disk, again) = (
      origin.split(name: "network"), origin.split(name: "disk"), origin.split(name: "network")
    )
    let first = network.next()
    #expect(first == again.next())
    #expect(first != disk.next())
    #expect(origin == SeededGenerator(seed: 7))
  }

  @Test(arguments: [1, 2, 3, 10, 1 << 63 + 1] as [UInt64])
  func `a bounded number is below its bound and every small one occurs`(bound: UInt64) {
    var generator = SeededGenerator(seed: bound)
    let numbers = (0..<500).map { _ in generator.next(below: bound) }
    #expect(numbers.allSatisfy { $0 < bound })
    if bound <= 10 { for number in 0..<bound { #expect(numbers.contains(number)) } }
  }

  @Test func `a limit that was reached names itself`() {
    #expect(LimitReached(limit: "threads", value: Limits().threads) == LimitReached(limit: "threads", value: 100_000))
  }
}
