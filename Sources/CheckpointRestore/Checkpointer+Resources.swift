import FiascoABI
import Genode

// Own resources. Writes slots, signals, objects.
extension Checkpointer {
  static let upgrade: UInt64 = 16 << 10
  private static let upgradeAttempts = 3
  /// Slots that stay free for what the checkpointer needs itself.
  static let slotReserve = 64

  func has(_ fault: CheckpointerFault) -> Bool { configuration.faults.contains(fault) }

  /// A call that may cost metadata: if the session has none left, it is upgraded and asked again.
  func callExpanding<Operation: RawRepresentable<UInt64>>(
    _ object: RPCCapability, _ opcode: Operation, _ words: [UInt64] = [], _ capabilities: [RPCCapability?] = [],
    receiveInto slots: [CapabilitySlot] = [], payer: RPCCapability, by step: UInt64 = upgrade, _ script: inout Script
  ) throws(Suspension) -> RPCReply {
    var reply = try script.call(object, opcode, words, capabilities, receiveInto: slots)
    for _ in 0..<Self.upgradeAttempts where reply.exception == .outOfMetadata {
      let arguments = RPCString.encode("ram_quota=\(step)")
      _ = try script.call(environment.parent, ParentOpcode.upgrade, arguments, [payer])
      reply = try script.call(object, opcode, words, capabilities, receiveInto: slots)
    }
    return reply
  }

  /// A new gate of the checkpointer.
  mutating func makeGate(
    _ kind: InterposedObject.Kind, of child: Int, thread: RPCCapability? = nil, _ script: inout Script
  ) throws(Suspension) -> RPCCapability? {
    let slot = slots.take()
    let reply = try callExpanding(
      environment.pd, PDOpcode.allocRPCCap, [], [thread ?? environment.mainThread], receiveInto: [slot],
      payer: environment.pd, &script)
    guard let gate = reply.capability else {
      slots.release(slot)
      return nil
    }
    objects.append(InterposedObject(badge: gate.badge, child: child, kind: kind))
    return gate
  }

  mutating func dropGate(_ gate: RPCCapability, _ script: inout Script) throws(Suspension) {
    _ = try script.call(environment.pd, PDOpcode.freeRPCCap, [], [gate])
    objects.removeAll { $0.badge == gate.badge }
    slots.release(gate.slot)
  }

  /// Makes a dataspace visible in the checkpointer's own address space.
  func attachHere(_ dataspace: RPCCapability, _ script: inout Script) throws(Suspension) -> UInt64? {
    try attach(dataspace, to: environment.addressSpace, payer: environment.pd, &script)
  }

  func detachHere(_ address: UInt64, _ script: inout Script) throws(Suspension) {
    try script.detach(address, from: environment.addressSpace)
  }

  func attach(
    _ dataspace: RPCCapability, to map: RPCCapability, at address: UInt64? = nil, size: UInt64 = 0, offset: UInt64 = 0,
    executable: Bool = false, payer: RPCCapability, _ script: inout Script
  ) throws(Suspension) -> UInt64? {
    let words = [size, offset, address == nil ? 0 : 1, address ?? 0, executable ? 1 : 0]
    let reply = try callExpanding(map, RegionMapOpcode.attach, words, [dataspace], payer: payer, &script)
    return reply.exception == nil ? reply.word(0) : nil
  }

  mutating func allocateHere(_ bytes: UInt64, _ script: inout Script) throws(Suspension) -> RPCCapability? {
    guard slots.free > Self.slotReserve / 2 else { return nil }
    let slot = slots.take()
    let reply = try callExpanding(
      environment.ram, RAMOpcode.alloc, [bytes], receiveInto: [slot], payer: environment.ram, &script)
    if reply.capability == nil { slots.release(slot) }
    return reply.capability
  }

  mutating func openSignals(_ script: inout Script) throws(Suspension) {
    let taken = slots.take(3)
    signals.source = try script.call(environment.pd, PDOpcode.allocSignalSource, receiveInto: [taken[0]]).capability
    guard let source = signals.source else { return }
    signals.irq = try script.call(
      source, SignalSourceOpcode.requestSemaphore, [], [environment.mainThread], receiveInto: [taken[1]]
    ).capability
    signals.context = try script.call(environment.pd, PDOpcode.allocContext, [1], [source], receiveInto: [taken[2]])
      .capability
    if hasManagedMemory { try openFaultSignals(&script) }
  }
}
