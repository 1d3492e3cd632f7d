import FiascoABI
import Genode

/// A context's signals that core has not delivered.
struct PendingSignal: Hashable, BitwiseCopyable, Sendable {
  var imprint: UInt64
  var count: UInt64
}

// Signals on their way. Writes taking.
extension Checkpointer {
  /// Takes the signals of a stopped child out of core's queue: fetching never blocks, and the checkpointer holds the
  /// source it once handed through.
  ///
  /// A signal handler that was cut off while it waited for its interrupt had nothing to fetch, or it would not have
  /// waited; then nothing is asked, because core warns about empty queues. What is submitted later belongs to the
  /// time after the checkpoint.
  mutating func drainSignals(_ script: inout Script) throws(Suspension) {
    guard let source = children[run.child].signalSource, !handlerWaits else { return }
    let words = try script.call(source, SignalSourceOpcode.wait).words
    guard words.count >= 2, words[0] != 0 else { return }
    run.pendingSignals.append(PendingSignal(imprint: words[0], count: words[1]))
    // Where interrupts are merged, the third word tells what is left; where they are counted, nobody tells.
    let isLast = words.count > 2 && words[2] == 0 && !["r67", "2019"].contains(configuration.kernelProfile)
    if !isLast { jobs.pushFront(.drainSignals) }
  }

  private var handlerWaits: Bool {
    let handler = run.threads.first {
      children[run.child].threads[$0.thread].name == ComponentLayout.signalHandlerName
    }
    return handler?.image?.situation != .runnable
  }

  /// The original gets back what was taken, in the same order and merged as it was.
  mutating func returnSignals(_ position: Int, _ script: inout Script) throws(Suspension) {
    let pending = run.pendingSignals[position]
    guard let context = children[run.child].contexts.first(where: { $0.isLive && $0.imprint == pending.imprint })
    else { return }
    _ = try script.call(children[run.child].pd, PDOpcode.submit, [pending.count], [context.real])
  }
}
