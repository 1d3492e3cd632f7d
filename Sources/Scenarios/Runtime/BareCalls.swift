import FiascoABI

/// Kernel operations as functions of a bare program. Each gives 0 or a negative number: a kernel object's answer, or
/// -2000 minus the IPC error.
enum BareCalls {
  static func add(to module: ModuleBuilder, options: CompilerOptions) {
    addCall(module)
    addFactory(module)
    addTask(module)
    addThread(module, cores: options.cores)
    addInterrupts(module, kernel: options.kernel)
    addSleep(module)
    addLog(module)
  }

  /// What the factory calls an interrupt.
  static func irqProtocol(_ kernel: KernelChoice) -> Int64 {
    kernel.bindsIRQs ? KernelProtocol.irqSender : KernelProtocol.irq
  }

  /// Words 0... of the message, as one statement each.
  static func words(_ f: FunctionBuilder, _ values: IR.Value...) {
    for (index, value) in values.enumerated() { f.store(value, at: .messageRegister(index)) }
  }

  private static func addCall(_ module: ModuleBuilder) {
    module.function("kernel_call", 2) { f, p in
      let answer = f.invoke(tag: p[0], target: p[1] << 12 | .constant(IPCOperation.call.rawValue))
      f.if(answer.tag.tagError) { f.exit(.constant(UInt64(bitPattern: -2000)) - .errorWord) }
      f.exit(answer.tag.tagLabel)
    }
  }

  /// `factory_create(slot, protocol, argument, slot of an item or 0)`
  private static func addFactory(_ module: ModuleBuilder) {
    module.function("factory_create", 4) { f, p in
      f.store(0, at: .bufferDescriptor)
      f.store(p[0] << 12 | .constant(FiascoABI.ReceiveBuffer.small(CapabilitySlot(0)).raw), at: .bufferRegister(0))
      f.store(0, at: .bufferRegister(1))
      words(f, p[1], 0, p[2], .constant(SendItem.map().raw), objectPage(p[3], .rws))
      let items = f.keep(.binary(.notEqual, p[3], 0))
      let tag = IR.Value.tag(label: KernelProtocol.factory, words: 3) | items << 6
      f.exit(.call("kernel_call", [tag, .constant(UInt64(CapabilitySlot.factory.index))]))
    }
  }

  static func objectPage(_ slot: IR.Value, _ rights: ObjectRights) -> IR.Value {
    slot << 12 | .constant(FlexPage.objects(CapabilitySlot(0), rights: rights).raw)
  }

  private static func addTask(_ module: ModuleBuilder) {
    // task_map(target task, source task, control word, flexpage)
    module.function("task_map", 4) { f, p in
      words(
        f, .constant(Opcode.Task.map), p[2], p[3], .constant(SendItem.map().raw), objectPage(p[1], .rws))
      f.exit(.call("kernel_call", [.tag(label: KernelProtocol.task, words: 3, items: 1), p[0]]))
    }
    // task_unmap(mask, flexpage): from the own task on.
    module.function("task_unmap", 2) { f, p in
      words(f, .constant(Opcode.Task.unmap), p[0], p[1])
      f.exit(
        .call(
          "kernel_call",
          [.tag(label: KernelProtocol.task, words: 3), .constant(UInt64(CapabilitySlot.task.index))]))
    }
    addMapRange(module)
  }

  /// `map_range(target task, from, to, bytes, rights)` in the largest naturally aligned pieces up to a superpage.
  private static func addMapRange(_ module: ModuleBuilder) {
    module.function("map_range", 5) { f, p in
      let done = f.variable(0)
      f.while(IR.Value.local(done).isBelow(p[3])) {
        let order = f.variable(12)
        let addresses = f.keep((p[1] + .local(done)) | (p[2] + .local(done)))
        let grows = f.variable(1)
        f.while(.local(grows)) {
          let next = f.keep(IR.Value.constant(1) << (.local(order) + 1))
          let fits = f.keep(p[3].isAtLeast(.local(done) + next))
          f.set(grows, .both(.both((addresses & (next - 1)).isZero, fits), IR.Value.local(order).isBelow(21)))
          f.if(.local(grows)) { f.set(order, .local(order) + 1) }
        }
        let page = f.keep((p[1] + .local(done)) | IR.Value.local(order) << 6 | .constant(1 << 4) | p[4])
        let error = f.call(
          "task_map", p[0], .constant(UInt64(CapabilitySlot.task.index)),
          (p[2] + .local(done)) | .constant(SendItem.map().raw), page)
        f.if(error.isLess(0)) { f.exit(error) }
        f.set(done, .local(done) + (IR.Value.constant(1) << .local(order)))
      }
      f.exit(0)
    }
  }

  private static func addThread(_ module: ModuleBuilder, cores: Int) {
    // thread_bind(thread, pager slot, handler slot, UTCB, task)
    module.function("thread_bind", 5) { f, p in
      let flags = ThreadControl.setPager | ThreadControl.setHandler | ThreadControl.bind
      words(
        f, .constant(Opcode.Thread.control | flags), p[1] << 12, p[2] << 12, 0, 0, p[3],
        .constant(SendItem.map().raw), objectPage(p[4], .rws))
      f.exit(.call("kernel_call", [.tag(label: KernelProtocol.thread, words: 6, items: 1), p[0]]))
    }
    // thread_exregs(thread, ip, sp)
    module.function("thread_exregs", 3) { f, p in
      words(f, .constant(Opcode.Thread.exchangeRegisters), p[1], p[2])
      f.exit(.call("kernel_call", [.tag(label: KernelProtocol.thread, words: 3), p[0]]))
    }
    // thread_run(scheduler, thread, priority): without it a started thread never gets a processor. With several cores
    // the number of the core stands above the priority.
    module.function("thread_run", 3) { f, p in
      let set = cores > 1 ? IR.Value.constant(1) << (p[2] >> 8) : 1
      let priority = cores > 1 ? p[2] & 0xff : p[2]
      words(
        f, .constant(Opcode.Scheduler.runThread), 0, set, priority, 0, .constant(SendItem.map().raw),
        objectPage(p[1], .rws))
      f.exit(.call("kernel_call", [.tag(label: KernelProtocol.scheduler, words: 5, items: 1), p[0]]))
    }
    module.function("_thread_start", entry: .thread(utcbOffset: ThreadObject.utcb), 1) { f, p in
      f.store(p[0], at: IR.Value.utcb.at(8 * (UTCB.userWords + 2)))
      f.emit(.evaluate(.callPointer(p[0].field(ThreadObject.entry), [p[0].field(ThreadObject.argument)])))
      f.run("thread_exit")
    }
  }

  private static func addInterrupts(_ module: ModuleBuilder, kernel: KernelChoice) {
    // irq_attach(irq, thread, label)
    module.function("irq_attach", 3) { f, p in
      let bind = kernel.bindsIRQs ? Opcode.IRQ.bind : 1
      let label = kernel.bindsIRQs ? KernelProtocol.kernelObject : KernelProtocol.irq
      words(f, .constant(bind), p[2], .constant(SendItem.map().raw), objectPage(p[1], .rws))
      f.exit(.call("kernel_call", [.tag(label: label, words: 2, items: 1), p[0]]))
    }
    // icu_bind(controller, input, irq)
    module.function("icu_bind", 3) { f, p in
      words(f, .constant(Opcode.Controller.bind), p[1], .constant(SendItem.map().raw), objectPage(p[2], .rws))
      f.exit(.call("kernel_call", [.tag(label: KernelProtocol.irq, words: 2, items: 1), p[0]]))
    }
    // irq_unmask(irq): its source may fire.
    module.function("irq_unmask", 1) { f, p in
      words(f, .constant(Opcode.IRQ.endOfInterrupt))
      f.invoke(tag: .tag(label: KernelProtocol.irq, words: 1), target: .target(slot: p[0], .send))
    }
    // object_trigger(slot): an interrupt, or up of a semaphore.
    module.function("object_trigger", 1) { f, p in
      words(f, .constant(Opcode.IRQ.trigger))
      f.invoke(tag: .tag(label: KernelProtocol.irq, words: 1), target: .target(slot: p[0], .send))
    }
  }

  /// Sleeps with a receive timeout on nobody; the ten bits of the mantissa are rounded up.
  private static func addSleep(_ module: ModuleBuilder) {
    module.function("sleep_microseconds", 1) { f, p in
      f.if(p[0].isZero) { f.exit() }
      let exponent = f.variable(0)
      let mantissa = f.variable(p[0])
      f.while(IR.Value.constant(1023).isBelow(.local(mantissa))) {
        f.set(mantissa, (.local(mantissa) + 1) >> 1)
        f.set(exponent, .local(exponent) + 1)
      }
      f.invoke(tag: .tag(), target: .special(.receive), timeouts: .local(exponent) << 10 | .local(mantissa))
    }
  }

  /// A text of at most 235 bytes through the kernel's log.
  private static func addLog(_ module: ModuleBuilder) {
    module.function("log_write", 2) { f, p in
      words(f, .constant(Opcode.Log.write), p[1])
      f.run("memory_copy", .messageRegister(2), p[0], p[1])
      let words = f.keep((p[1] + 7) >> 3)
      f.invoke(
        tag: .tag(label: KernelProtocol.log) | (words + 2), target: .target(CapabilitySlot.log, .send))
    }
  }
}
