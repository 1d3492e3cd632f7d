import FiascoABI

/// How a bare program gives its threads a place in the schedule.
enum BareScheduling {
  /// `thread_class(thread, class, core, first parameter, second parameter)`, and `thread_deadline(instant in ticks)` for
  /// the thread that asks. Only scenarios that name a class need them.
  static func add(to module: ModuleBuilder, options: CompilerOptions) {
    module.function("thread_class", 5) { f, p in
      BareCalls.words(
        f, .constant(Opcode.Scheduler.runThread), 0, .constant(1) << p[2], p[1], .constant(parameterBytes), p[3], p[4],
        .constant(SendItem.map().raw), BareCalls.objectPage(p[0], .rws))
      f.exit(.call("kernel_call", [.tag(label: KernelProtocol.scheduler, words: 7, items: 1), scheduler]))
    }
    let ticksPerMicrosecond = max(1, options.timebaseHertz / 1_000_000)
    module.function("thread_deadline", 1) { f, p in
      let rest = f.variable(1)
      let now = f.keep(.time)
      // A deadline that is over already is the earliest of all.
      f.if(now.isBelow(p[0])) {
        f.set(rest, (p[0] - now + .constant(ticksPerMicrosecond - 1)) / .constant(ticksPerMicrosecond))
      }
      let own = f.keep(IR.Value.utcb.at(8 * (UTCB.userWords + 2)).loaded())
      // An empty set of cores: it stays where it is.
      f.run("thread_class", own.field(ThreadObject.gate), .constant(Class.deadline), 63, .local(rest), 0)
    }
  }

  /// The numbers of the classes as the kernel's interface has them.
  private enum Class {
    static let fixedPriority = UInt64(bitPattern: -1)
    static let fair = UInt64(bitPattern: -2)
    static let deadline = UInt64(bitPattern: -3)
  }

  /// Of the parameters with the set of processors before them.
  private static let parameterBytes: UInt64 = 48
  private static let scheduler = IR.Value.constant(UInt64(CapabilitySlot.scheduler.index))
  private static let kernelQuantum: UInt64 = 10_000

  /// run_thread for a thread as its author described it; gives 0 or a negative number.
  static func place(
    _ slot: IR.Value, _ thread: ThreadDescription?, on core: UInt64, priority: Number? = nil
  ) -> IR.Value {
    func call(_ number: UInt64, _ first: UInt64, _ second: UInt64) -> IR.Value {
      .call("thread_class", [slot, .constant(number), .constant(core), .constant(first), .constant(second)])
    }
    func quantum(_ value: DurationValue?) -> UInt64 { value?.microsecondsRoundedUp ?? kernelQuantum }
    switch thread?.scheduling?.parameters {
    case nil:
      let level = priority?.value ?? thread?.priority?.value ?? Int64(BarePlan.defaultPriority)
      // The number of the core stands above the priority.
      return .call("thread_run", [scheduler, slot, .constant(UInt64(level) | core << 8)])
    case .priority(let level, let span): return call(Class.fixedPriority, quantum(span), UInt64(level.value))
    case .weight(let weight, let span): return call(Class.fair, quantum(span), UInt64(weight.value))
    case .deadline(let span): return call(Class.deadline, span.microsecondsRoundedUp, 0)
    }
  }
}

extension Scenario {
  /// Whether some thread names a class of scheduling.
  var namesSchedulingClasses: Bool {
    components.contains { component in
      component.threads.contains { $0.scheduling != nil }
        || component.allStatements.contains { statement in
          if case .thread(let thread) = statement.action { thread.scheduling != nil } else { false }
        }
    }
  }
}
