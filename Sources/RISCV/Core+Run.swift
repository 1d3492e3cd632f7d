/// The interpreter's loop: records in the order of execution, one `switch`, memory reached by one comparison.
///
/// Everything rare is a call out of line, so that the loop's variables stay in registers. Branches hint that they are
/// taken: the host should predict the path, not wait for the operands of a selection.
extension Core {
  @inline(never) func run(budget: Int, reservation: inout UInt64?) -> HartExit {
    let x = self.x
    let translation = self.translation
    let start = x[32] & ~1
    guard let first = entry(start) else { return fetchMiss(start, budget: budget, left: budget) }
    var flow = Flow(record: first, end: first + budget, page: start & ~4095)

    execution: while flow.record != flow.end {
      let record = flow.record
      let rd = Int(record.pointee.rd)
      let rs1 = Int(record.pointee.rs1)
      let rs2 = Int(record.pointee.rs2)
      let immediate = UInt64(bitPattern: Int64(record.pointee.immediate))
      fast: do {
        switch record.pointee.operation {
        case .nop:
          break
        case .loadImmediate:
          x[rd] = immediate
        case .addUpperImmediateToPC:
          x[rd] = flow.page &+ immediate

        // Jumps and branches.
        case .jumpNear:
          flow.jump(record.pointee.immediate)
          continue execution
        case .linkNear:
          x[rd] = flow.page &+ record.pointee.nextOffset
          flow.jump(record.pointee.immediate)
          continue execution
        case .jumpRegister:
          let target = (x[rs1] &+ UInt64(bitPattern: Int64(record.pointee.immediate >> 16))) & ~1
          x[rd] = flow.page &+ (immediate & 0xffff)
          let left = flow.end - record - 1
          guard let next = entry(target) else { return fetchMiss(target, budget: budget, left: left) }
          flow.enter(target, next, allowed: left)
          continue execution
        case .jumpFar, .linkFar, .branchFar, .pageEnd:
          let left = flow.end - record - (record.pointee.operation == .pageEnd ? 0 : 1)
          if record.pointee.operation == .linkFar { x[rd] = flow.page &+ record.pointee.nextOffset }
          if record.pointee.operation == .branchFar && !branches(record) { break }
          let target = flow.page &+ immediate
          guard let next = entry(target) else { return fetchMiss(target, budget: budget, left: left) }
          flow.enter(target, next, allowed: left)
          continue execution
        case .beqNear:
          if _fastPath(x[rs1] == x[rs2]) {
            flow.jump(record.pointee.immediate)
            continue execution
          }
        case .bneNear:
          if _fastPath(x[rs1] != x[rs2]) {
            flow.jump(record.pointee.immediate)
            continue execution
          }
        case .bltNear:
          if _fastPath(Int64(bitPattern: x[rs1]) < Int64(bitPattern: x[rs2])) {
            flow.jump(record.pointee.immediate)
            continue execution
          }
        case .bgeNear:
          if _fastPath(Int64(bitPattern: x[rs1]) >= Int64(bitPattern: x[rs2])) {
            flow.jump(record.pointee.immediate)
            continue execution
          }
        case .bltuNear:
          if _fastPath(x[rs1] < x[rs2]) {
            flow.jump(record.pointee.immediate)
            continue execution
          }
        case .bgeuNear:
          if _fastPath(x[rs1] >= x[rs2]) {
            flow.jump(record.pointee.immediate)
            continue execution
          }

        // Loads and stores. What does not hit takes the long way below the switch.
        case .ld:
          let address = x[rs1] &+ immediate
          guard translation.hits(TranslationCache.Layout.readSet, address, size: 8) else { break fast }
          let host = translation.host(TranslationCache.Layout.readSet, address)
          x[rd] = host.load(as: UInt64.self)
        case .lw:
          let address = x[rs1] &+ immediate
          guard translation.hits(TranslationCache.Layout.readSet, address, size: 4) else { break fast }
          let host = translation.host(TranslationCache.Layout.readSet, address)
          x[rd] = UInt64(bitPattern: Int64(host.load(as: Int32.self)))
        case .lwu:
          let address = x[rs1] &+ immediate
          guard translation.hits(TranslationCache.Layout.readSet, address, size: 4) else { break fast }
          let host = translation.host(TranslationCache.Layout.readSet, address)
          x[rd] = UInt64(host.load(as: UInt32.self))
        case .lh:
          let address = x[rs1] &+ immediate
          guard translation.hits(TranslationCache.Layout.readSet, address, size: 2) else { break fast }
          let host = translation.host(TranslationCache.Layout.readSet, address)
          x[rd] = UInt64(bitPattern: Int64(host.load(as: Int16.self)))
        case .lhu:
          let address = x[rs1] &+ immediate
          guard translation.hits(TranslationCache.Layout.readSet, address, size: 2) else { break fast }
          let host = translation.host(TranslationCache.Layout.readSet, address)
          x[rd] = UInt64(host.load(as: UInt16.self))
        case .lb:
          let address = x[rs1] &+ immediate
          guard translation.hits(TranslationCache.Layout.readSet, address, size: 1) else { break fast }
          let host = translation.host(TranslationCache.Layout.readSet, address)
          x[rd] = UInt64(bitPattern: Int64(host.load(as: Int8.self)))
        case .lbu:
          let address = x[rs1] &+ immediate
          guard translation.hits(TranslationCache.Layout.readSet, address, size: 1) else { break fast }
          let host = translation.host(TranslationCache.Layout.readSet, address)
          x[rd] = UInt64(host.load(as: UInt8.self))
        case .sd:
          let address = x[rs1] &+ immediate
          guard translation.hits(TranslationCache.Layout.writeSet, address, size: 8) else { break fast }
          let host = translation.host(TranslationCache.Layout.writeSet, address)
          host.storeBytes(of: x[rs2], as: UInt64.self)
        case .sw:
          let address = x[rs1] &+ immediate
          guard translation.hits(TranslationCache.Layout.writeSet, address, size: 4) else { break fast }
          let host = translation.host(TranslationCache.Layout.writeSet, address)
          host.storeBytes(of: UInt32(truncatingIfNeeded: x[rs2]), as: UInt32.self)
        case .sh:
          let address = x[rs1] &+ immediate
          guard translation.hits(TranslationCache.Layout.writeSet, address, size: 2) else { break fast }
          let host = translation.host(TranslationCache.Layout.writeSet, address)
          host.storeBytes(of: UInt16(truncatingIfNeeded: x[rs2]), as: UInt16.self)
        case .sb:
          let address = x[rs1] &+ immediate
          guard translation.hits(TranslationCache.Layout.writeSet, address, size: 1) else { break fast }
          let host = translation.host(TranslationCache.Layout.writeSet, address)
          host.storeBytes(of: UInt8(truncatingIfNeeded: x[rs2]), as: UInt8.self)

        // Arithmetic with an immediate.
        case .addi:
          x[rd] = x[rs1] &+ immediate
        case .slti:
          x[rd] = Int64(bitPattern: x[rs1]) < Int64(bitPattern: immediate) ? 1 : 0
        case .sltiu:
          x[rd] = x[rs1] < immediate ? 1 : 0
        case .xori:
          x[rd] = x[rs1] ^ immediate
        case .ori:
          x[rd] = x[rs1] | immediate
        case .andi:
          x[rd] = x[rs1] & immediate
        case .slli:
          x[rd] = x[rs1] &<< immediate
        case .srli:
          x[rd] = x[rs1] &>> immediate
        case .srai:
          x[rd] = UInt64(bitPattern: Int64(bitPattern: x[rs1]) &>> Int64(bitPattern: immediate))
        case .addiw:
          x[rd] = Arithmetic.signExtendWord(x[rs1] &+ immediate)
        case .slliw:
          x[rd] = Arithmetic.signExtendWord(x[rs1] &<< immediate)
        case .srliw:
          x[rd] = Arithmetic.signExtendWord(UInt64(UInt32(truncatingIfNeeded: x[rs1])) &>> immediate)
        case .sraiw:
          x[rd] = UInt64(bitPattern: Int64(Int32(truncatingIfNeeded: x[rs1])) &>> Int64(bitPattern: immediate))

        // Arithmetic with two registers.
        case .add:
          x[rd] = x[rs1] &+ x[rs2]
        case .sub:
          x[rd] = x[rs1] &- x[rs2]
        case .sll:
          x[rd] = x[rs1] &<< x[rs2]
        case .slt:
          x[rd] = Int64(bitPattern: x[rs1]) < Int64(bitPattern: x[rs2]) ? 1 : 0
        case .sltu:
          x[rd] = x[rs1] < x[rs2] ? 1 : 0
        case .xor:
          x[rd] = x[rs1] ^ x[rs2]
        case .srl:
          x[rd] = x[rs1] &>> x[rs2]
        case .sra:
          x[rd] = UInt64(bitPattern: Int64(bitPattern: x[rs1]) &>> Int64(bitPattern: x[rs2]))
        case .or:
          x[rd] = x[rs1] | x[rs2]
        case .and:
          x[rd] = x[rs1] & x[rs2]
        case .addw:
          x[rd] = Arithmetic.signExtendWord(x[rs1] &+ x[rs2])
        case .subw:
          x[rd] = Arithmetic.signExtendWord(x[rs1] &- x[rs2])
        case .sllw:
          x[rd] = Arithmetic.signExtendWord(x[rs1] &<< (x[rs2] & 31))
        case .srlw:
          let shifted = UInt32(truncatingIfNeeded: x[rs1]) &>> UInt32(truncatingIfNeeded: x[rs2])
          x[rd] = Arithmetic.signExtendWord(UInt64(shifted))
        case .sraw:
          let shifted = Int32(truncatingIfNeeded: x[rs1]) &>> Int32(truncatingIfNeeded: x[rs2])
          x[rd] = UInt64(bitPattern: Int64(shifted))
        case .mul:
          x[rd] = x[rs1] &* x[rs2]
        case .mulw:
          x[rd] = Arithmetic.signExtendWord(x[rs1] &* x[rs2])
        case .mulh, .mulhsu, .mulhu, .div, .divu, .rem, .remu, .divw, .divuw, .remw, .remuw:
          multiplyOrDivide(record)

        // Rare.
        case .join:
          flow.record += 1 + Int(record.pointee.immediate)
          flow.end += 1 + Int(record.pointee.immediate)
          continue execution
        case .straddling:
          let left = flow.end - record
          guard let whole = decodeStraddling(flow.page) else {
            let second = flow.page &+ 4096
            return leave(flow, budget, .translationMiss(address: second, access: .execute))
          }
          flow.record = whole
          flow.end = whole + left
          continue execution
        case .rare:
          break fast
        case .work where x[rd] == 0 || rd == 0:
          break
        case .bulk where x[rs1] == 0:
          break
        case .work, .bulk, .hint, .illegal, .environmentCall, .breakpoint, .readCounter:
          return leave(flow, budget, trap(record))
        }
        flow.record = record + 1
        continue execution
      }

      switch executeSlowly(record, flow.page, &reservation) {
      case .done:
        flow.record = record + 1
      case .rewrote:
        let target = pc(of: record + 1, page: flow.page)
        let left = flow.end - record - 1
        guard let next = entry(target) else { return fetchMiss(target, budget: budget, left: left) }
        flow.enter(target, next, allowed: left)
      case .stopped(let reason):
        return leave(flow, budget, reason)
      }
    }
    return leave(flow, budget, .budget)
  }
}
