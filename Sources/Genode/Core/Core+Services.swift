import FiascoABI

// The small services: RM, ROM, LOG. Writes rmSessions, romSessions, dataspaces, outbox.

/// Service names under which a component gets its own sessions from its parent.
public enum EnvironmentService {
  public static let ram = "Env::ram_session"
  public static let cpu = "Env::cpu_session"
  public static let pd = "Env::pd_session"
}

extension Core {
  mutating func handleRM(
    _ opcode: RMOpcode, _ session: Int, _ request: RPCRequest, _ script: inout Script
  ) throws(Interruption) -> RPCReply {
    switch opcode {
    case .create:
      guard request.word(0) > 0, request.word(0) <= ComponentLayout.addressSpaceSize else {
        throw .refused(.invalidArgs)
      }
      if configuration.release.limitsRMSessionToOneMap, !rmSessions[session].maps.isEmpty {
        throw .refused(.unavailable)
      }
      try consume(CoreMetadata.regionMap, of: .rm(session))
      let map = try createRegionMap(base: 0, size: request.word(0).roundedUpToPage, payer: .rm(session), &script)
      rmSessions[session].maps.append(map)
      return reply(with: regionMaps[map].badge)
    case .destroy:
      guard case .regionMap(let map)? = object(request.capability(0)),
        let index = rmSessions[session].maps.firstIndex(of: map)
      else {
        warn("could not find region map to destroy")
        return RPCReply()
      }
      destroyRegionMap(map)
      rmSessions[session].maps.remove(at: index)
      release(CoreMetadata.regionMap, of: .rm(session))
      return RPCReply()
    }
  }

  /// The module's name is the last element of the label; every session has a dataspace of its own for the same memory.
  mutating func openROM(label: String, _ script: inout Script) throws(Interruption) -> UInt64 {
    let name = Self.lastElement(of: label)
    guard let module = configuration.modules.first(where: { $0.name == name }) else { throw .refused(.unavailable) }
    let dataspace = dataspaces.insert(
      Dataspace(
        badge: 0, size: module.size, backing: .memory(physical: module.physicalAddress), isWritable: false, owner: nil))
    dataspaces[dataspace].badge = try createGate(for: .dataspace(dataspace), &script)
    let row = romSessions.insert(ROMSession(badge: 0, label: label, dataspace: dataspace))
    romSessions[row].badge = try createGate(for: .rom(row), &script)
    return romSessions[row].badge
  }

  static func lastElement(of label: String) -> String {
    let separator = Array(" -> ".utf8)
    let bytes = Array(label.utf8)
    guard bytes.count >= separator.count else { return label }
    for start in stride(from: bytes.count - separator.count, through: 0, by: -1)
    where Array(bytes[start..<start + separator.count]) == separator {
      return String(decoding: bytes[(start + separator.count)...], as: UTF8.self)
    }
    return label
  }

  func handleROM(_ opcode: ROMOpcode, _ session: Int) throws(Interruption) -> RPCReply {
    switch opcode {
    case .dataspace: return reply(with: dataspaces[romSessions[session].dataspace].badge)
    case .sigh: return RPCReply()
    }
  }

  mutating func handleLog(
    _ opcode: LOGOpcode, _ session: Int, _ request: RPCRequest
  ) throws(Interruption) -> RPCReply {
    switch opcode {
    case .write:
      guard let text = request.string(at: 0) else { throw .refused(.invalidArgs) }
      charge(.formatLine)
      let label = logSessions[session].label
      for line in text.split(separator: "\n", omittingEmptySubsequences: true) {
        outbox.append(.logWritten(component: label, text: String(line)))
        entrypoint.work += output("[\(label)] \(line)")
      }
      return RPCReply(words: [UInt64(text.utf8.count)])
    }
  }
}
