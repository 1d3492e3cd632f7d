import Determinism
import Glibc
import Simulation

/// CPU time of this process so far, the time of other processes on the machine not included.
func processNanoseconds() -> UInt64 {
  var time = timespec()
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
  return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}

/// CPU time of the child processes that have ended and were waited for.
func childrenNanoseconds() -> UInt64 {
  var usage = rusage()
  getrusage(__rusage_who_t(RUSAGE_CHILDREN.rawValue), &usage)
  let seconds = usage.ru_utime.tv_sec + usage.ru_stime.tv_sec
  let microseconds = usage.ru_utime.tv_usec + usage.ru_stime.tv_usec
  return UInt64(seconds) * 1_000_000_000 + UInt64(microseconds) * 1000
}

/// Nanoseconds of CPU time for one of `count` operations that `body` carries out.
func nanosecondsEach(_ count: Int, _ body: () -> Void) -> Double {
  let start = processNanoseconds()
  body()
  return Double(processNanoseconds() - start) / Double(count)
}

/// Nanoseconds of CPU time for one of the operations that a system carries out within `span`, after some to warm up.
///
/// `count` tells how many it has done so far; with fewer than `atLeast` something has gone wrong.
func nanosecondsEach(
  in system: inout System, for span: TimeSpan, atLeast: UInt64, _ failure: String, count: (borrowing System) -> UInt64
) -> Double {
  _ = system.run(until: system.now + .milliseconds(5))
  let before = count(system)
  let start = processNanoseconds()
  _ = system.run(until: system.now + span)
  let time = processNanoseconds() - start
  let done = count(system) - before
  precondition(done > atLeast, failure)
  return Double(time) / Double(done)
}

/// What a peer came to, or why it was not measured.
enum PeerResult {
  case nanoseconds(Double)
  case missing(String)
}

/// The best of several rounds. Ours and the peers take turns, so that a busy or throttled machine hits both alike.
func interleaved(rounds: Int, _ ours: () -> Double, _ peers: [Peer]) -> (ours: Double, peers: [PeerResult]) {
  var best = Double.infinity
  var results = peers.map { PeerResult.missing($0.missing ?? "failed") }
  for _ in 0..<rounds {
    best = min(best, ours())
    for (index, peer) in peers.enumerated() {
      guard let time = peer.run() else { continue }
      if case .nanoseconds(let earlier) = results[index], earlier < time { continue }
      results[index] = .nanoseconds(time)
    }
  }
  return (best, results)
}
