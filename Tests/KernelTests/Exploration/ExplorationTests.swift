import FiascoABI
import Testing

@testable import FiascoKernel

/// Small worlds, explored exhaustively: whatever a few threads do, in whatever order, up to a depth.
///
/// In no state is a table inconsistent, a wake-up lost, a thread both ready and blocked, a call answered twice, or a
/// quota overdrawn.
struct ExplorationTests {
  #if DEBUG
    static let lessDepth = 2
  #else
    static let lessDepth = 0
  #endif

  private func explore(
    _ name: String, _ profile: KernelProfile.Name, priorities: [UInt8], cores: [Int] = [], depth: Int,
    _ fill: (inout Menu, [CapabilitySlot], KernelProfile) -> Void
  ) {
    var menu = Menu()
    fill(&menu, Menu.threads(priorities.count), .named(profile))
    var explorer = Explorer(menu: menu)
    var world = SmallWorld(.named(profile), priorities: priorities, cores: cores)
    explorer.explore(&world, depth: depth - Self.lessDepth)
    print(
      "exploration of \(name), \(profile.rawValue), priorities \(priorities): \(explorer.states) states, "
        + "\(explorer.transitions) transitions of \(menu.calls.count + 1) kinds, depth \(depth - Self.lessDepth)")
    if let finding = explorer.finding { Issue.record("\(finding)") }
    // A menu that leads nowhere tests nothing.
    #expect(explorer.states > 50)
  }

  @Test(arguments: KernelProfile.Name.allCases, [[10, 10], [10, 11], [11, 10]] as [[UInt8]])
  func `two threads and every form of IPC`(_ profile: KernelProfile.Name, _ priorities: [UInt8]) {
    explore("messages", profile, priorities: priorities, depth: 6) { menu, threads, _ in
      menu.addIPC(with: threads + [CapabilitySlot(SmallWorld.gateSlot)])
    }
  }

  @Test(arguments: KernelProfile.Name.allCases, [[10, 10, 10], [10, 11, 12], [12, 11, 10]] as [[UInt8]])
  func `three threads that call and answer each other`(_ profile: KernelProfile.Name, _ priorities: [UInt8]) {
    explore("calls", profile, priorities: priorities, depth: 6) { menu, threads, _ in
      menu.addIPC(with: threads, timeouts: [.never])
    }
  }

  @Test(arguments: KernelProfile.Name.allCases)
  func `four threads that call and answer each other`(_ profile: KernelProfile.Name) {
    explore("four callers", profile, priorities: [10, 11, 10, 9], depth: 6) { menu, threads, _ in
      menu.addIPC(with: Array(threads.prefix(2)), timeouts: [.never])
    }
  }

  @Test(arguments: KernelProfile.Name.allCases, [[10, 10, 10], [10, 11, 12], [12, 11, 10]] as [[UInt8]])
  func `three threads that cancel, stop and kill each other in the middle of their messages`(
    _ profile: KernelProfile.Name, _ priorities: [UInt8]
  ) {
    explore("interference", profile, priorities: priorities, depth: 5) { menu, threads, _ in
      menu.addIPC(with: [threads[0], threads[1]], timeouts: [.never])
      menu.addInterference(with: threads)
    }
  }

  @Test(arguments: KernelProfile.Name.allCases)
  func `gates that are bound and deleted while somebody calls through them`(_ profile: KernelProfile.Name) {
    explore("gates", profile, priorities: [10, 11, 9], depth: 5) { menu, threads, _ in
      let gates = (0...1).map { CapabilitySlot(SmallWorld.gateSlot + UInt32($0)) }
      menu.addIPC(with: gates, timeouts: [.never])
      menu.addGates(gates, threads: Array(threads.prefix(2)))
      menu.addInterference(with: [threads[0]])
    }
  }

  @Test(arguments: KernelProfile.Name.allCases)
  func `interrupts and semaphores beside messages`(_ profile: KernelProfile.Name) {
    explore("interrupts", profile, priorities: [10, 11, 9], depth: 5) { menu, threads, profile in
      menu.addIPC(with: [threads[0]], timeouts: [.never])
      menu.addInterrupts(threads: threads, profile: profile)
      menu.addInterference(with: [threads[0], threads[1]])
    }
  }

  @Test(arguments: KernelProfile.Name.allCases)
  func `priorities that change under way`(_ profile: KernelProfile.Name) {
    explore("priorities", profile, priorities: [10, 10, 10], depth: 5) { menu, threads, _ in
      menu.addIPC(with: [threads[0], threads[1]], timeouts: [.never])
      menu.addPriorities([9, 11], for: threads)
    }
  }

  @Test(arguments: KernelProfile.Name.allCases)
  func `objects made and deleted against a small quota`(_ profile: KernelProfile.Name) {
    explore("objects", profile, priorities: [10, 10], depth: 6) { menu, _, profile in
      menu.addObjects(profile: profile)
    }
  }

  @Test(arguments: KernelProfile.Name.allCases, [[0, 1], [0, 1, 0], [0, 1, 1]] as [[Int]])
  func `threads of two cores that send, call and answer each other`(_ profile: KernelProfile.Name, _ cores: [Int]) {
    let priorities: [UInt8] = [10, 10, 11]
    explore(
      "two cores", profile, priorities: Array(priorities.prefix(cores.count)), cores: cores,
      depth: cores.count == 2 ? 6 : 5
    ) { menu, threads, _ in
      menu.addIPC(with: threads, timeouts: cores.count == 2 ? Menu.allTimeouts : [.never])
    }
  }

  @Test(arguments: KernelProfile.Name.allCases)
  func `threads of two cores that cancel, stop and kill each other`(_ profile: KernelProfile.Name) {
    explore("interference of cores", profile, priorities: [10, 10], cores: [0, 1], depth: 5) { menu, threads, profile in
      menu.addIPC(with: threads, timeouts: [.never])
      menu.addInterference(with: threads)
      menu.addInterrupts(threads: threads, profile: profile)
    }
  }
}
