import Determinism
import FiascoABI
import Testing

@testable import Genode

/// What happens at the end of a table: a refusal with a line, never a crash.
@Suite struct LimitTests {
  @Test func `a component that opens sessions for ever is refused and its parent lives on`() throws {
    let source = #"""
      void component(void) {
        W n = 0; while (session("LOG", "ram_quota=2K, label=\"\"").badge != ~0UL) { n++; next_slot = 0x300; }
        say_number("opened", n > 200 && n < 260);
        n = 0; while (session("Timer", "ram_quota=0, label=\"\"").badge != ~0UL) { n++; next_slot = 0x300; }
        say_number("timers", n);
      }
      """#
    let result = try run([("greedy", source)], milliseconds: 400)
    #expect(result.lines == ["opened 1", "timers 0"])
    #expect(result.initLines.first == "Error: cap index allocation failed")
  }

  @Test func `B7 the 129th thread of a protection domain is refused`() throws {
    var host = CoreHost(ram: 64 << 20)
    let cpu = try #require(host.session("CPU", quota: 1 << 20)?.capability?.badge)
    let pd = try #require(host.session("PD", quota: 1 << 20)?.capability?.badge)
    let words = [0, 0] + RPCString.encode("t")
    for _ in 0..<128 { #expect(host.request(cpu, CPUOpcode.createThread, words, [pd])?.exception == nil) }
    let before = host.core.threads.count
    #expect(host.request(cpu, CPUOpcode.createThread, words, [pd])?.exception == .threadCreationFailed)
    #expect(host.core.threads.count == before)
  }

  @Test func `ids end at 16 bits with a refusal`() {
    var host = CoreHost(ram: 64 << 20)
    var refused: RPCException?
    _ = host.request(host.parent, ParentOpcode.upgrade, RPCString.encode("ram_quota=32M"), [host.pd])
    for _ in 0..<17_000 where refused == nil {
      refused = host.request(host.pd, PDOpcode.allocRPCCap, [], [host.core.threads[0].cpuThreadBadge])?.exception
    }
    #expect(refused == .unavailable)
    #expect(host.request(host.ram, RAMOpcode.quota)?.exception == nil)
  }

  @Test(arguments: [0, UInt64.max, UInt64.max - 4095, 1 << 63])
  func `a managed map of impossible size is refused`(_ size: UInt64) throws {
    var host = CoreHost()
    let rm = try #require(host.session("RM", quota: 64 << 10)?.capability?.badge)
    #expect(host.request(rm, RMOpcode.create, [size])?.exception == .invalidArgs)
  }

  @Test func `B17 nesting deeper than five maps finds nothing`() throws {
    var host = CoreHost()
    let rm = try #require(host.session("RM", quota: 256 << 10)?.capability?.badge)
    var inner = try #require(host.request(host.ram, RAMOpcode.alloc, [4096])?.capability?.badge)
    for depth in 1...5 {
      let map = try #require(host.request(rm, RMOpcode.create, [4096])?.capability?.badge)
      _ = host.request(map, RegionMapOpcode.attach, [0, 0, 1, 0, 0], [inner])
      inner = try #require(host.request(map, RegionMapOpcode.dataspace)?.capability?.badge)
      let address = UInt64(depth) << 20
      _ = host.request(host.space, RegionMapOpcode.attach, [0, 0, 1, address, 0], [inner])
      let outcome = host.core.lookUp(address + 8, in: host.core.initial.pd, write: false)
      if case .mapped = outcome { #expect(depth < 5) } else { #expect(depth == 5) }
    }
  }

  @Test(arguments: 0..<200)
  func `a damaged executable is refused or loaded, never fatal`(_ seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var header: [UInt64] = [0x10102_464c_457f, 0, 0x1_00f3_0002, 0x100_0000, 64, 0, 0x38_0040 << 32, 2]
    header[0] = 0x0001_0102_464c_457f
    header[6] = 0x0038_0040_0000_0000
    for _ in 0..<Int(random.next() % 3) { header[Int(random.next() % 8)] ^= 1 << (random.next() % 64) }
    guard let image = ELFImage(header: header, fileSize: 0x8000) else { return }
    #expect(image.tableWords <= Int(ELFImage.maxSegments) * ELFImage.programHeaderWords)
    #expect(image.tableOffset + UInt64(8 * image.tableWords) <= 0x8000)
    let table = (0..<image.tableWords).map { index -> UInt64 in
      index % 7 == 0 ? 1 | random.next() % 8 << 32 : random.next() % 3 == 0 ? random.next() : random.next() % 0x8000
    }
    guard let segments = ELFImage.segments(table, fileSize: 0x8000) else { return }
    for segment in segments {
      #expect(segment.offset + segment.fileSize <= 0x8000)
      #expect(segment.pages < 1 << 33)
      #expect(segment.isWritable || segment.offset % 4096 == segment.lead)
    }
  }
}
