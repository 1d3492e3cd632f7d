import CheckpointRestore
import Determinism
import Simulation
import Testing

@testable import Scenarios

/// The two machines of a cluster are machines like any other.
@Suite struct ClusterTests {
  private static func machine(nodes: Int, sends: Bool = true) throws -> ScenarioMachine {
    try ScenarioMachine(
      PlayedScenario.parse(
        """
        { "title": "t",
          "machine": { "platform": "riscv-virt", "kernel": "r67", "nodes": \(nodes), "boot delay": "7ms",
            "link": { "latency": "300us", "bandwidth": "10MB/s" } },
          "components": [ { "name": "engine", "dataspaces": { "map": { "size": "64KiB" } }, "construct": [
            { "every": "10ms", "clock": "timer", "times": 1000, "do": [
              { "write": "map", "value": 7 }, { "compute": "1ms" }, { "log": "round" } ] } ] } ],
          "checkpointer": { "strategy": "stop-and-copy", \(sends ? "\"to\": 1," : "")
            "restore": { "child": "without-elf", "blocked": "reissue receive half" } },
          "timeline": [ { "at": "41ms", "checkpoint": "engine", "as": "c" }, { "at": "200ms", "stop": true } ] }
        """))
  }

  private static func after(_ milliseconds: Int64) -> Instant { Instant.zero + .milliseconds(milliseconds) }

  @Test(arguments: [1, 17, 60, 120]) func `a node with a quiet link runs as if it were alone`(
    _ milliseconds: Int64
  ) throws {
    let machine = try Self.machine(nodes: 2, sends: false)
    var cluster = machine.newCluster()
    var first = machine.newSystem()
    var second = machine.newSystem(node: 1)
    #expect(cluster.run(until: Self.after(milliseconds)) == first.run(until: Self.after(milliseconds)))
    #expect(cluster.first.digest == first.digest)
    #expect(cluster.now == Self.after(milliseconds))
    guard milliseconds > 7 else { return }
    _ = second.run(until: Self.after(milliseconds - 7))
    let digest = second.digest
    #expect(cluster.withSecond { $0.digest } == digest)
  }

  @Test func `what one node does is not seen in the other one`() throws {
    // The sender's image changes nothing in the machine that gets it, and nothing in the one that sends it.
    var silent = try Self.machine(nodes: 2, sends: false).newCluster()
    var sending = try Self.machine(nodes: 2).newCluster()
    _ = silent.run(until: Self.after(150))
    _ = sending.run(until: Self.after(150))
    #expect(sending.withSecond { $0.digest } == silent.withSecond { $0.digest })
    #expect(sending.digest() != silent.digest())
    #expect(Self.received(&sending) == 1 && Self.received(&silent) == 0)
  }

  private static func received(_ cluster: inout Cluster) -> Int? {
    cluster.withSecond { system in
      system.drainRecords().count { if case .checkpoint(.imageReceived) = $0.event { true } else { false } }
    }
  }

  /// Split anywhere, also while the image is under way.
  @Test(arguments: [3, 45, 47, 50, 90]) func `a fork goes on as the original does, and neither sees the other`(
    _ milliseconds: Int64
  ) throws {
    let machine = try Self.machine(nodes: 2)
    var straight = machine.newCluster()
    _ = straight.run(until: Self.after(150))
    var cluster = machine.newCluster()
    _ = cluster.run(until: Self.after(milliseconds))
    let before = cluster.digest()
    var copy = cluster.fork()
    #expect(copy.digest() == before)
    copy.fail(node: 0, at: Self.after(milliseconds + 1))
    _ = copy.run(until: Self.after(150))
    #expect(cluster.digest() == before)
    _ = cluster.run(until: Self.after(150))
    #expect(cluster.digest() == straight.digest())
    #expect(copy.digest() != straight.digest())
  }

  @Test func `a single node in a cluster is the node`() throws {
    let machine = try Self.machine(nodes: 1, sends: false)
    var cluster = machine.newCluster()
    var system = machine.newSystem()
    #expect(cluster.run(until: Self.after(100)) == system.run(until: Self.after(100)))
    #expect(cluster.digest() == system.digest && !cluster.isPair)
    #expect(cluster.traceDigest() == system.node.traceDigest && cluster.retired() == system.node.retired)
    #expect(cluster.withSecond { _ in 0 } == nil)
  }

  @Test(arguments: [0, 1]) func `nothing of a node happens after its failure`(_ node: Int) throws {
    var cluster = try Self.machine(nodes: 2).newCluster()
    let failure = Instant.zero + .microseconds(33_333)
    cluster.fail(node: node, at: failure)
    _ = cluster.run(until: Self.after(100))
    #expect(cluster.failure(ofNode: node) == failure && cluster.failure(ofNode: 1 - node) == nil)
    let first = cluster.first.drainRecords().map(\.at)
    let second = cluster.withSecond { $0.drainRecords().map(\.at) + [] } ?? []
    let end = node == 0 ? failure : failure - cluster.bootDelay
    #expect((node == 0 ? first : second).allSatisfy { $0 <= end })
    if node == 1 { #expect(first.contains { $0 > failure }) }
  }
}
