import FiascoABI
import Genode

/// The component's own book about its capability slots: which are taken and which badge each one has.
///
/// First fit from slot 0x200, windows of four: so slot numbers follow from the order of the calls alone.
/// Models `Cap_index_allocator`, `Capability_map::insert_map` and `cap_map.cc` of base-foc.
enum CapabilityMap {
  static func add(to module: ModuleBuilder) {
    module.zeroed(CapMapLayout.symbol, bytes: Int(CapMapLayout.size), alignment: 4096)
    module.zeroed("cap_map_guard", bytes: 8)
    addEntries(module)
    addAllocation(module)
    addKernelQueries(module)
    addMove(module)
    addInsert(module)
  }

  static let map = IR.Value.symbol(CapMapLayout.symbol)
  private static let guardLock = IR.Value.symbol("cap_map_guard")

  static func entry(_ slot: IR.Value) -> IR.Value { map + (slot << 3) }
  static func badge(_ slot: IR.Value) -> IR.Value { (entry(slot) + .constant(CapMapLayout.badgeOffset)).loaded(.half) }
  static func references(_ slot: IR.Value) -> IR.Value { entry(slot).loaded(.byte) }

  private static func addEntries(_ module: ModuleBuilder) {
    module.function("cap_set", 2) { f, p in
      f.store(p[1] << 48 | 1, at: entry(p[0]))
    }
    module.function("cap_find", 1) { f, p in
      let slot = f.variable(.constant(UInt64(ComponentSlots.parent.index)))
      f.while(IR.Value.local(slot).isBelow(.constant(UInt64(CapMapLayout.entries)))) {
        let word = f.keep(entry(.local(slot)).loaded())
        // A badge that fits cannot be in an entry of a receive window: windows have badge 0.
        f.if((word >> 48).equals(p[0])) { f.if(word & 0xff) { f.exit(.local(slot)) } }
        f.set(slot, .local(slot) + 1)
        f.if(IR.Value.local(slot).equals(.symbol("cap_map_end").loaded())) { f.leaveLoop() }
      }
      f.exit(0)
    }
    module.data("cap_map_end", words: [UInt64(ComponentSlots.firstUser.index)])
  }

  /// `cap_allocate(count)`: the first free run of so many slots, marked as taken with badge 0.
  private static func addAllocation(_ module: ModuleBuilder) {
    module.function("cap_allocate", 1) { f, p in
      f.run("spin_lock", guardLock)
      let slot = f.variable(.constant(UInt64(ComponentSlots.firstUser.index)))
      let run = f.variable(0)
      f.while(IR.Value.local(run).isBelow(p[0])) {
        f.if(IR.Value.local(slot).equals(.constant(UInt64(CapMapLayout.entries)))) {
          f.run("spin_unlock", guardLock)
          f.run("component_abort", module.text("cap index allocation failed"), 0)
        }
        f.if(references(.local(slot)), { f.set(run, 0) }, else: { f.set(run, .local(run) + 1) })
        f.set(slot, .local(slot) + 1)
      }
      let first = f.keep(.local(slot) - p[0])
      f.count(to: p[0]) { f.store(1, at: entry(first + $0)) }
      f.if(IR.Value.symbol("cap_map_end").loaded().isBelow(.local(slot))) {
        f.store(.local(slot), at: .symbol("cap_map_end"))
      }
      f.run("spin_unlock", guardLock)
      f.exit(first)
    }
    module.function("cap_release", 2) { f, p in
      f.run("spin_lock", guardLock)
      f.count(to: p[1]) { f.store(0, at: entry(p[0] + $0)) }
      f.run("spin_unlock", guardLock)
    }
    // Gives the slot back and removes the capability from the kernel's table.
    module.function("cap_drop", 1) { f, p in
      f.store(.constant(Opcode.Task.unmap), at: .messageRegister(0))
      f.store(.constant(UnmapMask.own), at: .messageRegister(1))
      f.store(p[0] << 12 | .constant(FlexPage.objects(CapabilitySlot(0)).raw), at: .messageRegister(2))
      f.invoke(tag: .tag(label: KernelProtocol.task, words: 3), target: .target(ComponentSlots.task, .call))
      f.run("cap_release", p[0], 1)
    }
  }

  private static func addKernelQueries(_ module: ModuleBuilder) {
    module.function("cap_valid", 1) { f, p in
      f.store(.constant(Opcode.Task.capabilityInfo), at: .messageRegister(0))
      f.store(p[0] << 12, at: .messageRegister(1))
      let answer = f.invoke(
        tag: .tag(label: KernelProtocol.task, words: 2), target: .target(ComponentSlots.task, .call))
      f.exit(answer.tag.tagLabel.equals(1))
    }
    module.function("cap_equal", 2) { f, p in
      f.store(.constant(Opcode.Task.capabilityInfo), at: .messageRegister(0))
      f.store(p[0] << 12, at: .messageRegister(1))
      f.store(p[1] << 12, at: .messageRegister(2))
      let answer = f.invoke(
        tag: .tag(label: KernelProtocol.task, words: 3), target: .target(ComponentSlots.task, .call))
      f.exit(answer.tag.tagLabel.equals(1))
    }
  }

  /// `cap_move(from, to)`: inside the own capability table.
  private static func addMove(_ module: ModuleBuilder) {
    module.function("cap_move", 2) { f, p in
      f.store(.constant(Opcode.Task.map), at: .messageRegister(0))
      f.store(p[1] << 12 | .constant(SendItem.map(grant: true).raw), at: .messageRegister(1))
      f.store(p[0] << 12 | .constant(FlexPage.objects(CapabilitySlot(0)).raw), at: .messageRegister(2))
      f.store(.constant(SendItem.map().raw), at: .messageRegister(3))
      f.store(.constant(FlexPage.objects(ComponentSlots.task, rights: .rws).raw), at: .messageRegister(4))
      f.invoke(tag: .tag(label: KernelProtocol.task, words: 3, items: 1), target: .target(ComponentSlots.task, .call))
    }
  }

  /// `cap_insert(badge, slot in the receive window)` gives the slot under which the component knows the capability.
  private static func addInsert(_ module: ModuleBuilder) {
    module.zeroed("cap_insert_guard", bytes: 8)
    let insertLock = IR.Value.symbol("cap_insert_guard")
    module.function("cap_insert", 2) { f, p in
      f.run("spin_lock", insertLock)
      let slot = f.call("cap_insert_unguarded", p[0], p[1])
      f.run("spin_unlock", insertLock)
      f.exit(slot)
    }
    module.function("cap_insert_unguarded", 2) { f, p in
      let (badge, window) = (p[0], p[1])
      let known = f.call("cap_find", badge)
      f.if(known) {
        f.if(.call("cap_equal", [known, window])) {
          f.store(references(known) + 1, at: entry(known), .byte)
          f.exit(known)
        }
        // The same badge for another object: forged, as long as the old object lives.
        f.if(.call("cap_valid", [known])) { f.exit(0) }
        f.run("cap_move", window, known)
        f.exit(known)
      }
      let slot = f.call("cap_allocate", 1)
      f.run("cap_set", slot, badge)
      f.run("cap_move", window, slot)
      f.exit(slot)
    }
  }
}
