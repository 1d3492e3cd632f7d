import FiascoABI
import Genode

// PD, RAM, region maps, RM, ROM and Timer sessions of children: every call is handed on and written down.

extension Checkpointer {
  mutating func handlePD(_ request: RPCRequest, of child: Int, _ script: inout Script) throws(Suspension) -> RPCReply {
    let target = children[child]
    guard let opcode = PDOpcode(rawValue: request.opcode) else { return .failed(.invalidArgs) }
    switch opcode {
    case .assignParent, .freeSignalSource: return RPCReply()
    case .allocSignalSource:
      if let known = target.signalSource { return RPCReply(capabilities: [known]) }
      let reply = try forwardKeeping(request, to: target.pd, &script)
      children[child].signalSource = reply.capability
      return reply
    case .nativePD:
      if let known = target.nativePD { return RPCReply(capabilities: [known]) }
      let reply = try forwardKeeping(request, to: target.pd, &script)
      children[child].nativePD = reply.capability
      return reply
    case .allocContext:
      let reply = try forwardKeeping(request, to: target.pd, &script)
      if let context = reply.capability {
        children[child].contexts.append(OnlineContext(real: context, imprint: request.word(0)))
      }
      return reply
    case .freeContext:
      let reply = try forward(request, to: target.pd, &script)
      if let badge = request.capability(0)?.badge,
        let index = target.contexts.firstIndex(where: { $0.isLive && $0.real.badge == badge })
      {
        children[child].contexts[index].isLive = false
        slots.release(target.contexts[index].real.slot)
      }
      return reply
    case .submit: return try forward(request, to: target.pd, &script)
    case .allocRPCCap: return try allocRPCCap(request, of: child, &script)
    case .freeRPCCap:
      let reply = try forward(request, to: target.pd, &script)
      if let badge = request.capability(0)?.badge,
        let index = target.rpcObjects.firstIndex(where: { $0.isLive && $0.real.badge == badge })
      {
        children[child].rpcObjects[index].isLive = false
        slots.release(target.rpcObjects[index].real.slot)
      }
      return reply
    case .addressSpace: return RPCReply(capabilities: [target.maps[0].own])
    case .stackArea: return RPCReply(capabilities: [target.maps[1].own])
    case .linkerArea: return RPCReply(capabilities: [target.maps[2].own])
    }
  }

  private mutating func allocRPCCap(
    _ request: RPCRequest, of child: Int, _ script: inout Script
  ) throws(Suspension) -> RPCReply {
    guard let badge = request.capability(0)?.badge, let thread = children[child].thread(badge: badge) else {
      return .failed(.invalidCapability)
    }
    let real = children[child].threads[thread].real
    let reply = try forwardKeeping(request, to: children[child].pd, capabilities: [real], &script)
    if let object = reply.capability {
      children[child].rpcObjects.append(OnlineRPCObject(real: object, thread: thread))
    }
    return reply
  }

  mutating func handleRAM(_ request: RPCRequest, of child: Int, _ script: inout Script) throws(Suspension) -> RPCReply {
    let ram = children[child].ram
    guard let opcode = RAMOpcode(rawValue: request.opcode) else { return .failed(.invalidArgs) }
    switch opcode {
    case .alloc where configuration.strategy.usesManagedMemory && request.word(0) > 0:
      guard let row = try makeManaged(request.word(0), for: child, asked: .request, &script) else {
        return .failed(.outOfMetadata)
      }
      return RPCReply(capabilities: [children[child].dataspaces[row].real])
    case .alloc:
      let reply = try forwardKeeping(request, to: ram, &script)
      guard let dataspace = reply.capability else { return reply }
      let mask = ComponentLayout.pageSize - 1
      children[child].dataspaces.append(
        OnlineDataspace(real: dataspace, size: (request.word(0) + mask) & ~mask, kind: .ram))
      return reply
    case .free:
      let known = request.capability(0).flatMap { children[child].dataspace(badge: $0.badge) }
      if let known, children[child].dataspaces[known].managed != nil {
        forget(known, of: child)
        jobs.pushFront(.dissolve(child: child, dataspace: known))
        settleBeforeLoss(of: known, child)
        return RPCReply()
      }
      let reply = try forward(request, to: ram, &script)
      guard reply.exception == nil, let index = known else { return reply }
      forget(index, of: child)
      return reply
    case .refAccount, .transferQuota:
      let account = request.capability(0).map { capability in
        let known = children.first { child in
          child.sessions.count > 1 && child.sessions[TargetChild.ramSession].own.badge == capability.badge
        }
        return known?.ram ?? capability
      }
      return try forward(request, to: ram, capabilities: [account], &script)
    case .quota, .used: return try forward(request, to: ram, &script)
    }
  }

  /// A freed dataspace vanishes from every region map; its id will be given to another object.
  mutating func forget(_ dataspace: Int, of child: Int) {
    let badge = children[child].dataspaces[dataspace].real.badge
    children[child].dataspaces[dataspace].isLive = false
    slots.release(children[child].dataspaces[dataspace].real.slot)
    for map in children[child].maps.indices { children[child].maps[map].regions.removeAll { $0.dataspace == badge } }
  }

  mutating func handleMap(
    _ request: RPCRequest, _ map: Int, of child: Int, _ script: inout Script
  ) throws(Suspension) -> RPCReply {
    let real = children[child].maps[map].real
    guard let opcode = RegionMapOpcode(rawValue: request.opcode) else { return .failed(.invalidArgs) }
    switch opcode {
    case .attach:
      let reply = try forward(request, to: real, &script)
      if reply.exception == nil { try recordAttach(request, at: reply.word(0), map, of: child, &script) }
      return reply
    case .detach:
      let reply = try forward(request, to: real, &script)
      let address = request.word(0)
      if has(.inclusiveRegionEnd),
        let first = children[child].maps[map].regions.firstIndex(where: { $0.reaches(address) })
      {
        children[child].maps[map].regions.remove(at: first)
      } else {
        children[child].maps[map].regions.removeAll { address >= $0.address && address - $0.address < $0.size }
      }
      return reply
    case .faultHandler:
      children[child].maps[map].faultHandler = request.capability(0)?.badge ?? 0
      return try forward(request, to: real, &script)
    case .state: return try forward(request, to: real, &script)
    case .dataspace: return try mapDataspace(request, map, of: child, &script)
    }
  }

  private mutating func mapDataspace(
    _ request: RPCRequest, _ map: Int, of child: Int, _ script: inout Script
  ) throws(Suspension) -> RPCReply {
    if let known = children[child].dataspaces.first(where: { $0.isLive && $0.kind == .managed(map: map) }) {
      return RPCReply(capabilities: [known.real])
    }
    let reply = try forwardKeeping(request, to: children[child].maps[map].real, &script)
    if let dataspace = reply.capability {
      children[child].dataspaces.append(
        OnlineDataspace(real: dataspace, size: children[child].maps[map].size, kind: .managed(map: map)))
    }
    return reply
  }

  private mutating func recordAttach(
    _ request: RPCRequest, at address: UInt64, _ map: Int, of child: Int, _ script: inout Script
  ) throws(Suspension) {
    guard let dataspace = request.capability(0) else { return }
    let index: Int
    if let known = children[child].dataspace(badge: dataspace.badge) {
      index = known
    } else {
      // Of some other server: it exists, and that is all that is known of it.
      let size = try script.call(dataspace, DataspaceOpcode.size).word(0)
      children[child].dataspaces.append(OnlineDataspace(real: dataspace, size: size, kind: .foreign))
      index = children[child].dataspaces.count - 1
    }
    let mask = ComponentLayout.pageSize - 1
    let offset = request.word(1)
    let size = request.word(0) == 0 ? children[child].dataspaces[index].size - offset : (request.word(0) + mask) & ~mask
    children[child].maps[map].regions.append(
      OnlineRegion(
        address: address, size: size, offset: offset, dataspace: dataspace.badge, executable: request.word(4) != 0))
  }

  mutating func handleRM(
    _ request: RPCRequest, _ session: Int, of child: Int, _ script: inout Script
  ) throws(Suspension) -> RPCReply {
    let target = children[child].sessions[session]
    guard let opcode = RMOpcode(rawValue: request.opcode) else { return .failed(.invalidArgs) }
    switch opcode {
    case .create:
      let reply = try forwardKeeping(request, to: target.real, &script)
      guard let real = reply.capability else { return reply }
      guard let own = try makeGate(.map(children[child].maps.count), of: child, &script) else {
        return .failed(.outOfMetadata)
      }
      let mask = ComponentLayout.pageSize - 1
      children[child].maps.append(
        OnlineMap(
          name: "region map \(children[child].maps.count)", own: own, real: real,
          size: (request.word(0) + mask) & ~mask, session: target.own.badge))
      return RPCReply(capabilities: [own])
    case .destroy:
      guard let badge = request.capability(0)?.badge,
        let map = children[child].maps.firstIndex(where: { $0.isLive && $0.own.badge == badge })
      else { return try forward(request, to: target.real, &script) }
      let reply = try forward(request, to: target.real, capabilities: [children[child].maps[map].real], &script)
      children[child].maps[map].isLive = false
      if let dataspace = children[child].dataspaces.firstIndex(where: { $0.isLive && $0.kind == .managed(map: map) }) {
        forget(dataspace, of: child)
      }
      try dropGate(children[child].maps[map].own, &script)
      return reply
    }
  }

  mutating func handleROM(
    _ request: RPCRequest, _ session: Int, of child: Int, _ script: inout Script
  ) throws(Suspension) -> RPCReply {
    let target = children[child].sessions[session]
    guard request.opcode == ROMOpcode.dataspace.rawValue else { return try forward(request, to: target.real, &script) }
    let kind = OnlineDataspace.Kind.rom(session: target.own.badge)
    if let known = children[child].dataspaces.first(where: { $0.isLive && $0.kind == kind }) {
      return RPCReply(capabilities: [known.real])
    }
    let reply = try forwardKeeping(request, to: target.real, &script)
    if let dataspace = reply.capability {
      let size = try script.call(dataspace, DataspaceOpcode.size).word(0)
      children[child].dataspaces.append(
        OnlineDataspace(real: dataspace, size: size, kind: kind))
    }
    return reply
  }

  mutating func handleTimer(
    _ request: RPCRequest, _ session: Int, of child: Int, _ script: inout Script
  ) throws(Suspension) -> RPCReply {
    guard let opcode = TimerOpcode(rawValue: request.opcode) else { return .failed(.invalidArgs) }
    var reply = try forward(request, to: children[child].sessions[session].real, &script)
    guard reply.exception == nil else { return reply }
    switch opcode {
    case .triggerOnce, .triggerPeriodic:
      let now = try script.readClock()
      forgetPeriod(of: session, child)
      children[child].sessions[session].timer.timeout = request.word(0)
      children[child].sessions[session].timer.armedAt = now
      children[child].sessions[session].timer.isPeriodic = opcode == .triggerPeriodic
      children[child].sessions[session].timer.isArmed = opcode == .triggerOnce || request.word(0) != 0
    case .sigh: children[child].sessions[session].timer.handler = request.capability(0)?.badge ?? 0
    case .elapsedMilliseconds:
      reply.words = [reply.word(0) + children[child].sessions[session].timer.offsetMilliseconds]
    }
    return reply
  }
}
