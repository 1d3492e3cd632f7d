import FiascoABI
import Testing

@testable import FiascoKernel

/// A virtual processor goes on in its own task or in a user task.
struct VirtualCPUResumeTests {
  static let profiles = KernelProfile.Name.allCases

  /// Selector of the user task before the resume, relative to a task's slot, and what the resume gives.
  enum UserTask: String, CaseIterable { case none, task, weak, noTask, taken, cached }

  @Test(arguments: profiles, UserTask.allCases)
  func `user mode needs a task with the right to it`(_ profile: KernelProfile.Name, _ kind: UserTask) {
    var world = KernelWorld(.named(profile))
    let place = world.task()
    let weak = world.copy(place.slot, rights: [.read, .write])
    let vcpu = VirtualProcessor(&world, [VirtualProcessor.resume(), .mark("back"), .spin])
    let (selector, answer): (UInt64, Int64) =
      switch kind {
      case .none: (ObjectReference.invalidSelector, -2)
      case .task: (place.slot.selector, 0)
      case .weak: (weak.selector, -1)
      case .noTask: (CapabilitySlot.factory.selector, -2)
      case .taken: (place.slot.selector | 8, -2)
      case .cached: (place.slot.selector | 1, -2)
      }
    world.kernel.setVCPUWord(vcpu.actor.id, VCPUState.userTask, selector)
    world.kernel.setVCPUState(vcpu.actor.id, [], saved: .userMode)
    world.kernel.setVCPUWord(vcpu.actor.id, VCPUState.registers + ExceptionMessage.instructionPointer, 0x7000_7000)
    world.sleep(milliseconds: 2)
    let t = vcpu.actor.id
    guard kind == .task else {
      #expect(world.results(t).first?.tag.label == answer)
      #expect(world.order == "back")
      // The state was taken over before the task was missed.
      #expect(world.kernel.vcpuState(t) == (kind == .weak ? [] : .userMode))
      return
    }
    #expect(world.kernel.threads[t.slot].flags.contains(.vcpuUser) == true)
    #expect(world.kernel.executedTask(of: t) != world.kernel.threads[t.slot].task)
    #expect(world.kernel.registers[t.slot].pc == 0x7000_7000)
    #expect(world.kernel.vcpuState(t) == [.userMode, .irqs, .pageFaults, .exceptions])
    #expect(world.kernel.vcpuWord(t, VCPUState.userTask) == selector | 1)
  }

  @Test(arguments: profiles)
  func `a system call in user mode is an exception at the call, on the entry's own stack`(
    _ profile: KernelProfile.Name
  ) {
    var world = KernelWorld(.named(profile))
    let place = world.task()
    let vcpu = VirtualProcessor(&world, [VirtualProcessor.resume(), .sleep(milliseconds: 1), .spin])
    let t = vcpu.actor.id
    world.kernel.setVCPUWord(t, VCPUState.userTask, place.slot.selector)
    world.kernel.setVCPUState(t, [], saved: .userMode)
    world.kernel.setVCPUWord(t, VCPUState.registers + ExceptionMessage.instructionPointer, 0x7000_7000)
    world.kernel.registers[t.slot][3] = 0x3000
    world.kernel.registers[t.slot][4] = 0x4000
    world.sleep(milliseconds: 2)
    #expect(vcpu.isEntered(world) == true)
    #expect(vcpu.cause(world) == ExceptionCause.systemCall)
    #expect(vcpu.saved(ExceptionMessage.instructionPointer, world) == 0x7000_7000)
    #expect(world.kernel.registers[t.slot].sp == VirtualProcessor.stack)
    // The program has its own gp and tp again, and nothing of the user's registers.
    #expect(world.kernel.registers[t.slot][3] == 0x3000)
    #expect(world.kernel.registers[t.slot][4] == 0x4000)
    #expect(world.kernel.registers[t.slot][11] == 0)
    #expect(world.kernel.threads[t.slot].flags.contains(.vcpuUser) == false)
    #expect(world.kernel.vcpuSavedState(t) == [.userMode, .irqs, .pageFaults, .exceptions])
  }

  @Test(arguments: profiles)
  func `nobody else can resume, and nobody without a virtual processor`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    let vcpu = VirtualProcessor(&world)
    let plain = world.thread(priority: 20, [VirtualProcessor.resume()])
    world.sleep(milliseconds: 2)
    #expect(world.invoke(vcpu.actor.slot, KernelProtocol.thread, [Opcode.Thread.vcpuResume]) == -22)
    #expect(world.results(plain.id)[0].tag.label == -22)
  }

  @Test(arguments: profiles)
  func `a user task stays as long as a processor has it, and goes with the thread`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    let place = world.task()
    let vcpu = VirtualProcessor(&world, [VirtualProcessor.resume(), .spin])
    let t = vcpu.actor.id
    world.kernel.setVCPUWord(t, VCPUState.userTask, place.slot.selector)
    world.kernel.setVCPUState(t, [], saved: .userMode)
    world.kernel.setVCPUWord(t, VCPUState.registers + ExceptionMessage.instructionPointer, 0x7000_7000)
    world.sleep(milliseconds: 2)
    let user = world.kernel.executedTask(of: t)
    world.drop(place.slot)
    #expect(world.kernel.tasks.contains(user.slot) == true)
    world.drop(vcpu.actor.slot)
    world.sleep(milliseconds: 2)
    #expect(world.kernel.tasks.contains(user.slot) == false)
    #expect(world.kernel.areas.count == 0)
  }

  @Test(arguments: profiles)
  func `a copy of the machine goes on like the original`(_ profile: KernelProfile.Name) {
    var world = KernelWorld(.named(profile))
    let vcpu = VirtualProcessor(&world, state: .irqs)
    let irq = world.irq(vcpu.actor, label: 0x880)
    world.sleep(milliseconds: 2)
    var copy = world.node.fork()
    copy.kernel.triggerIRQ(0)
    #expect(copy.kernel.threads[vcpu.actor.id.slot].flags.contains(.upcall) == true)
    #expect(world.kernel.threads[vcpu.actor.id.slot].flags.contains(.upcall) == false)
    world.raise(irq)
    #expect(world.kernel.vcpuWord(vcpu.actor.id, VCPUState.messageLabel) == 0x880)
    #expect(copy.kernel.vcpuWord(vcpu.actor.id, VCPUState.messageLabel) == 0x880)
  }
}
