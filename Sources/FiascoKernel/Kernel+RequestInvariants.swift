// Reads the queues of requests and the tables of threads and IRQs; writes nothing.

extension Kernel {
  /// What cores have asked each other and not yet seen done.
  var allRequests: [RemoteRequest] { (0..<coreCount).flatMap { processor($0).requests } }

  /// Whoever waits for another core is the initiator of one request, and whoever asked waits; what a request is about
  /// exists; a wake-up under way is announced by its flag.
  func checkRequests(_ findings: inout InvariantFindings) {
    guard isMulticore else {
      for index in threads.indices where threads[index].continuation == .requestWait {
        findings.add("T\(index) waits for another core, and there is none")
      }
      return
    }
    let requests = allRequests
    for request in requests {
      for t in [request.subject, request.initiator] where !t.isNone {
        findings.require(threads.contains(t.slot), "\(request) names the absent \(t)")
      }
      let t = request.initiator
      let waits = t.isNone || (threads.contains(t.slot) && threads[t.slot].continuation == .requestWait)
      findings.require(waits, "\(t) has asked another core and does not wait: \(request)")
      if case .irq(let i) = request {
        findings.require(irqs.contains(Int(i)) && irqs[Int(i)].isInFlight, "IRQ \(i) is requested without knowing it")
      }
    }
    for index in threads.indices { checkWaiting(ThreadID(index), requests, &findings) }
    for i in irqs.indices where irqs[i].isInFlight {
      findings.require(requests.contains(.irq(Int32(i))), "IRQ \(i) is in flight and nobody was asked")
    }
  }

  private func checkWaiting(_ t: ThreadID, _ requests: [RemoteRequest], _ findings: inout InvariantFindings) {
    let thread = threads[t.slot]
    findings.require(Int(thread.core) < coreCount, "\(t) is at home on a core that does not exist")
    if thread.continuation == .requestWait {
      let asked = requests.reduce(0) { $0 + ($1.initiator == t ? 1 : 0) }
      findings.require(asked == 1, "\(t) waits for another core and has asked \(asked) times")
    }
    if thread.flags.contains(.wakePending) {
      findings.require(requests.contains(.wake(t)), "\(t) is being woken and its core does not know")
      findings.require(!thread.isReady, "\(t) is ready and being woken")
    }
    if thread.flags.contains(.migrating) {
      findings.require(requests.contains(.arrive(t)), "\(t) is on its way and never arrives")
      findings.require(thread.flags.isDisjoint(with: [.placed, .listed]), "\(t) is on its way and on a core")
    }
  }
}
