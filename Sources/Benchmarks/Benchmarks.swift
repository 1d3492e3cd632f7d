/// Measures speed and size beside named references in the same run, and prints a table (`make bench`).
///
/// Arguments select rows: a row is measured if its figure contains one of them.
@main struct Benchmarks {
  static func main() {
    if let figure = CommandLine.arguments.dropFirst().first.flatMap(SizeBench.Figure.init) {
      return SizeBench.report(figure)
    }
    defer { Workspace.remove() }
    let wanted = CommandLine.arguments.dropFirst()
    Table.printHeader()
    for (figure, measure) in figures where wanted.isEmpty || wanted.contains(where: figure.contains) {
      measure(figure).forEach(Table.print)
    }
  }

  private static var figures: [(String, (String) -> [Row])] {
    [
      ("event queue, hold model", eventQueue), ("RV64 interpreter", interpreter), ("IPC round trip", ipc),
      ("page fault", pageFault),
      ("kernel objects", objects), ("periodic jobs", jobs), ("fork", fork), ("memory of the simulator", memory),
      ("whole process", wholeProcess), ("checkpoint", CheckpointBench.rows), ("image", ImageBench.rows),
    ]
  }

  private static func eventQueue(_ figure: String) -> [Row] {
    [(1000, "1,000", 4_000_000), (1_000_000, "1,000,000", 2_000_000)].map { pending, text, holds in
      let peers = [
        Peer.cxx("C++ heap, clang -O3", "hold", "\(pending) \(holds)"), .simPy("hold_simpy", "\(pending) 50000"),
      ]
      let best = interleaved(rounds: 3, { HoldModel.nanosecondsEach(pending: pending, holds: holds) }, peers)
      return row("\(figure), \(text) pending", "1.3 x C++", "1.0 x C++", .time, best, peers)
    }
  }

  private static func interpreter(_ figure: String) -> [Row] {
    InterpreterProgram.all.map { program in
      let best = (0..<5).map { _ in program.run() }.min { $0.nanoseconds < $1.nanoseconds }
      let emulator = QemuBench.nanosecondsEach(program, retired: best?.retired ?? 0)
      return Row(
        figure: "\(figure), \(program.name)", floor: "200 M/s", aim: "300 M/s", unit: .rate("instr"),
        measured: best?.nanoseconds,
        peers: [("qemu-riscv64", emulator.map { .nanoseconds($0) } ?? .missing("not installed"))])
    }
  }

  private static func ipc(_ figure: String) -> [Row] {
    let peers = [
      Peer.cxx("SystemC threads", "ipc_systemc", "2000000", library: "-lsystemc"), .simPy("ipc_simpy", "30000"),
    ]
    let best = interleaved(rounds: 5, { IPCBench.run() }, peers)
    let apart = interleaved(rounds: 5, { IPCBench.run(cores: 2) }, [])
    return [
      row("\(figure), call and reply_and_wait", "2 M/s", "4 M/s", .rate("trips"), best, peers),
      row("\(figure), partners on two cores", "-", "-", .rate("trips"), apart, []),
    ]
  }

  private static func pageFault(_ figure: String) -> [Row] {
    let load = interleaved(rounds: 5, { FaultBench.run(.load) }, [])
    let store = interleaved(rounds: 5, { FaultBench.run(.store) }, [])
    return [
      row("\(figure), load, pager thread, map item", "0.7 M/s", "1.5 M/s", .rate("faults"), load, []),
      row("\(figure), store: a new page with it", "-", "-", .rate("faults"), store, []),
    ]
  }

  private static func objects(_ figure: String) -> [Row] {
    let map = interleaved(rounds: 5, { ObjectBench.run(.mapAndUnmap) }, [])
    let thread = interleaved(rounds: 5, { ObjectBench.run(.createAndDeleteThread) }, [])
    return [
      row("\(figure), map and unmap of a page", "-", "-", .rate("pairs"), map, []),
      row("\(figure), create and delete of a thread", "-", "-", .rate("pairs"), thread, []),
    ]
  }

  private static func jobs(_ figure: String) -> [Row] {
    [10, 100].map { tasks in
      let peers = [Peer.simPy("jobs_simpy", "\(tasks) 20")]
      let best = interleaved(rounds: 3, { JobsBench.run(tasks: tasks) }, peers)
      return row("\(figure), fixed priority, \(tasks) tasks", "2 M/s", "5 M/s", .rate("jobs"), best, peers)
    }
  }

  private static func fork(_ figure: String) -> [Row] {
    [(64, "64 MiB", "1 us", "0.3 us"), (1024, "1 GiB", "2 us", "0.75 us")].map { mebibytes, text, floor, aim in
      let peers = [Peer.cxx("fork(2)", "fork", "\(mebibytes)")]
      var system = ForkBench.system(mebibytes: mebibytes)
      let best = interleaved(rounds: 5, { ForkBench.run(&system) }, peers)
      return row("\(figure), one event, drop: 100 threads, \(text)", floor, aim, .time, best, peers)
    }
  }

  private static func memory(_ figure: String) -> [Row] {
    [
      Row(
        figure: "\(figure) per thread", floor: "4 KiB", aim: "1 KiB", unit: .bytes,
        measured: SizeBench.measure(.bytesPerThread)),
      Row(
        figure: "\(figure) per untouched page", floor: "64 B", aim: "8 B", unit: .bytes,
        measured: SizeBench.measure(.bytesPerUntouchedPage)),
    ]
  }

  private static func wholeProcess(_ figure: String) -> [Row] {
    let best = (0..<5).compactMap { _ in FlagshipBench.nanoseconds() }.min()
    return [
      Row(
        figure: "stasis run of the flagship, \(figure)", floor: "0.3 s", aim: "0.1 s", unit: .time, measured: best,
        note: best == nil ? "no `stasis` beside this program" : "")
    ]
  }

  private static func row(
    _ figure: String, _ floor: String, _ aim: String, _ unit: Row.Unit, _ best: (ours: Double, peers: [PeerResult]),
    _ peers: [Peer]
  ) -> Row {
    let named = zip(peers, best.peers).map { (name: $0.name, result: $1) }
    return Row(figure: figure, floor: floor, aim: aim, unit: unit, measured: best.ours, peers: named)
  }
}

/// A run of a whole scenario with its report, from the start of the process to its end.
enum FlagshipBench {
  private static let scenario = "Scenarios/ipc/reply-and-wait.json"

  /// CPU time; nil if the program is not built or does not play the scenario.
  static func nanoseconds() -> Double? {
    let start = childrenNanoseconds()
    guard shell("'\(Workspace.products)/stasis' run '\(Workspace.repository)/\(scenario)'").status == 0 else {
      return nil
    }
    return Double(childrenNanoseconds() - start)
  }
}
