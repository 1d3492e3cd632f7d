/// The A extension. All orderings are the same here: one hart executes at a time, in program order.
extension Core {
  func atomic(
    _ record: UnsafePointer<DecodedInstruction>, _ reservation: inout UInt64?
  ) -> SlowOutcome {
    let selector = RareSelector(rawValue: record.pointee.immediate).details
    guard let function = AtomicFunction(rawValue: UInt8(truncatingIfNeeded: selector >> 1)) else {
      preconditionFailure("the decoder admits known atomic functions only")
    }
    let isDouble = selector & 1 == 1
    let size: UInt64 = isDouble ? 8 : 4
    let address = x[Int(record.pointee.rs1)]
    let operand = x[Int(record.pointee.rs2)]
    let access: MemoryAccess = function == .loadReserved ? .read : .write
    if address & (size - 1) != 0 { return .misaligned(address: address, access: access) }
    let rd = Int(record.pointee.rd)

    if function == .loadReserved {
      guard let host = translation.hostInPage(TranslationCache.Layout.readSet, address) else {
        return .miss(address: address, access: .read)
      }
      reservation = address
      x[rd] = isDouble ? host.load(as: UInt64.self) : UInt64(bitPattern: Int64(host.load(as: Int32.self)))
      return .done
    }
    if function == .storeConditional && reservation != address {
      reservation = nil
      x[rd] = 1
      return .done
    }
    guard let host = translation.hostInPage(TranslationCache.Layout.writeSet, address) else {
      return .miss(address: address, access: .write)
    }
    let outcome: SlowOutcome = translation.dropInstructions(address, bytes: size) ? .rewrote : .done
    if function == .storeConditional {
      reservation = nil
      if isDouble {
        host.storeBytes(of: operand, as: UInt64.self)
      } else {
        host.storeBytes(of: UInt32(truncatingIfNeeded: operand), as: UInt32.self)
      }
      x[rd] = 0
    } else if isDouble {
      let old = host.load(as: UInt64.self)
      host.storeBytes(of: function.combined(old, operand, negative: 1 << 63), as: UInt64.self)
      x[rd] = old
    } else {
      let old = host.load(as: UInt32.self)
      let new = function.combined(old, UInt32(truncatingIfNeeded: operand), negative: 1 << 31)
      host.storeBytes(of: new, as: UInt32.self)
      x[rd] = UInt64(bitPattern: Int64(Int32(bitPattern: old)))
    }
    return outcome
  }
}
