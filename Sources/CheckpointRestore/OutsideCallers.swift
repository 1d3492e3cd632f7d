import FiascoABI
import Genode

// Who waits for an answer of a component that is being checkpointed, without being checkpointed itself: nobody could
// bring the two together again. The others are not stopped for this; where each of them stands, and what its code and
// stack say about it, tells. Writes taking.
extension Checkpointer {
  mutating func findOutsideCallers(_ script: inout Script) throws(Suspension) {
    let holders = run.threads.indices.filter { index in
      run.threads[index].image?.canHoldRequest == true
        && children[run.child].rpcObjects.contains { $0.isLive && $0.thread == run.threads[index].thread }
    }
    guard !holders.isEmpty else { return }
    let members = runs.map(\.child)
    for child in children.indices where !members.contains(child) && isClient(child, of: run.child) {
      guard let map = try capabilityMap(of: child, &script) else { continue }
      for row in children[child].threads.indices where children[child].threads[row].isStarted {
        guard children[child].threads[row].isLive, !children[child].threads[row].isPaused,
          let called = try servant(ofThread: row, of: child, map: map, &script),
          let holder = holders.first(where: { run.threads[$0].thread == called.thread })
        else { continue }
        let name = "\(children[child].name)/\(children[child].threads[row].name)"
        if run.threads[holder].image?.outsideCaller == nil { run.threads[holder].image?.outsideCaller = name }
      }
    }
  }

  private func isClient(_ child: Int, of server: Int) -> Bool {
    children[child].condition == .running
      && children[child].sessions.contains { session in
        session.isLive && session.provider == .sibling
          && children[server].rpcObjects.contains { $0.isLive && $0.real.badge == session.own.badge }
      }
  }

  private func capabilityMap(of child: Int, _ script: inout Script) throws(Suspension) -> UInt64? {
    guard let native = children[child].nativePD else { return nil }
    return try script.call(native, NativePDOpcode.capMapInfo).word(0)
  }

  private func servant(
    ofThread row: Int, of child: Int, map: UInt64, _ script: inout Script
  ) throws(Suspension) -> CalledThread? {
    var capture = ThreadCapture(thread: row)
    guard try locate(children[child].threads[row].real, &capture, &script),
      let target = try target(of: capture, in: child, &script)
    else { return nil }
    return try servant(behind: target, of: child, map: map, among: [run.child], &script)
  }

  /// Instruction and stack pointer of a thread that is not stopped for it: a stop without cancel tells them, and a
  /// thread inside a system call does not notice. False for one that stands in an exception.
  func locate(
    _ thread: RPCCapability, _ capture: inout ThreadCapture, _ script: inout Script
  ) throws(Suspension) -> Bool {
    _ = try script.call(thread, CPUThreadOpcode.pause)
    let state = try script.call(thread, CPUThreadOpcode.state).words
    _ = try script.call(thread, CPUThreadOpcode.resume)
    guard state.count == ThreadStateWords.count else { return false }
    capture.flags = ThreadStateFlags(rawValue: state[ThreadStateWords.flags])
    capture.words = Array(state[ThreadStateWords.registers...])
    return !capture.isStopped
  }
}
