import FiascoABI
import Genode

/// What a program brings along beside its statements.
enum Runtimes {
  /// The run-time support of a Genode component; `construct` is the author's function. The runtime's own threads run
  /// where the component does: with Genode a thread that names no place gets that of its CPU session.
  static func addGenode(
    to module: ModuleBuilder, construct: String, component: Component, options: CompilerOptions
  ) {
    Startup.add(to: module, construct: construct, core: Int(component.core?.value ?? 0))
    addClock(to: module, options: options)
    CapabilityMap.add(to: module)
    RemoteCalls.add(to: module)
    Environment.add(to: module)
    Threads.add(to: module)
    Locks.add(to: module)
    Entrypoint.add(to: module)
    Services.add(to: module)
    Signals.add(to: module, kernel: options.kernel, contexts: component.signalContextLimit)
    LogFormat.add(to: module)
    addShared(to: module)
  }

  /// The run-time support of a bare program.
  static func addBare(to module: ModuleBuilder, options: CompilerOptions) {
    addClock(to: module, options: options)
    BareCalls.add(to: module, options: options)
    LogFormat.add(to: module)
    addShared(to: module)
  }

  /// Functions that do not depend on the runtime.
  static func addShared(to module: ModuleBuilder) {
    module.function("memory_copy", 3) { f, p in
      f.count(to: p[2]) { f.store((p[1] + $0).loaded(.byte), at: p[0] + $0, .byte) }
    }
    module.function("thread_yield") { f, _ in
      f.invoke(
        tag: .tag(), target: .special(.receive), timeouts: .timeouts(IPCTimeouts(send: .zero, receive: .zero)))
    }
    module.function("thread_exit") { f, _ in
      f.emit(.hint(kind: .constant(MachineHint.threadExit.rawValue), value: 0))
      f.run("thread_sleep_forever")
    }
    module.function("thread_sleep_forever") { f, _ in
      f.forever { f.invoke(tag: .tag(), target: .special(.receive), timeouts: .timeouts(.never)) }
    }
  }

  /// `sleep_until(instant in ticks)`: returns at once if it has passed.
  static func addClock(to module: ModuleBuilder, options: CompilerOptions) {
    let ticksPerMicrosecond = max(1, options.timebaseHertz / 1_000_000)
    module.function("sleep_until", 1) { f, p in
      let now = f.variable(.time)
      f.while(IR.Value.local(now).isBelow(p[0])) {
        let rest = p[0] - .local(now) + .constant(ticksPerMicrosecond - 1)
        f.run("sleep_microseconds", rest / .constant(ticksPerMicrosecond))
        f.set(now, .time)
      }
    }
  }
}
