/// Where the bytes of one page come from on restore. "Not captured" differs from "zero".
public enum PageProvenance: String, Hashable, Codable, Sendable, CaseIterable {
  /// Read by the checkpointer for this image; the bytes are in it.
  case captured
  /// Read for this image, and nothing but zeros.
  case zero
  /// Not accessed since the parent image was made; the bytes are there, or in one of its parents.
  case inParent
  /// Belongs to somebody else, who may go on changing it: never in an image.
  case shared
  /// To be fetched again from the ROM service.
  case rom
  /// Nobody could read it, or there is nothing behind it.
  case hole
}

/// A stretch of pages of a dataspace that have one thing in common.
public struct PageRun: Hashable, Codable, Sendable {
  public var provenance: PageProvenance
  public var count: UInt64

  public init(_ provenance: PageProvenance, _ count: UInt64) {
    self.provenance = provenance
    self.count = count
  }
}

extension [PageRun] {
  /// Runs that meet and are of one kind become one.
  public mutating func add(_ provenance: PageProvenance, _ count: UInt64 = 1) {
    if count == 0 { return }
    if last?.provenance == provenance {
      self[self.count - 1].count += count
    } else {
      append(PageRun(provenance, count))
    }
  }

  /// How many pages there are of a kind.
  public func pages(_ provenance: PageProvenance) -> UInt64 {
    reduce(0) { $0 + ($1.provenance == provenance ? $1.count : 0) }
  }
}

extension DataspaceImage {
  public static let pageBytes: UInt64 = 4096

  /// The last page may be in use in part only.
  public var pageCount: UInt64 { size / Self.pageBytes + (size % Self.pageBytes == 0 ? 0 : 1) }

  /// What is known of each page, from the first to the last. Without a list of its own the dataspace's provenance is
  /// that of all pages.
  public var pageRuns: [PageRun] {
    pages.isEmpty ? derivedRuns(UInt64(contents.count)) : pages
  }

  /// For so many bytes of contents, without a list.
  public func derivedRuns(_ length: UInt64) -> [PageRun] {
    var runs: [PageRun] = []
    switch provenance {
    case .captured:
      let present = (length + Self.pageBytes - 1) / Self.pageBytes
      runs.add(.captured, present)
      runs.add(.zero, pageCount - Swift.min(present, pageCount))
    case .rom: runs.add(.rom, pageCount)
    case .shared: runs.add(.shared, pageCount)
    case .managed, .notCaptured: runs.add(.hole, pageCount)
    }
    return runs
  }

  /// Whether the page is zero as far as `contents` goes.
  public func isZero(page: UInt64) -> Bool {
    let begin = page * Self.pageBytes
    guard begin < UInt64(contents.count) else { return true }
    let end = Swift.min(begin + Self.pageBytes, UInt64(contents.count))
    return contents.withUnsafeBytes { all in
      let bytes = UnsafeRawBufferPointer(rebasing: all[Int(begin)..<Int(end)])
      let whole = bytes.count & ~7
      for offset in stride(from: 0, to: whole, by: 8)
      where bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self) != 0 { return false }
      return bytes[whole...].allSatisfy { $0 == 0 }
    }
  }

  /// Describes the pages of a captured dataspace of which `copied` was read for this image. The
  /// others are as the parent has them, or zero if there is none.
  mutating func describePages(copied: [MemoryStretch], hasParent: Bool) {
    var runs: [PageRun] = []
    var page: UInt64 = 0
    func skip(to end: UInt64) {
      guard end > page else { return }
      if hasParent {
        runs.add(.inParent, end - page)
      } else {
        addPages(page..<end, to: &runs)
      }
      page = end
    }
    for stretch in copied.sorted(by: { $0.offset < $1.offset }) {
      skip(to: stretch.offset / Self.pageBytes)
      let end = Swift.min((stretch.offset + stretch.size + Self.pageBytes - 1) / Self.pageBytes, pageCount)
      if page < end {
        addPages(page..<end, to: &runs)
        page = end
      }
    }
    skip(to: pageCount)
    pages = runs
  }

  /// Each page by what is in it; there is nothing behind the contents.
  fileprivate func addPages(_ range: Range<UInt64>, to runs: inout [PageRun]) {
    let present = min(range.upperBound, (UInt64(contents.count) + Self.pageBytes - 1) / Self.pageBytes)
    for number in range.lowerBound..<max(range.lowerBound, present) {
      runs.add(isZero(page: number) ? .zero : .captured)
    }
    runs.add(.zero, range.upperBound - max(range.lowerBound, present))
  }
}

extension CheckpointImage {
  /// The same checkpoint without a parent: what was there is in the image itself. The contents of an image in memory
  /// are complete, whatever the file holds.
  public func flattened() -> CheckpointImage {
    var image = self
    image.parent = nil
    for index in dataspaces.indices where dataspaces[index].pages.contains(where: { $0.provenance == .inParent }) {
      var runs: [PageRun] = []
      var page: UInt64 = 0
      for run in dataspaces[index].pages {
        if run.provenance == .inParent {
          dataspaces[index].addPages(page..<page + run.count, to: &runs)
        } else {
          runs.add(run.provenance, run.count)
        }
        page += run.count
      }
      image.dataspaces[index].pages = runs
    }
    return image
  }

  /// Pages of a kind in all dataspaces that are memory; region maps have none of their own.
  public func pages(_ provenance: PageProvenance) -> UInt64 {
    dataspaces.reduce(0) { $1.provenance == .managed ? $0 : $0 + $1.pageRuns.pages(provenance) }
  }
}
