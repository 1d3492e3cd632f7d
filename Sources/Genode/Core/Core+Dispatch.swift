import FiascoABI

// Who is meant, and which function: one place for all objects that core serves.

extension Core {
  /// Nil for an object core does not serve (any more): the client gets no answer and stays blocked.
  mutating func handle(_ request: RPCRequest, _ script: inout Script) throws(Interruption) -> RPCReply? {
    guard let object = badges[request.badge]?.object else { return nil }
    switch object {
    case .parentOfInit: return try handleParent(function(request), request, &script)
    case .pd(let pd): return try handlePD(function(request), pd, request, &script)
    case .nativePD(let pd): return try handleNativePD(function(request), pd, request, &script)
    case .signalSource(let pd): return try handleSignalSource(function(request), pd, request, &script)
    case .cpu(let cpu): return try handleCPU(function(request), cpu, request, &script)
    case .cpuThread(let thread): return try handleCPUThread(function(request), thread, request, &script)
    case .regionMap(let map): return try handleRegionMap(function(request), map, request)
    case .ram(let ram): return try handleRAM(function(request), ram, request, &script)
    case .dataspace(let dataspace): return try handleDataspace(function(request), dataspace)
    case .rm(let rm): return try handleRM(function(request), rm, request, &script)
    case .rom(let rom): return try handleROM(function(request), rom)
    case .log(let log): return try handleLog(function(request), log, request)
    case .task, .signalFinalizer, .signalIRQ, .signalContext, .thread, .threadGate, .threadIRQ, .pagerGate,
      .componentRPC, .pagerControl, .reserved:
      return nil
    }
  }

  private func function<Opcode: RawRepresentable<UInt64>>(_ request: RPCRequest) throws(Interruption) -> Opcode {
    guard let opcode = Opcode(rawValue: request.opcode) else { throw .refused(.invalidArgs) }
    return opcode
  }
}
