import FiascoABI

// RAM sessions and dataspaces. Writes ramSessions, dataspaces, memory.

extension Core {
  mutating func handleRAM(
    _ opcode: RAMOpcode, _ session: Int, _ request: RPCRequest, _ script: inout Script
  ) throws(Interruption) -> RPCReply {
    switch opcode {
    case .alloc:
      if request.word(0) == 0 { return RPCReply(capabilities: [nil]) }
      let dataspace = try allocate(request.word(0), from: session, &script)
      return reply(with: dataspaces[dataspace].badge)
    case .free:
      guard case .dataspace(let dataspace)? = object(request.capability(0)), dataspaces[dataspace].owner == session
      else { throw .refused(.invalidDataspace) }
      free(dataspace)
      return RPCReply()
    case .refAccount:
      return RPCReply(words: [setReferenceAccount(of: session, to: request.capability(0))])
    case .transferQuota:
      return RPCReply(words: [transferQuota(request.word(0), from: session, to: request.capability(0))])
    case .quota: return RPCReply(words: [ramSessions[session].limit])
    case .used: return RPCReply(words: [ramSessions[session].used])
    }
  }

  /// Takes memory out of an account and zeroes it, in core's only entrypoint: linear in size, and everybody waits.
  mutating func allocate(_ bytes: UInt64, from session: Int, _ script: inout Script) throws(Interruption) -> Int {
    charge(.allocateDataspace)
    guard bytes <= configuration.ramSize else { throw .refused(.quotaExceeded) }
    let size = bytes.roundedUpToPage
    do { try ramSessions[session].charge(size) } catch { throw .refused(error) }
    try consume(CoreMetadata.dataspace, of: .ram(session))
    guard let address = memory.allocate(size) else { throw .refused(.quotaExceeded) }
    let row = dataspaces.insert(
      Dataspace(badge: 0, size: size, backing: .memory(physical: address), isWritable: true, owner: session))
    let badge = try createGate(for: .dataspace(row), &script)
    dataspaces[row].badge = badge
    entrypoint.work.append(.fill(address: address, bytes: size))
    outbox.append(.dataspaceAllocated(badge: badge, bytes: size))
    return row
  }

  /// The capability goes first, then every attachment, then the memory. Other users of the dataspace notice nothing
  /// until they touch it.
  mutating func free(_ dataspace: Int) {
    let freed = dataspaces[dataspace]
    dissolve(freed.badge)
    detachEverywhere(dataspace)
    if let owner = freed.owner {
      ramSessions[owner].refund(freed.size)
      release(CoreMetadata.dataspace, of: .ram(owner))
      memory.release(freed.physicalAddress, size: freed.size)
    }
    dataspaces.remove(dataspace)
    outbox.append(.dataspaceFreed(badge: freed.badge, bytes: freed.size))
  }

  func handleDataspace(_ opcode: DataspaceOpcode, _ dataspace: Int) throws(Interruption) -> RPCReply {
    let dataspace = dataspaces[dataspace]
    switch opcode {
    case .size: return RPCReply(words: [dataspace.size])
    case .physicalAddress: return RPCReply(words: [dataspace.physicalAddress])
    case .writable: return RPCReply(words: [dataspace.isWritable ? 1 : 0])
    }
  }

  private mutating func setReferenceAccount(of session: Int, to capability: RPCCapability?) -> UInt64 {
    if ramSessions[session].reference != nil { return code(-2) }
    guard case .ram(let reference)? = object(capability) else { return code(-1) }
    if reference == session { return code(-3) }
    ramSessions[session].reference = reference
    return 0
  }

  private mutating func transferQuota(_ bytes: UInt64, from session: Int, to capability: RPCCapability?) -> UInt64 {
    guard case .ram(let target)? = object(capability) else { return code(-1) }
    do {
      try ramSessions.transfer(bytes, from: session, to: target)
      return 0
    } catch {
      if error == .notEnough {
        let source = ramSessions[session]
        warn("Insufficient quota for transfer: \(source.label)")
        warn("  have \(source.available), need \(bytes)")
      }
      return code(error.rawValue)
    }
  }

  private func code(_ number: Int64) -> UInt64 { UInt64(bitPattern: number) }
}
