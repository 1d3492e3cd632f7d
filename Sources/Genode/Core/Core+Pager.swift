import FiascoABI

/// State of core's pager thread.
struct CorePager: Hashable, Sendable {
  enum Phase: Hashable, Sendable {
    /// Waits for the next message, after sending the answer to the last one if there is any.
    case waiting(SystemCall?)
    case handling(SystemCallResult)
    case working(SystemCall?)
  }
  var phase = Phase.waiting(nil)
  var work = CoreWorkQueue()
  /// Core's capability to the pager thread.
  var slot = CapabilitySlot.thread
  /// The gate through which the entrypoint gives orders.
  var controlBadge: UInt64 = 0
}

/// Orders of the entrypoint to the pager.
enum PagerCommand: UInt64 {
  /// Memory may be there now: let the faulter try again.
  case wake
  /// Answer the exception of a paused thread with the registers of its record.
  case resume
}

extension Core {
  func pagerCommand(_ command: PagerCommand, _ thread: Int) -> SystemCall {
    let slot = badges[pager.controlBadge]?.slot ?? pager.slot
    return SystemCall(
      tag: MessageTag(words: 2), target: ObjectReference(slot: slot, operation: .call),
      words: [command.rawValue, UInt64(thread)], buffers: [])
  }

  mutating func stepPager(_ script: inout Script) throws(Suspension) {
    switch pager.phase {
    case .waiting(let answer):
      let result = try script.invoke(answer ?? Self.openWait)
      pager.phase = result.tag.hasError ? .waiting(nil) : .handling(result)
      if result.tag.hasError, answer != nil { printByPager("Ipc error \(result.error & 0x1f) in pagefault") }
    case .handling(let message):
      handle(message)
    case .working(let answer):
      guard let work = pager.work.first else {
        pager.phase = .waiting(answer)
        return
      }
      if let rest = try work.carryOut(&script) {
        pager.work.replaceFirst(by: rest)
      } else {
        pager.work.removeFirst()
      }
    }
  }

  private static let openWait = SystemCall(tag: MessageTag(), target: .special(.wait), buffers: [])

  private mutating func handle(_ message: SystemCallResult) {
    var answer: SystemCall?
    switch badges[Badge.of(label: message.label)]?.object {
    case .pagerGate(let thread)?:
      switch message.tag.label {
      case KernelProtocol.pageFault: answer = onPageFault(of: thread, message.words)
      case KernelProtocol.exception: answer = onException(of: thread, message.words)
      default: break
      }
    case .pagerControl?: carryOut(message.words)
    default: printByPager("Warning: no pager object found!")
    }
    pager.phase = .working(answer)
  }

  func chargePager(_ work: GenodeWork) -> CoreWork { .compute(picoseconds: configuration.costs.picoseconds(work)) }

  mutating func printByPager(_ line: String) {
    outbox.append(.warningPrinted(component: CorePlaces.name, text: line))
    pager.work += output(line)
  }
}

// Page faults. Writes threads[].flags, the queues of faulters, pager.work.
extension Core {
  enum FaultOutcome: Hashable {
    /// Send this much of core's memory.
    case mapped(FlexPage)
    /// No region here: where the lookup ended, and the address inside that map.
    case missing(map: Int, address: UInt64)
    /// A write to a boot module.
    case readOnly(map: Int, address: UInt64)
  }

  /// Looks for the memory behind an address of a PD, through nested maps.
  ///
  /// In 2016 the offset of an attached *map* is not added on the way down, only that of the final memory.
  func lookUp(_ address: UInt64, in pd: Int, write: Bool) -> FaultOutcome {
    var map = pds[pd].addressSpace
    var current = address
    var visible: Range<UInt64> = 0..<UInt64.max
    for _ in 0..<Self.nestingLimit {
      guard let region = regionMaps[map].region(at: current) else { return .missing(map: map, address: current) }
      let delta = address - current
      visible = max(visible.lowerBound, region.address + delta)..<min(visible.upperBound, region.end + delta)
      let dataspace = dataspaces[region.dataspace]
      switch dataspace.backing {
      case .managed(let inner):
        map = inner
        current -= region.address
        if configuration.release.addsOffsetsOfMaps { current += region.offset }
      case .memory(let physical):
        let source = physical + region.offset + (current - region.address)
        if write && !dataspace.isWritable {
          return .readOnly(map: map, address: configuration.release.recordsReadOnlyFaultsAtSource ? source : current)
        }
        return .mapped(flexPage(at: source, for: address, visible, writable: dataspace.isWritable))
      }
    }
    return .missing(map: map, address: current)
  }

  /// The largest page that alignment on both sides and the region allow.
  private func flexPage(at source: UInt64, for address: UInt64, _ visible: Range<UInt64>, writable: Bool) -> FlexPage {
    var order = 12
    while order < configuration.largestFaultOrder {
      let size: UInt64 = 1 << UInt64(order + 1)
      let start = address & ~(size - 1)
      guard start >= visible.lowerBound, visible.upperBound - start >= size, source & (size - 1) == address & (size - 1)
      else { break }
      order += 1
    }
    let mask: UInt64 = 1 << UInt64(order) - 1
    return .memory(source & ~mask, order: order, rights: writable ? .rwx : .rx)
  }

  private mutating func onPageFault(of row: Int, _ words: [UInt64]) -> SystemCall? {
    guard words.count >= 2 else { return nil }
    let address = words[0] & ~7
    let isWrite = words[0] & 2 != 0
    let thread = threads[row]
    pager.work.append(chargePager(.resolveFault))
    switch lookUp(address, in: thread.pd, write: isWrite) {
    case .mapped(let page):
      threads[row].flags.remove(.unresolvedPageFault)
      let size: UInt64 = 1 << UInt64(page.order)
      outbox.append(
        .faultResolved(
          pd: pds[thread.pd].label, name: thread.name, address: address, pages: Int(size / ComponentLayout.pageSize)))
      return SystemCall(
        tag: MessageTag(items: 1), target: ObjectReference(slot: thread.threadSlot, operation: .sendAndWait),
        timeouts: .sendZero, words: [SendItem.map(hotSpot: address & ~(size - 1)).raw, page.raw], buffers: [])
    case .missing(let map, let place):
      if regionMaps[map].pd != nil { printFault("no RM attachment", words, isWrite, thread) }
      suspend(row, at: map, place, isWrite)
    case .readOnly(let map, let source):
      printFault("attempted write at read-only memory", words, isWrite, thread)
      suspend(row, at: map, source, isWrite)
    }
    printByPager("Warning: " + faultWarning(thread, address, ip: words[1]))
    outbox.append(
      .faultUnresolved(pd: pds[thread.pd].label, name: thread.name, address: address, isWrite: isWrite))
    return nil
  }

  private func faultWarning(_ thread: CoreThread, _ address: UInt64, ip: UInt64) -> String {
    let (address, ip) = (address.hexadecimal, ip.hexadecimal)
    guard configuration.release.namesThreadInFaultWarning else { return "could not resolve pf=\(address) ip=\(ip)" }
    let names = "pd='\(pds[thread.pd].label)' thread='\(thread.name)'"
    return "page-fault, pager_object: \(names) ip=\(ip) pf-addr=\(address)"
  }

  private mutating func printFault(_ what: String, _ words: [UInt64], _ isWrite: Bool, _ thread: CoreThread) {
    let kind = isWrite ? "WRITE" : "READ"
    let badge = String(thread.pagerBadge, radix: 16)
    let (address, ip) = ((words[0] & ~7).hexadecimal, words[1].hexadecimal)
    printByPager("\(what) (\(kind) pf_addr=\(address) pf_ip=\(ip) from \(badge))")
  }

  /// The faulter waits for somebody to attach memory; the map's handler gets a signal.
  private mutating func suspend(_ row: Int, at map: Int, _ address: UInt64, _ isWrite: Bool) {
    threads[row].flags.insert(.unresolvedPageFault)
    enqueueFaulter(row, at: map, kind: isWrite ? .writeFault : .readFault, address: address)
    if let context = regionMaps[map].faultContext, let trigger = submit(context, count: 1) {
      pager.work.append(.invoke(trigger))
    }
  }
}

// Exceptions and orders of the entrypoint. Writes threads[], pager.work.
extension Core {
  /// Keeps all registers; the thread stays stopped until a resume, unless its pause has been taken back meanwhile.
  private mutating func onException(of row: Int, _ words: [UInt64]) -> SystemCall? {
    guard words.count >= ExceptionMessage.words else { return nil }
    pager.work.append(chargePager(.handleException))
    threads[row].registers = Array(words[0..<ExceptionMessage.words])
    threads[row].exceptions += 1
    let cause = words[ExceptionMessage.cause]
    outbox.append(
      .exceptionRecorded(
        pd: pds[threads[row].pd].label, name: threads[row].name, cause: cause,
        ip: words[ExceptionMessage.instructionPointer]))
    if cause == ExceptionCause.triggered {
      if !threads[row].flags.contains(.paused) {
        return exceptionReply(to: row, operation: .sendAndWait)
      }
    } else if let context = threads[row].exceptionContext, let trigger = submit(context, count: 1) {
      pager.work.append(.invoke(trigger))
    }
    threads[row].flags.insert(.inException)
    return nil
  }

  private func exceptionReply(to row: Int, operation: IPCOperation) -> SystemCall {
    SystemCall(
      tag: MessageTag(words: ExceptionMessage.words),
      target: ObjectReference(slot: threads[row].threadSlot, operation: operation),
      timeouts: IPCTimeouts(send: .zero, receive: .never), words: threads[row].registers, buffers: [])
  }

  /// Answers the entrypoint first, then lets the thread go. If the thread does not wait for the pager the message is
  /// lost, or, worse, a thread in an open wait receives it.
  private mutating func carryOut(_ words: [UInt64]) {
    guard words.count >= 2, let command = PagerCommand(rawValue: words[0]) else { return }
    let row = Int(words[1])
    pager.work.append(
      .invoke(SystemCall(tag: MessageTag(), target: .special(.replyOnly), timeouts: .sendZero)))
    guard threads.contains(row) else { return }
    var message = SystemCall(
      tag: MessageTag(), target: ObjectReference(slot: threads[row].threadSlot, operation: .send), timeouts: .sendZero)
    switch command {
    case .wake: threads[row].flags.remove(.unresolvedPageFault)
    case .resume:
      if threads[row].flags.contains(.inException) { message = exceptionReply(to: row, operation: .send) }
      threads[row].flags.remove(.inException)
    }
    pager.work.append(.invoke(message))
  }
}
