import FiascoABI

/// Blocking inside a component: every thread has one IRQ, and waiting is a closed receive on it.
///
/// So what a lock is worth lies in two places: the queue in memory and the IRQ's pending count in the kernel.
/// Models `Genode::Cancelable_lock` and `lock_helper.h` of base-foc.
enum Locks {
  static let semaphoreWords = 2
  /// A lock is three words: holder, first and last waiter. A fourth guards it.
  static let lockWords = 4

  static func add(to module: ModuleBuilder) {
    addSpinLock(module)
    addBlocking(module)
    addSemaphore(module)
    addLock(module)
  }

  /// A spin lock that is contended lets a tick pass: spinning would starve a holder of lower priority for ever.
  private static func addSpinLock(_ module: ModuleBuilder) {
    module.function("spin_lock", 1) { f, p in
      let old = f.local()
      f.emit(.atomicSwap(old, address: p[0], 1))
      f.while(.local(old)) {
        f.run("thread_pause")
        f.emit(.atomicSwap(old, address: p[0], 1))
      }
    }
    module.function("spin_unlock", 1) { f, p in
      let old = f.local()
      f.emit(.atomicSwap(old, address: p[0], 0))
    }
    module.function("thread_pause") { f, _ in
      let tick = IPCTimeouts(send: .never, receive: .relative(microseconds: 1000))
      f.invoke(tag: .tag(), target: .special(.receive), timeouts: .timeouts(tick))
    }
  }

  private static func addBlocking(_ module: ModuleBuilder) {
    module.function("thread_block") { f, _ in
      let slot = IR.Value.myself.field(ThreadObject.gate) + 2
      f.invoke(tag: .tag(), target: .target(slot: slot, .receive), timeouts: .timeouts(.never))
    }
    // Overwrites message register 0: never to be called while a message is being put together.
    module.function("thread_wake", 1) { f, p in
      f.store(.constant(Opcode.IRQ.trigger), at: .messageRegister(0))
      let slot = p[0].field(ThreadObject.gate) + 2
      f.invoke(
        tag: .tag(label: KernelProtocol.irq, words: 1), target: .target(slot: slot, .send),
        timeouts: .timeouts(.never))
    }
  }

  /// Words of a semaphore: count and the thread that waits. One thread waits at most. Its guard is a spin lock.
  private static func addSemaphore(_ module: ModuleBuilder) {
    let guardLock = module.zeroed("semaphore_guard", bytes: 8)
    module.function("semaphore_down", 1) { f, p in
      let semaphore = p[0]
      f.forever {
        f.run("spin_lock", guardLock)
        f.if(semaphore.field(0)) {
          f.store(semaphore.field(0) - 1, at: semaphore)
          f.run("spin_unlock", guardLock)
          f.exit()
        }
        f.store(.myself, at: semaphore.at(8))
        f.run("spin_unlock", guardLock)
        f.run("thread_block")
      }
    }
    module.function("semaphore_up", 1) { f, p in
      let semaphore = p[0]
      f.run("spin_lock", guardLock)
      f.store(semaphore.field(0) + 1, at: semaphore)
      let waiter = f.keep(semaphore.field(8))
      f.store(0, at: semaphore.at(8))
      f.run("spin_unlock", guardLock)
      f.if(waiter) { f.run("thread_wake", waiter) }
    }
  }

  private static func addLock(_ module: ModuleBuilder) {
    module.function("lock_acquire", 1) { f, p in
      let lock = p[0]
      let myself = f.keep(.myself)
      f.run("spin_lock", lock.at(24))
      f.if(lock.field(0).isZero) {
        f.store(myself, at: lock)
        f.run("spin_unlock", lock.at(24))
        f.exit()
      }
      f.store(0, at: myself.at(ThreadObject.nextWaiter))
      f.store(0, at: myself.at(ThreadObject.isGranted))
      f.if(lock.field(8)) {
        f.store(myself, at: lock.field(16).at(ThreadObject.nextWaiter))
      } else: {
        f.store(myself, at: lock.at(8))
      }
      f.store(myself, at: lock.at(16))
      f.run("spin_unlock", lock.at(24))
      f.while(myself.field(ThreadObject.isGranted).isZero) { f.run("thread_block") }
    }
    module.function("lock_release", 1) { f, p in
      let lock = p[0]
      f.run("spin_lock", lock.at(24))
      let next = f.keep(lock.field(8))
      f.store(next, at: lock)
      f.if(next) {
        f.store(next.field(ThreadObject.nextWaiter), at: lock.at(8))
        f.store(1, at: next.at(ThreadObject.isGranted))
      }
      f.run("spin_unlock", lock.at(24))
      f.if(next) { f.run("thread_wake", next) }
    }
  }
}
