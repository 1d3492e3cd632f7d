import FiascoABI

// What native components ask of core and of their parent, in the words of the protocol.

extension Script {
  /// Opens a session through the parent; the reply's capability is the session.
  public mutating func session(
    _ service: String, _ arguments: SessionArguments, parent: RPCCapability, into slot: CapabilitySlot
  ) throws(Suspension) -> RPCReply {
    try call(
      parent, ParentOpcode.session, RPCString.encode(service) + RPCString.encode(arguments.text), receiveInto: [slot])
  }

  /// Attaches a dataspace, anywhere or at a fixed address; nil if the region map refuses.
  public mutating func attach(
    _ dataspace: RPCCapability, to map: RPCCapability, at address: UInt64? = nil, size: UInt64 = 0, offset: UInt64 = 0,
    executable: Bool = false
  ) throws(Suspension) -> UInt64? {
    let words = [size, offset, address == nil ? 0 : 1, address ?? 0, executable ? 1 : 0]
    let reply = try call(map, RegionMapOpcode.attach, words, [dataspace])
    return reply.exception == nil ? reply.word(0) : nil
  }

  public mutating func detach(_ address: UInt64, from map: RPCCapability) throws(Suspension) {
    _ = try call(map, RegionMapOpcode.detach, [address])
  }

  public mutating func allocate(
    _ bytes: UInt64, from ram: RPCCapability, into slot: CapabilitySlot
  ) throws(Suspension) -> RPCCapability? {
    try call(ram, RAMOpcode.alloc, [bytes], receiveInto: [slot]).capability
  }

  /// Moves quota between related accounts; 0 on success.
  public mutating func transferQuota(
    _ bytes: UInt64, from source: RPCCapability, to target: RPCCapability
  ) throws(Suspension) -> Int64 {
    let reply = try call(source, RAMOpcode.transferQuota, [bytes], [target])
    return reply.exception == nil ? Int64(bitPattern: reply.word(0)) : -1
  }

  public mutating func log(_ text: String, to session: RPCCapability) throws(Suspension) {
    _ = try call(session, LOGOpcode.write, RPCString.encode(text, limit: RPCString.logLimit))
  }

  /// Repeats a call for as long as the session says that its donated quota is used up, with an upgrade and a line on the
  /// log in between. Models `Upgradeable_client`.
  mutating func upgrading(
    _ session: RPCCapability, of service: String, by bytes: UInt64 = 8192, parent: RPCCapability,
    log: RPCCapability?, _ call: (inout Script) throws(Suspension) -> RPCReply
  ) throws(Suspension) -> RPCReply {
    while true {
      let reply = try call(&self)
      guard reply.exception == .outOfMetadata else { return reply }
      if let log { try self.log("upgrading quota donation for Env::\(service) (\(bytes) bytes)", to: log) }
      let arguments = RPCString.encode("ram_quota=\(bytes)")
      if try self.call(parent, ParentOpcode.upgrade, arguments, [session]).exception != nil { return reply }
    }
  }

  /// Makes an object of the component callable: a gate to the thread named by `entrypoint`.
  public mutating func allocRPCCap(
    entrypoint: RPCCapability, pd: RPCCapability, into slot: CapabilitySlot
  ) throws(Suspension) -> RPCCapability? {
    try call(pd, PDOpcode.allocRPCCap, [], [entrypoint], receiveInto: [slot]).capability
  }

  public mutating func createThread(
    _ name: String, priority: Int = 0, cpu: Int = 0, session: RPCCapability, pd: RPCCapability,
    into slot: CapabilitySlot
  ) throws(Suspension) -> RPCCapability? {
    try requestThread(name, priority: priority, cpu: cpu, session: session, pd: pd, into: slot).capability
  }

  mutating func requestThread(
    _ name: String, priority: Int = 0, cpu: Int = 0, session: RPCCapability, pd: RPCCapability,
    into slot: CapabilitySlot
  ) throws(Suspension) -> RPCReply {
    let words = [UInt64(priority), UInt64(cpu)] + RPCString.encode(name, limit: 31)
    return try call(session, CPUOpcode.createThread, words, [pd], receiveInto: [slot])
  }
}
