import CheckpointRestore
import ELFFiles
import Glibc

/// Checkpoint images as files, beside the same bytes written and read without a format.
///
/// Elapsed time, not CPU time: a file that has to reach the disk is waited for.
enum ImageBench {
  private static let mebibytes = 64
  private static let pages = mebibytes << 8
  private static let rounds = 7

  static func rows(_ figure: String) -> [Row] {
    let image = component(dirty: nil)
    let path = "\(Workspace.folder)/image.core"
    let plainPath = "\(Workspace.folder)/plain"
    guard (try? writeCore(image, executable: nil, to: path)) != nil, let bytes = try? readFile(path) else {
      return [Row(figure: "\(figure), 64 MiB", unit: .time, measured: nil, note: "no file can be written here")]
    }
    let write = inTurns({ _ = try? writeCore(image, executable: nil, to: path) }) {
      try? replaceFile(plainPath, with: bytes)
    }
    var (whole, plain) = (0, 0)
    let read = inTurns({ whole = (try? readCore(path))?.dataspaces.count ?? 0 }) {
      plain = (try? readFile(plainPath))?.count ?? 0
    }
    precondition(whole == 1 && plain == bytes.count, "what was written must be readable")
    return [
      row("\(figure), write and sync \(mebibytes) MiB", "a plain file", write),
      row("\(figure), read and verify \(mebibytes) MiB", "a plain file", read), dirtyRow(figure, path),
    ]
  }

  private static func row(_ figure: String, _ peer: String, _ times: (ours: Double, plain: Double)) -> Row {
    Row(figure: figure, unit: .time, measured: times.ours, peers: [(peer, .nanoseconds(times.plain))])
  }

  /// What one more page costs in an incremental image, from two sizes; beside it the same slope between larger ones.
  private static func dirtyRow(_ figure: String, _ path: String) -> Row {
    let counts = [0, 1_024, 4_096, 16_384]
    var times: [Double] = []
    var sizes: [Int] = []
    for count in counts {
      let image = component(dirty: count)
      times.append(inTurns({ _ = try? writeCore(image, executable: nil, to: path) }) {}.ours)
      sizes.append((try? readFile(path))?.count ?? 0)
    }
    let slope = (times[2] - times[1]) / Double(counts[2] - counts[1])
    let bend = (times[3] - times[2]) / Double(counts[3] - counts[2])
    let bytes = (sizes[2] - sizes[1]) / (counts[2] - counts[1])
    return Row(
      figure: "\(figure), incremental, each dirty page", unit: .time, measured: slope,
      note: "\(bytes) B; \(decimal(bend / 1000, 2)) us in larger ones, \(decimal(times[0] / 1e6, 1)) ms without any")
  }

  /// The best of several rounds, ours and the plain one in turn.
  private static func inTurns(_ ours: () -> Void, _ plain: () -> Void) -> (ours: Double, plain: Double) {
    var best = (ours: Double.infinity, plain: Double.infinity)
    for _ in 0..<rounds {
      best.ours = min(best.ours, elapsed(ours))
      best.plain = min(best.plain, elapsed(plain))
    }
    return best
  }

  private static func elapsed(_ body: () -> Void) -> Double {
    func now() -> Double {
      var time = timespec()
      clock_gettime(CLOCK_MONOTONIC, &time)
      return Double(time.tv_sec) * 1e9 + Double(time.tv_nsec)
    }
    let start = now()
    body()
    return now() - start
  }

  /// One dataspace without a zero page. With `dirty` so many pages of it are new, in stretches of sixteen, and the
  /// others in a parent.
  private static func component(dirty: Int?) -> CheckpointImage {
    var image = CheckpointImage(componentName: "flock", romName: "flock", kernelProfile: "modern")
    image.name = "c"
    var state: UInt64 = 1
    var contents: [UInt8] = []
    contents.reserveCapacity(pages << 12)
    while contents.count < pages << 12 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      withUnsafeBytes(of: state | 1) { contents.append(contentsOf: $0) }
    }
    var dataspace = DataspaceImage(badge: 1, size: UInt64(pages) << 12, contents: contents)
    var runs: [PageRun] = []
    if let dirty {
      image.parent = ParentImage(name: "c", generation: 1, digest: String(repeating: "0", count: 64))
      image.generation = 2
      let stretches = dirty / 16
      let clean = UInt64(pages - dirty)
      for stretch in 0..<stretches {
        runs.add(.captured, 16)
        runs.add(.inParent, clean / UInt64(stretches) + (stretch == 0 ? clean % UInt64(stretches) : 0))
      }
      if dirty == 0 { runs.add(.inParent, clean) }
    } else {
      runs.add(.captured, UInt64(pages))
    }
    dataspace.pages = runs
    image.dataspaces = [dataspace]
    image.regions = [RegionImage(address: 1 << 28, size: dataspace.size, dataspaceIndex: 0)]
    return image
  }
}
