import FiascoABI
import Genode

/// From the first instruction to `Component::construct`, in the order of Genode 16.08 on base-foc.
///
/// The order decides which slots, badges and regions a component has, and so what a checkpoint finds. Left out: heap,
/// C++ exception priming, static constructors. Added: the component tells core where its capability map is, which a
/// checkpointer needs. Models `init_main_thread.cc`, `platform_env.h`, `entrypoint.cc`.
enum Startup {
  static let bootstrapStackSize = 16_384

  static func add(to module: ModuleBuilder, construct: String, core: Int) {
    module.data("parent_badge", words: [UInt64](repeating: 0, count: 1))
    module.zeroed("bootstrap_stack", bytes: bootstrapStackSize, alignment: 16)
    module.zeroed("bootstrap_stack_top", bytes: 16, alignment: 16)
    module.zeroed("main_thread", bytes: 8)
    module.zeroed("ep_thread", bytes: 8)
    module.zeroed("thread_ready", bytes: 8 * Locks.semaphoreWords)
    module.zeroed("signal_proxy_semaphore", bytes: 8 * Locks.semaphoreWords)
    addStart(module)
    addEnvironment(module)
    addMainThread(module)
    addEntrypointThread(module, core)
    addSignalThread(module, core)
    addConstructor(module, construct)
    addMain(module)
  }

  private static let mainGate = UInt64(ComponentSlots.gate(ofThread: 0).index)

  private static func addStart(_ module: ModuleBuilder) {
    let entry = IR.Entry.component(stackTop: "bootstrap_stack_top", utcb: ComponentLayout.utcb(ofThread: 0))
    module.function("_start", entry: entry) { f, _ in
      f.run("cap_set", .constant(mainGate), .constant(Badge.mainThread))
      f.store(CapabilityMap.entry(.constant(mainGate)), at: IR.Value.utcb.at(8 * ComponentUTCB.gateEntryWord))
      f.store(0, at: IR.Value.utcb.at(8 * ComponentUTCB.threadObjectWord))
      f.run("cap_set", Environment.parent, IR.Value.symbol("parent_badge").loaded())
      f.run("environment_open")
      f.run("main_thread_create")
      let main = f.keep(IR.Value.symbol("main_thread").loaded())
      f.emit(.continueOn(stack: main, function: "main", argument: main))
    }
  }

  private static func addEnvironment(_ module: ModuleBuilder) {
    module.function("environment_open") { f, _ in
      let arguments = module.text("")
      for name in ["ram", "cpu", "pd"] {
        let slot = f.call("session_open", module.text("Env::\(name)_session"), arguments)
        f.store(slot, at: .symbol("env_\(name)"))
      }
      let pd = Environment.session("env_pd")
      store(f, PDOpcode.addressSpace, of: pd, to: "env_rm")
      store(f, PDOpcode.nativePD, of: pd, to: "env_native_pd")
      let tell = RPC(f, NativePDOpcode.setCapMapInfo)
      tell.word(CapabilityMap.map)
      tell.mustCall(Environment.session("env_native_pd"), "cap_map_info")
      store(f, PDOpcode.stackArea, of: pd, to: "env_stack_area")
      let dataspace = RPC(f, RegionMapOpcode.dataspace)
      dataspace.mustCall(Environment.session("env_stack_area"), "stack area")
      f.run(
        "region_attach", Environment.session("env_rm"), dataspace.receivedCapability(0),
        .constant(ComponentLayout.stackAreaSize), 0, .constant(ComponentLayout.stackAreaBase))
      // Never attached: what a component in need falls back to.
      f.run("ram_alloc", .constant(ComponentLayout.emergencyRAMSize))
    }
  }

  private static func store<Opcode: RawRepresentable<UInt64>>(
    _ f: FunctionBuilder, _ opcode: Opcode, of slot: IR.Value, to global: String
  ) {
    let rpc = RPC(f, opcode)
    rpc.mustCall(slot, global)
    f.store(rpc.receivedCapability(0), at: .symbol(global))
  }

  private static func addMainThread(_ module: ModuleBuilder) {
    module.function("main_thread_create") { f, _ in
      let object = f.call("stack_create", 0, .constant(ComponentLayout.mainStackSize))
      let rpc = RPC(f, ParentOpcode.mainThread)
      rpc.mustCall(Environment.parent, "main_thread_cap")
      f.store(rpc.receivedCapability(0), at: object.at(ThreadObject.cpuThread))
      f.store(.utcb, at: object.at(ThreadObject.utcb))
      f.store(.constant(mainGate), at: object.at(ThreadObject.gate))
      f.store(object, at: IR.Value.utcb.at(8 * ComponentUTCB.threadObjectWord))
      f.store(object, at: .symbol("main_thread"))
      f.run("trace_control_attach")
    }
  }

  /// A thread of the runtime's own is created, started, and waited for.
  private static func create(
    _ f: FunctionBuilder, stack: UInt64, name: String, core: Int, entry: String, into global: String?
  ) {
    let thread = f.call(
      "thread_create", .constant(stack), f.module.text(name), 0, .constant(UInt64(core)), .symbol(entry), 0)
    if let global { f.store(thread, at: .symbol(global)) }
    f.run("thread_start", thread)
    f.run("semaphore_down", .symbol("thread_ready"))
  }

  private static func addEntrypointThread(_ module: ModuleBuilder, _ core: Int) {
    module.function("entrypoint_create") { f, _ in
      create(
        f, stack: ComponentLayout.entrypointStackSize, name: ComponentLayout.entrypointName, core: core,
        entry: "entrypoint_main", into: "ep_thread")
    }
    // The exit object of an entrypoint: asked once, it would end the loop. Nobody asks.
    module.function("exit_handler", 2) { f, _ in f.exit(0) }
  }

  private static func addSignalThread(_ module: ModuleBuilder, _ core: Int) {
    module.function("signal_thread_create") { f, _ in
      create(
        f, stack: ComponentLayout.signalHandlerStackSize, name: ComponentLayout.signalHandlerName,
        core: core, entry: "signal_handler", into: nil)
    }
    module.function("signal_proxy", 2) { f, p in
      f.store(0, at: p[1].at(MessageBuffer.payloadCount))
      f.store(0, at: p[1].at(MessageBuffer.capabilityCount))
      f.exit(0)
    }
  }

  private static func addConstructor(_ module: ModuleBuilder, _ construct: String) {
    module.function("constructor", 2) { f, p in
      f.emit(.hint(kind: .constant(MachineHint.construct.rawValue), value: 0))
      f.run(construct)
      f.store(0, at: p[1].at(MessageBuffer.payloadCount))
      f.store(0, at: p[1].at(MessageBuffer.capabilityCount))
      f.exit(0)
    }
  }

  /// What the initial thread does on its own stack; at last it becomes the signal proxy.
  private static func addMain(_ module: ModuleBuilder) {
    module.function("main", 1) { f, _ in
      let ep = IR.Value.symbol("ep_thread").loaded()
      f.run("entrypoint_create")
      f.run("rpc_manage", ep, .symbol("exit_handler"), 0)
      let proxy = f.call("rpc_manage", ep, .symbol("signal_proxy"), 0)
      f.run("signal_thread_create")
      let constructor = f.call("rpc_manage", ep, .symbol("constructor"), 0)
      let rpc = RPC(f, opcode: 0)
      _ = rpc.call(constructor)
      f.run("rpc_dissolve", constructor)
      f.forever {
        f.run("semaphore_down", .symbol("signal_proxy_semaphore"))
        let signal = RPC(f, opcode: 0)
        _ = signal.call(proxy)
      }
    }
  }
}
