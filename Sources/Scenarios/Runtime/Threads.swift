import FiascoABI
import Genode

/// Threads of a component beside the initial one.
///
/// The order of the calls is that of Genode 16.08, so slots, badges and attachments come out in the same order: stack,
/// CPU thread, trace control, then at the start the state and the words of the new thread's UTCB.
/// Models `Genode::Thread`, `thread_start.cc` and `myself` of base-foc.
enum Threads {
  static func add(to module: ModuleBuilder) {
    // Slot 0 of the stack area belongs to the initial thread.
    module.data("next_stack_slot", words: [1])
    addStack(module)
    addCreate(module)
    addStart(module)
    addEntry(module)
  }

  private static func addStack(_ module: ModuleBuilder) {
    // stack_create(index, size): RAM at the top of a slot of the stack area; gives the thread object's address.
    module.function("stack_create", 2) { f, p in
      let dataspace = f.call("ram_alloc", p[1])
      let end = f.keep((p[0] + 1) * .constant(ComponentLayout.stackSlotSize))
      f.run("region_attach", Environment.session("env_stack_area"), dataspace, 0, 0, end - p[1])
      let object = f.keep(end + .constant(ComponentLayout.stackAreaBase - UInt64(ThreadObject.size)))
      f.store(dataspace, at: object.at(ThreadObject.stackDataspace))
      f.exit(object)
    }
    // Every thread attaches the trace control area of the CPU session once more, as the constructor in 16.08 does.
    module.function("trace_control_attach") { f, _ in
      let rpc = RPC(f, CPUOpcode.traceControl)
      rpc.mustCall(Environment.session("env_cpu"), "trace_control")
      f.run("region_attach", Environment.session("env_rm"), rpc.receivedCapability(0), 0, 0, 0)
    }
  }

  /// `thread_create(stack size, name, priority or 0, CPU, entry, argument)` gives the thread object.
  private static func addCreate(_ module: ModuleBuilder) {
    module.function("thread_create", 6) { f, p in
      let index = f.keep(IR.Value.symbol("next_stack_slot").loaded())
      f.store(index + 1, at: .symbol("next_stack_slot"))
      let object = f.call("stack_create", index, p[0])
      f.store(p[4], at: object.at(ThreadObject.entry))
      f.store(p[5], at: object.at(ThreadObject.argument))
      let rpc = Environment.retrying(f, session: "env_cpu", service: "CPU", bytes: 8192) {
        let rpc = RPC(f, CPUOpcode.createThread)
        rpc.word(p[2])
        rpc.word(p[3])
        rpc.text(p[1])
        rpc.capability(Environment.session("env_pd"))
        return rpc
      }
      f.store(rpc.receivedCapability(0), at: object.at(ThreadObject.cpuThread))
      f.run("trace_control_attach")
      f.exit(object)
    }
  }

  private static func addStart(_ module: ModuleBuilder) {
    // thread_identify(object): asks core where the thread's gate and UTCB are, and writes the UTCB's user words.
    module.function("thread_identify", 1) { f, p in
      let rpc = RPC(f, CPUThreadOpcode.state)
      rpc.mustCall(p[0].field(ThreadObject.cpuThread), "thread state")
      let slot = f.keep(rpc.result(ThreadStateWords.gateSlot))
      let utcb = f.keep(rpc.result(ThreadStateWords.utcb))
      f.run("cap_set", slot, rpc.result(ThreadStateWords.gateBadge))
      f.store(slot, at: p[0].at(ThreadObject.gate))
      f.store(utcb, at: p[0].at(ThreadObject.utcb))
      f.store(CapabilityMap.entry(slot), at: utcb.at(8 * ComponentUTCB.gateEntryWord))
      f.store(p[0], at: utcb.at(8 * ComponentUTCB.threadObjectWord))
    }
    module.function("thread_start", 1) { f, p in
      f.run("thread_identify", p[0])
      f.run("thread_start_at", p[0], .symbol("_thread_start"), p[0])
    }
    // thread_start_at(object, ip, sp): has no effect on a thread that was started before.
    module.function("thread_start_at", 3) { f, p in
      let rpc = RPC(f, CPUThreadOpcode.start)
      rpc.word(p[1])
      rpc.word(p[2])
      _ = rpc.call(p[0].field(ThreadObject.cpuThread))
      f.exit(rpc.exception)
    }
  }

  private static func addEntry(_ module: ModuleBuilder) {
    module.function("_thread_start", entry: .thread(utcbOffset: ThreadObject.utcb), 1) { f, p in
      f.emit(.evaluate(.callPointer(p[0].field(ThreadObject.entry), [p[0].field(ThreadObject.argument)])))
      f.run("thread_sleep_forever")
    }
  }
}
