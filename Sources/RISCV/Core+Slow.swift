/// What the interpreter's loop does rarely, out of line so that the loop keeps its variables in registers.
extension Core {
  /// Ends a stay at the flow's next instruction.
  @inline(never) func leave(_ flow: Flow, _ budget: Int, _ reason: ExitReason) -> HartExit {
    x[32] = pc(of: flow.record, page: flow.page)
    return HartExit(reason: reason, retired: UInt64(budget - (flow.end - flow.record)))
  }

  /// Ends a stay because a jump or the end of a page led to a page that is not cached. The jump itself has retired. If
  /// the budget is met at the same time, that comes first: what is cached must not change the order of events.
  @inline(never) func fetchMiss(_ pc: UInt64, budget: Int, left: Int) -> HartExit {
    x[32] = pc
    let reason: ExitReason = left == 0 ? .budget : .translationMiss(address: pc, access: .execute)
    return HartExit(reason: reason, retired: UInt64(budget - left))
  }

  /// The record of the instruction at `pc`; nil if its page is not cached for execution.
  @inline(__always) func entry(_ pc: UInt64) -> UnsafePointer<DecodedInstruction>? {
    if let page = translation.decodedPage(pc) {
      let start = Int(page.starts[Int(truncatingIfNeeded: pc >> 1 & 2047)])
      if _fastPath(start != 0) { return UnsafePointer(page.records + (start - 1)) }
    }
    return entrySlowly(pc)
  }

  @inline(never) private func entrySlowly(_ pc: UInt64) -> UnsafePointer<DecodedInstruction>? {
    guard let page = translation.decodedPage(pc) else { return nil }
    let halfword = Int(pc >> 1 & 2047)
    page.decode(from: halfword, host: translation.code(pc))
    return UnsafePointer(page.records + (Int(page.starts[halfword]) - 1))
  }

  /// The address of the instruction that a record of the page at `page` stands for.
  @inline(never) func pc(of record: UnsafePointer<DecodedInstruction>, page: UInt64) -> UInt64 {
    let inScratch = record - UnsafePointer(scratch)
    if inScratch >= 0 && inScratch < 2 { return page &+ 4094 &+ UInt64(inScratch) * 4 }
    guard let decoded = translation.decodedPage(page) else {
      preconditionFailure("a page cannot leave the cache while it executes")
    }
    return page &+ UInt64(decoded.offsets[record - UnsafePointer(decoded.records)]) * 2
  }

  /// The place for an instruction that straddles two pages, and the record that leads on.
  private var scratch: UnsafeMutablePointer<DecodedInstruction> {
    let place = UnsafeMutableRawPointer(translation.storage + TranslationCache.Layout.scratch)
    return place.assumingMemoryBound(to: DecodedInstruction.self)
  }

  /// Decodes the 4-byte instruction in the last halfword of `page`, each time it is reached: its second half belongs to
  /// a page that may change or go. Nil if that page is not cached.
  @inline(never) func decodeStraddling(_ page: UInt64) -> UnsafePointer<DecodedInstruction>? {
    let next = page &+ 4096
    guard translation.decodedPage(next) != nil else { return nil }
    let low = translation.code(page).load(fromByteOffset: 4094, as: UInt16.self)
    let high = translation.code(next).load(as: UInt16.self)
    scratch[0] = Decoder.decode(full: UInt32(low) | UInt32(high) << 16, offset: 4094, allowsNear: false)
    scratch[1] = DecodedInstruction(operation: .pageEnd, immediate: 4098)
    return UnsafePointer(scratch)
  }

  /// Whether the condition of a branch out of the page holds.
  func branches(_ record: UnsafePointer<DecodedInstruction>) -> Bool {
    let (left, right) = (x[Int(record.pointee.rs1)], x[Int(record.pointee.rs2)])
    return switch record.pointee.rd {
    case 0: left == right
    case 1: left != right
    case 4: Int64(bitPattern: left) < Int64(bitPattern: right)
    case 5: Int64(bitPattern: left) >= Int64(bitPattern: right)
    case 6: left < right
    default: left >= right
    }
  }

  /// The bits of the instruction that a record stands for, which cannot be executed now.
  func bits(of record: UnsafePointer<DecodedInstruction>, page: UInt64) -> UInt64 {
    let pc = pc(of: record, page: page)
    let low = translation.code(pc).load(fromByteOffset: Int(pc & 4095), as: UInt16.self)
    if low & 3 != 3 { return UInt64(low) }
    let next = pc &+ 2
    return UInt64(low) | UInt64(translation.code(next).load(fromByteOffset: Int(next & 4095), as: UInt16.self)) << 16
  }

  /// An instruction that the loop does not do itself: a load or store that did not hit, atomic or floating-point ones.
  @inline(never) func executeSlowly(
    _ record: UnsafePointer<DecodedInstruction>, _ page: UInt64, _ reservation: inout UInt64?
  ) -> SlowOutcome {
    let address = x[Int(record.pointee.rs1)] &+ UInt64(bitPattern: Int64(record.pointee.immediate))
    let value = x[Int(record.pointee.rs2)]
    switch record.pointee.operation {
    case .sb: return translation.store(address, size: 1, value)
    case .sh: return translation.store(address, size: 2, value)
    case .sw: return translation.store(address, size: 4, value)
    case .sd: return translation.store(address, size: 8, value)
    case .lb: return loadSlowly(record, address, size: 1) { UInt64(bitPattern: Int64(Int8(truncatingIfNeeded: $0))) }
    case .lh: return loadSlowly(record, address, size: 2) { UInt64(bitPattern: Int64(Int16(truncatingIfNeeded: $0))) }
    case .lw: return loadSlowly(record, address, size: 4) { Arithmetic.signExtendWord($0) }
    case .lbu: return loadSlowly(record, address, size: 1) { $0 }
    case .lhu: return loadSlowly(record, address, size: 2) { $0 }
    case .lwu: return loadSlowly(record, address, size: 4) { $0 }
    case .ld: return loadSlowly(record, address, size: 8) { $0 }
    default: break
    }
    switch RareSelector(rawValue: record.pointee.immediate).kind {
    case .atomic: return atomic(record, &reservation)
    case .flw, .fld, .fsw, .fsd, .float, .floatStatus: return executeFloat(record, page)
    }
  }

  private func loadSlowly(
    _ record: UnsafePointer<DecodedInstruction>, _ address: UInt64, size: UInt64, extend: (UInt64) -> UInt64
  ) -> SlowOutcome {
    switch translation.load(address, size: size) {
    case .miss(let missing): return .miss(address: missing, access: .read)
    case .value(let value):
      x[Int(record.pointee.rd)] = extend(value)
      return .done
    }
  }

  @inline(never) func multiplyOrDivide(_ record: UnsafePointer<DecodedInstruction>) {
    let left = x[Int(record.pointee.rs1)]
    let right = x[Int(record.pointee.rs2)]
    let leftWord = Int32(truncatingIfNeeded: left)
    let rightWord = Int32(truncatingIfNeeded: right)
    let result: UInt64
    switch record.pointee.operation {
    case .mulh: result = Arithmetic.highSigned(left, right)
    case .mulhsu: result = Arithmetic.highMixed(left, right)
    case .mulhu: result = Arithmetic.highUnsigned(left, right)
    case .div: result = UInt64(bitPattern: Arithmetic.quotient(Int64(bitPattern: left), Int64(bitPattern: right)))
    case .divu: result = Arithmetic.quotient(left, right)
    case .rem: result = UInt64(bitPattern: Arithmetic.remainder(Int64(bitPattern: left), Int64(bitPattern: right)))
    case .remu: result = Arithmetic.remainder(left, right)
    case .divw: result = UInt64(bitPattern: Int64(Arithmetic.quotient(leftWord, rightWord)))
    case .remw: result = UInt64(bitPattern: Int64(Arithmetic.remainder(leftWord, rightWord)))
    case .divuw:
      let word = Arithmetic.quotient(UInt32(bitPattern: leftWord), UInt32(bitPattern: rightWord))
      result = UInt64(bitPattern: Int64(Int32(bitPattern: word)))
    default:
      let word = Arithmetic.remainder(UInt32(bitPattern: leftWord), UInt32(bitPattern: rightWord))
      result = UInt64(bitPattern: Int64(Int32(bitPattern: word)))
    }
    x[Int(record.pointee.rd)] = result
  }

  /// An instruction that ends the stay, with what it asks for; `bulk` with one step done.
  @inline(never) func trap(_ record: UnsafePointer<DecodedInstruction>) -> ExitReason {
    let rd = UInt32(record.pointee.rd)
    switch record.pointee.operation {
    case .environmentCall: return .systemCall
    case .breakpoint: return .breakpoint
    case .work: return .work(register: Register(field: rd), nanoseconds: x[Int(rd)])
    case .bulk: return bulkStep(record)
    case .readCounter:
      let number = UInt16(truncatingIfNeeded: record.pointee.immediate)
      return .readCounter(destination: Register(field: rd), counter: Counter(rawValue: number) ?? .cycle)
    case .hint: return .hint(kind: x[Int(record.pointee.rs1)], operand: x[Int(record.pointee.rs2)])
    default: return .illegal(bits: UInt64(UInt32(bitPattern: record.pointee.immediate)))
    }
  }

  /// One step of a bulk instruction: up to the end of its length or of the page.
  private func bulkStep(_ record: UnsafePointer<DecodedInstruction>) -> ExitReason {
    let (addressRegister, lengthRegister) = (Int(record.pointee.rd), Int(record.pointee.rs1))
    let address = x[addressRegister]
    let bytes = min(x[lengthRegister], 4096 - address & 4095)
    let access: MemoryAccess = record.pointee.immediate == 1 ? .write : .read
    let set = access == .write ? TranslationCache.Layout.writeSet : TranslationCache.Layout.readSet
    guard let host = translation.hostInPage(set, address) else {
      return .translationMiss(address: address, access: access)
    }
    if access == .write {
      _ = translation.dropInstructions(address, bytes: bytes)
      let value = UInt8(truncatingIfNeeded: x[Int(record.pointee.rs2)])
      host.initializeMemory(as: UInt8.self, repeating: value, count: Int(bytes))
    }
    x[addressRegister] &+= bytes
    x[lengthRegister] &-= bytes
    return .bulk(bytes: bytes, access: access)
  }
}
