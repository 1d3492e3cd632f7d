import Determinism
import FiascoABI
import FiascoKernel
import FiascoMachine
import Genode
import Simulation
import Testing

@Suite struct BootTests {
  @Test func `core starts init and init starts the timer`() {
    let timer = ChildConfiguration(name: "timer", program: .native(.timer), ramQuota: 1 << 20, provides: ["Timer"])
    var system = System(booting: [timer], files: [], profile: .modern, platform: .riscvVirt)
    let exit = system.run(until: .zero + .milliseconds(20))
    let records = system.drainRecords()
    for record in records { if case .genode(let e) = record.event { print(record.at, e) } }
    print(String(decoding: system.node.kernel.console, as: UTF8.self))
    print(exit)
    for record in records.suffix(40) { print(record.at, record.event) }
  }
}
