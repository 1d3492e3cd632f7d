import Determinism

/// A periodic job of a component and all its releases.
public struct JobStreamRecord: Hashable, Sendable {
  public var component: String
  public var name: String
  public var period: TimeSpan
  /// After the release.
  public var deadline: TimeSpan
  /// In the order of release.
  public var jobs: [JobRecord]

  public init(component: String, name: String, period: TimeSpan, deadline: TimeSpan, jobs: [JobRecord] = []) {
    self.component = component
    self.name = name
    self.period = period
    self.deadline = deadline
    self.jobs = jobs
  }

  public var fullName: String { component == name ? name : "\(component)/\(name)" }
}

/// One release of a job.
public struct JobRecord: Hashable, Sendable {
  /// Nominal: when it should begin, not when the thread got the processor.
  public var release: Instant
  public var completion: Instant?
  /// When the thread began with it; nil if it never did.
  public var began: Instant?
  public var kind = Kind.released

  public enum Kind: Hashable, Sendable {
    case released
    /// It should have been, but nobody was there to do it.
    case notReleased
    /// Done before already, by the life of the component that was rolled back.
    case repeated
  }

  public init(release: Instant, completion: Instant? = nil, began: Instant? = nil, kind: Kind = .released) {
    self.release = release
    self.completion = completion
    self.began = began
    self.kind = kind
  }

  public var response: TimeSpan? { completion.map { $0 - release } }
}

/// How a job stands towards its deadline.
public enum JobVerdict: Hashable, Sendable {
  case met
  /// Completed too late, by so much.
  case late(by: TimeSpan)
  /// Not completed although the deadline has passed.
  case unfinished
  /// Nobody was there to do it.
  case notReleased
  /// The run ended before the deadline: nothing can be said.
  case open
}

extension JobStreamRecord {
  public func verdict(of job: JobRecord, end: Instant) -> JobVerdict {
    switch job.kind {
    case .released: break
    case .notReleased: return .notReleased
    case .repeated: return .met
    }
    let due = job.release + deadline
    guard let completion = job.completion else { return end > due ? .unfinished : .open }
    return completion > due ? .late(by: completion - due) : .met
  }

  /// Jobs judged so far, with their position in the stream.
  public func misses(end: Instant) -> [(number: Int, job: JobRecord, verdict: JobVerdict)] {
    jobs.enumerated().compactMap { number, job in
      switch verdict(of: job, end: end) {
      case .met, .open: nil
      case .late, .unfinished, .notReleased: (number, job, verdict(of: job, end: end))
      }
    }
  }

  public var responses: SpanStatistics? {
    SpanStatistics(jobs.filter { $0.kind == .released }.compactMap(\.response))
  }

  /// Each job once, however often it was repeated.
  public var releasedCount: Int { jobs.count { $0.kind == .released } }
  public var completedCount: Int { jobs.count { $0.kind == .released && $0.completion != nil } }
}

/// Order statistics of response times; every figure is one of the samples, except the average.
public struct SpanStatistics: Hashable, Sendable {
  public let count: Int
  public let minimum: TimeSpan
  /// Rounded down to a picosecond.
  public let average: TimeSpan
  public let median: TimeSpan
  public let p95: TimeSpan
  public let p99: TimeSpan
  public let maximum: TimeSpan

  /// Nil without samples: there is no figure to show then.
  public init?(_ samples: [TimeSpan]) {
    guard let first = samples.first else { return nil }
    let sorted = samples.sorted()
    func rank(_ percent: Int) -> TimeSpan { sorted[SpanStatistics.index(percent: percent, of: sorted.count)] }
    count = sorted.count
    minimum = sorted.first ?? first
    maximum = sorted.last ?? first
    (median, p95, p99) = (rank(50), rank(95), rank(99))
    average = SpanStatistics.average(of: sorted)
  }

  /// Nearest rank: the smallest sample that is not below `percent` of all samples.
  static func index(percent: Int, of count: Int) -> Int {
    max((percent * count + 99) / 100, 1) - 1
  }

  /// The sum of many long spans does not fit into 64 bits; quotients and remainders do.
  private static func average(of samples: [TimeSpan]) -> TimeSpan {
    let count = Int64(samples.count)
    var (whole, rest): (Int64, Int64) = (0, 0)
    for sample in samples {
      whole += sample.picoseconds / count
      rest += sample.picoseconds % count
    }
    return .picoseconds(whole + rest / count)
  }
}
