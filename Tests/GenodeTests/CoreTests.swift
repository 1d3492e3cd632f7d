import Determinism
import FiascoABI
import Testing

@testable import Genode

/// Core against a kernel that accepts everything: which kernel calls in which order, and what the tables say.
@Suite struct CoreTests {
  @Test func `core boots in a fixed order`() {
    var host = CoreHost()
    let calls = host.takeCalls()
    #expect(calls.prefix(7) == ["ku_mem", "run_thread", "thread", "bind", "gate 8", "ex_regs", "run_thread"])
    #expect(calls[7] == "task")
    #expect(calls.suffix(5) == ["map to 0xa", "bind", "ex_regs", "log", "log"])
  }

  @Test func `a protection domain is a task, ten gates and an IRQ with consecutive ids`() throws {
    var host = CoreHost()
    let first = host.core.badges.count
    _ = host.takeCalls()
    let reply = host.session("PD", quota: SessionQuota.pd)
    let calls = host.takeCalls()
    let kinds = calls.map { $0.hasPrefix("gate") ? "gate" : $0 }
    #expect(kinds == ["task", "gate", "irq"] + Array(repeating: "gate", count: 9))
    #expect(host.core.badges.count == first + 12)
    let badge = try #require(reply?.capability?.badge)
    #expect(badge % 4 == 0)
    #expect(calls.last == "gate \(badge)")
  }

  @Test func `a thread is five objects and has a priority before a task`() {
    var host = CoreHost()
    let first = host.core.badges.count
    _ = host.takeCalls()
    let words = [0, 0] + RPCString.encode("worker")
    #expect(host.request(host.cpu, CPUOpcode.createThread, words, [host.pd])?.capability != nil)
    let calls = host.takeCalls().map { $0.hasPrefix("gate") ? "gate" : $0 }
    // The second thread of init: place 1, hence gate 0xc and IRQ 0xe; the task itself goes to slot 1.
    #expect(
      calls == [
        "thread", "gate", "irq", "bind irq", "run_thread", "run_thread", "map to 0x1", "map to 0xc", "map to 0xe",
        "gate", "gate",
      ])
    #expect(host.core.badges.count == first + 5)
  }

  @Test func `start maps the pager gate, binds, and sets the registers last`() throws {
    var host = CoreHost()
    let words = [0, 0] + RPCString.encode("worker")
    let thread = try #require(host.request(host.cpu, CPUOpcode.createThread, words, [host.pd])?.capability?.badge)
    _ = host.takeCalls()
    _ = host.request(thread, CPUThreadOpcode.start, [0x1000, 0x2000])
    #expect(host.takeCalls() == ["map to 0xd", "bind", "ex_regs"])
    host.answer = { call in
      let isBind = call.tag.label == KernelProtocol.thread && call.words[0] & ThreadControl.bind != 0
      return isBind ? .refused(.invalidArgument) : nil
    }
    let reply = host.request(thread, CPUThreadOpcode.start, [0x3000, 0x4000])
    #expect(reply?.exception == nil)
    #expect(host.takeCalls() == ["map to 0xd", "bind", "log"])
  }

  @Test func `B52 a request for another object than the gate's is ignored, and so is one for an object that is gone`() {
    var host = CoreHost()
    #expect(host.request(host.ram, opcode: RAMOpcode.quota.rawValue, claimed: host.ram + 4) == nil)
    #expect(host.request(0x4000, RAMOpcode.quota) == nil)
    #expect(host.request(host.ram, RAMOpcode.quota)?.exception == nil)
    #expect(host.request(host.ram, opcode: 99)?.exception == .invalidArgs)
  }

  @Test func `a refused session costs nothing and leaves nothing behind`() {
    var host = CoreHost()
    let before = host.core
    #expect(host.session("PD", quota: 4096)?.exception == .quotaExceeded)
    #expect(host.session("LOG", quota: 512)?.exception == .quotaExceeded)
    #expect(host.session("ROM", quota: 4096, label: "x -> none")?.exception == .unavailable)
    #expect(host.session("Nothing", quota: 4096)?.exception == .serviceDenied)
    #expect(host.session("RAM", quota: 1 << 40)?.exception == .quotaExceeded)
    #expect(host.core.badges == before.badges)
    #expect(host.core.slots == before.slots)
    #expect(host.core.ramSessions == before.ramSessions)
  }

  @Test func `closing a session returns its donation and its ids`() throws {
    var host = CoreHost()
    let badges = host.core.badges
    let accounts = host.core.ramSessions
    for service in ["PD", "RAM", "CPU", "RM", "LOG"] {
      let session = try #require(host.session(service, quota: 256 << 10)?.capability?.badge)
      if service == "RM" { _ = host.request(session, RMOpcode.create, [0x4000]) }
      if service == "CPU" { _ = host.request(session, CPUOpcode.traceControl) }
      _ = host.request(host.parent, ParentOpcode.close, [], [session])
    }
    #expect(host.core.badges == badges)
    #expect(host.core.ramSessions == accounts)
  }

  @Test func `B55 signals of one context coalesce until they are fetched`() throws {
    var host = CoreHost()
    let context = try #require(host.request(host.pd, PDOpcode.allocContext, [0x77])?.capability?.badge)
    let other = try #require(host.request(host.pd, PDOpcode.allocContext, [0x88])?.capability?.badge)
    let source = try #require(host.request(host.pd, PDOpcode.allocSignalSource)?.capability?.badge)
    _ = host.takeCalls()
    for (badge, count) in [(context, 1), (other, 1), (context, 2)] as [(UInt64, UInt64)] {
      _ = host.request(host.pd, PDOpcode.submit, [count], [badge])
    }
    #expect(host.takeCalls() == ["trigger", "trigger"])
    #expect(host.request(source, SignalSourceOpcode.wait)?.words == [0x77, 3, 1])
    #expect(host.request(source, SignalSourceOpcode.wait)?.words == [0x88, 1, 0])
    _ = host.takeCalls()
    for lines in [[], ["log"], ["log"]] as [[String]] {
      #expect(host.request(source, SignalSourceOpcode.wait)?.words == [0, 0, 0])
      #expect(host.takeCalls() == lines)
    }
  }

  @Test func `B10 allocation of nothing gives an invalid capability and no exception`() {
    var host = CoreHost()
    let reply = host.request(host.ram, RAMOpcode.alloc, [0])
    #expect(reply?.exception == nil)
    #expect(reply?.capabilities == [nil])
  }

  @Test func `core waits for each byte of a serial console`() throws {
    var costs = GenodeCosts.free
    costs.picosecondsPerConsoleByte = 86_800_000
    var host = CoreHost(costs: costs)
    let log = try #require(host.session("LOG", quota: SessionQuota.log, label: "x")?.capability?.badge)
    let before = host.computed
    _ = host.request(log, LOGOpcode.write, RPCString.encode("hello"))
    #expect(host.computed - before == UInt64("[init -> x] hello\n".utf8.count) * 86_800_000)
  }

  @Test func `a detach unmaps page by page`() throws {
    var host = CoreHost()
    let dataspace = try #require(host.request(host.ram, RAMOpcode.alloc, [20 << 12])?.capability?.badge)
    let address = try #require(
      host.request(host.space, RegionMapOpcode.attach, [0, 0, 0, 0, 0], [dataspace])?.words[0])
    _ = host.takeCalls()
    _ = host.request(host.space, RegionMapOpcode.detach, [address])
    #expect(host.takeCalls() == Array(repeating: "unmap page", count: 20))
  }
}

/// Any request, however wrong, is answered or ignored; quota and memory are conserved.
@Suite struct CoreFuzzTests {
  @Test(arguments: 0..<12)
  func `no request harms core`(_ seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var host = CoreHost(ram: 8 << 20, modules: [BootModule(name: "rom", physicalAddress: 0x8000_0000, fileSize: 9000)])
    let total = host.core.ramSessions.live.reduce(0) { $0 + host.core.ramSessions[$1].limit }
    let services = ["PD", "RAM", "CPU", "RM", "ROM", "LOG", "Timer", "Env::pd_session"]
    for _ in 0..<300 {
      let known = (1...150).map { UInt64($0) * 4 }.filter { host.core.badges[$0] != nil }
      func anyBadge() -> UInt64 {
        random.next() % 8 == 0 ? random.next() : known[Int(random.next() % UInt64(known.count))]
      }
      if random.next() % 4 == 0 {
        let service = services[Int(random.next() % UInt64(services.count))]
        _ = host.session(service, quota: random.next() % (300 << 10), label: random.next() % 2 == 0 ? "rom" : "a -> b")
        continue
      }
      let small: [UInt64] = [0, 1, 0x1000, 0x2000, 0x5000, 0x20_0000, .max, 0x1_0000]
      let words = (0..<Int(random.next() % 42)).map { _ in small[Int(random.next() % UInt64(small.count))] }
      let badges = (0..<Int(random.next() % 3)).map { _ in random.next() % 6 == 0 ? nil : Optional(anyBadge()) }
      // Init's own environment lives as long as core: nobody can close it.
      _ = host.request(anyBadge() & ~3, opcode: random.next() % 13, words, badges)
      check(host.core, total: total)
    }
  }

  private func check(_ core: Core, total: UInt64) {
    #expect(core.ramSessions.live.reduce(0) { $0 + core.ramSessions[$1].limit } == total)
    var pages = core.memory.available
    for row in core.dataspaces.live {
      if case .memory(let physical) = core.dataspaces[row].backing, physical >= core.configuration.ramBase {
        pages += core.dataspaces[row].size
      }
    }
    #expect(pages == core.configuration.ramSize)
    for row in core.dataspaces.live {
      let regions = core.regionMaps.live.flatMap { core.regionMaps[$0].regions }
      #expect(core.dataspaces[row].attachments == regions.count { $0.dataspace == row })
    }
    for map in core.regionMaps.live {
      for region in core.regionMaps[map].regions { #expect(core.dataspaces.contains(region.dataspace)) }
      for row in core.faulters(of: map).rows { #expect(core.threads.contains(row)) }
      for outer in core.regionMaps[map].attachedIn { #expect(core.regionMaps.contains(outer)) }
    }
    for thread in core.threads.live {
      #expect(core.pds[core.threads[thread].pd].places[core.threads[thread].place] == thread)
    }
  }
}
