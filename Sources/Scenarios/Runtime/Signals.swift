import FiascoABI
import Genode

/// Signals: contexts, the thread "signal handler" that fetches them from core, and the waiting side.
///
/// Models `signal.cc`, `signal_source_client.cc` (base-foc) and `Timer::Connection`.
enum Signals {
  static func add(to module: ModuleBuilder, kernel: KernelChoice, contexts: Int) {
    let entries = max(64, contexts)
    module.zeroed("signal_source", bytes: 8)
    module.zeroed("signal_irq", bytes: 8)
    module.zeroed("signal_contexts", bytes: 8 * entries)
    module.zeroed("signal_context_count", bytes: 8)
    addContext(module, entries)
    addHandler(module, kernel: kernel)
    addTimer(module)
  }

  private static func addContext(_ module: ModuleBuilder, _ entries: Int) {
    // signal_context_create(context): allocates its capability; the address is the imprint.
    module.function("signal_context_create", 1) { f, p in
      let context = p[0]
      f.store(.constant(SignalContext.magic), at: context.at(SignalContext.liveness))
      f.store(context.at(SignalContext.ownSemaphore), at: context.at(SignalContext.semaphore))
      let count = f.keep(IR.Value.symbol("signal_context_count").loaded())
      f.if(count.isAtLeast(.constant(UInt64(entries)))) {
        f.run("component_abort", module.text("signal context registry"), count)
      }
      f.store(context, at: .symbol("signal_contexts") + (count << 3))
      f.store(count + 1, at: .symbol("signal_context_count"))
      let rpc = Environment.retrying(f, session: "env_pd", service: "PD", bytes: 8192) {
        let rpc = RPC(f, PDOpcode.allocContext)
        rpc.word(context)
        rpc.capability(IR.Value.symbol("signal_source").loaded())
        return rpc
      }
      f.store(rpc.receivedCapability(0), at: context.at(SignalContext.capability))
    }
    module.function("signal_wait", 1) { f, p in
      f.run("semaphore_down", p[0].field(SignalContext.semaphore))
      f.store(0, at: p[0].at(SignalContext.pending))
    }
    // signal_deliver(imprint, count): the imprint came from core and is only believed if it is in the registry.
    module.function("signal_deliver", 2) { f, p in
      f.count(to: IR.Value.symbol("signal_context_count").loaded()) {
        f.if((IR.Value.symbol("signal_contexts") + ($0 << 3)).loaded().equals(p[0])) {
          let pending = f.keep(p[0].field(SignalContext.pending))
          f.store(pending + p[1], at: p[0].at(SignalContext.pending))
          f.if(pending.isZero) { f.run("semaphore_up", p[0].field(SignalContext.semaphore)) }
          f.exit()
        }
      }
      f.run("log_line", module.text("Warning: encountered dead signal context"))
    }
    module.function("signal_submit", 2) { f, p in
      let rpc = RPC(f, PDOpcode.submit)
      rpc.word(p[1])
      rpc.capability(p[0])
      rpc.mustCall(Environment.session("env_pd"), "submit")
    }
  }

  /// The body of the thread "signal handler". With counting IRQs one interrupt stands for one context; where the kernel
  /// merges them, the queue must be emptied each time.
  private static func addHandler(_ module: ModuleBuilder, kernel: KernelChoice) {
    module.function("signal_handler", 1) { f, _ in
      let source = RPC(f, PDOpcode.allocSignalSource)
      source.mustCall(Environment.session("env_pd"), "alloc_signal_source")
      f.store(source.receivedCapability(0), at: .symbol("signal_source"))
      requestIRQ(f, kernel: kernel)
      f.run("semaphore_up", .symbol("thread_ready"))
      f.forever {
        let slot = IR.Value.symbol("signal_irq").loaded()
        let irq = f.invoke(tag: .tag(), target: .target(slot: slot, .receive), timeouts: .timeouts(.never))
        f.if(irq.tag.tagError.isZero) {
          let more = f.variable(1)
          f.while(.local(more)) {
            let rpc = RPC(f, SignalSourceOpcode.wait)
            rpc.mustCall(IR.Value.symbol("signal_source").loaded(), "wait_for_signal")
            let imprint = f.keep(rpc.result(0))
            f.if(imprint) { f.run("signal_deliver", imprint, rpc.result(1)) }
            f.set(more, kernel == .modern ? imprint : 0)
          }
        }
      }
    }
  }

  private static func requestIRQ(_ f: FunctionBuilder, kernel: KernelChoice) {
    let rpc = RPC(f, SignalSourceOpcode.requestSemaphore)
    let gate = IR.Value.myself.field(ThreadObject.gate)
    if kernel.bindsIRQs { rpc.capability(gate) }
    rpc.mustCall(IR.Value.symbol("signal_source").loaded(), "request_semaphore")
    let irq = f.keep(rpc.receivedCapability(0))
    f.store(irq, at: .symbol("signal_irq"))
    guard kernel == .r67 else { return }
    // The gate is no thread, so the kernel attaches the calling thread. That is what makes it work.
    let attach: UInt64 = 1
    f.store(.constant(attach), at: .messageRegister(0))
    f.store(0, at: .messageRegister(1))
    f.store(.constant(SendItem.map().raw), at: .messageRegister(2))
    f.store(gate << 12 | .constant(FlexPage.objects(CapabilitySlot(0), rights: .rws).raw), at: .messageRegister(3))
    f.invoke(tag: .tag(label: KernelProtocol.irq, words: 2, items: 1), target: .target(slot: irq, .call))
  }

  /// Every thread that sleeps has a Timer session of its own, opened with the first sleep.
  private static func addTimer(_ module: ModuleBuilder) {
    module.function("timer_open") { f, _ in
      let me = f.keep(.myself)
      let slot = f.call(
        "session_open", module.text("Timer"), module.text("ram_quota=\(SessionQuota.timer), label=\"\""))
      f.store(slot, at: me.at(ThreadObject.timer))
      let context = f.keep(me.at(ThreadObject.timerContext))
      f.run("signal_context_create", context)
      let rpc = RPC(f, TimerOpcode.sigh)
      rpc.capability(context.field(SignalContext.capability))
      rpc.mustCall(slot, "sigh")
    }
    // sleep_microseconds(us): the session takes 32 bits.
    module.function("sleep_microseconds", 1) { f, p in
      let me = f.keep(.myself)
      f.if(me.field(ThreadObject.timer).isZero) { f.run("timer_open") }
      let rest = f.variable(p[0])
      f.while(.local(rest)) {
        let part = f.variable(.local(rest))
        f.if(IR.Value.constant(0xffff_ffff).isBelow(.local(rest))) { f.set(part, 0xffff_ffff) }
        let rpc = RPC(f, TimerOpcode.triggerOnce)
        rpc.word(.local(part))
        rpc.mustCall(me.field(ThreadObject.timer), "trigger_once")
        f.run("signal_wait", me.at(ThreadObject.timerContext))
        f.set(rest, .local(rest) - .local(part))
      }
    }
  }
}
