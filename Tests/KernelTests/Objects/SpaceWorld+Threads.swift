import FiascoABI

@testable import FiascoKernel

extension SpaceWorld {
  /// A thread with a UTCB of its own that never runs: operations are carried out in its name.
  mutating func addThread(in task: TaskID) -> ThreadID {
    let thread = kernel.makeThread(payer: factory)
    let address = 0x30_0000_0000 + UInt64(thread.slot) * 4096
    do throws(InvocationError) {
      try kernel.addKernelUserMemory(task, .memory(address, order: 12, rights: .rw))
    } catch {
      preconditionFailure("no room for a UTCB")
    }
    precondition(kernel.bindThread(thread, to: task, utcb: address))
    return thread
  }

  mutating func setMessage(_ thread: ThreadID, _ words: [UInt64], at register: Int = 0) {
    for (index, word) in words.enumerated() { kernel.setUTCBWord(thread, register + index, word) }
  }

  func message(_ thread: ThreadID, _ register: Int) -> UInt64 { kernel.utcbWord(thread, register) }

  /// Buffer registers from 0 on, which are also the first object and memory buffers.
  mutating func setBuffers(_ thread: ThreadID, _ words: [UInt64], descriptor: UInt64 = 0) {
    kernel.setUTCBWord(thread, UTCB.bufferDescriptor, descriptor)
    for index in 0..<8 {
      kernel.setUTCBWord(thread, UTCB.bufferRegisters + index, index < words.count ? words[index] : 0)
    }
  }

  mutating func insert(_ object: ObjectID, in task: TaskID, at slot: UInt32, mask: UInt8 = 0xff) {
    do throws(MapFailure) {
      try kernel.insertCapability(Capability(object: object, mask: mask), task: task, slot: UInt64(slot))
    } catch {
      preconditionFailure("no room for a capability")
    }
  }
}
