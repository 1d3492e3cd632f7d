import Determinism
import FiascoKernel
import FiascoMachine
import Genode
import Simulation
import Testing

@Suite struct BootTests {
  private func boot(_ profile: KernelProfile.Name) -> System {
    let timer = ChildConfiguration(name: "timer", program: .native(.timer), ramQuota: 1 << 20, provides: ["Timer"])
    return System(booting: [timer], files: [], profile: .named(profile), platform: .riscvVirt)
  }

  @Test(arguments: KernelProfile.Name.allCases)
  func `core starts init, init starts the timer, and then nothing happens`(_ profile: KernelProfile.Name) {
    var system = boot(profile)
    #expect(system.run(until: .zero + .milliseconds(20)) == .quiet)
    let events = system.drainRecords().compactMap { record -> GenodeEvent? in
      if case .genode(let event) = record.event { event } else { nil }
    }
    #expect(events.contains(.childStarted(name: "init")))
    #expect(events.contains(.childStarted(name: "timer")))
    #expect(events.last == .serviceAnnounced(name: "Timer", by: "timer"))
    let sessions = events.compactMap { event -> String? in
      if case .sessionOpened(let service, let label, _) = event { "\(service) \(label)" } else { nil }
    }
    #expect(sessions == ["LOG init", "PD init -> timer", "RAM init -> timer", "CPU init -> timer"])
    let console = String(decoding: system.node.kernel.console, as: UTF8.self)
    #expect(console.hasPrefix("Genode 16.08\n"))
  }

  @Test func `a fork in the middle of the boot ends like the original`() {
    for microseconds in stride(from: Int64(5), to: 270, by: 40) {
      var original = boot(.modern)
      _ = original.run(until: .zero + .microseconds(microseconds))
      var copy = original.fork()
      _ = original.run(until: .zero + .milliseconds(20))
      _ = copy.run(until: .zero + .milliseconds(20))
      #expect(original.digest == copy.digest)
      #expect(original.now == copy.now)
    }
  }
}
