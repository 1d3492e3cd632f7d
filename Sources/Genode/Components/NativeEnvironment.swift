import FiascoABI

/// What every component has: its parent and its own sessions. A native component obtains them in its first steps.
///
/// Models `Genode::Env` on base-foc (`platform_env.h`).
public struct NativeEnvironment: Hashable, Sendable {
  private enum Stage: Hashable, Sendable { case parent, ram, cpu, pd, mainThread, addressSpace, complete }

  private var stage = Stage.parent
  private let slots: [CapabilitySlot]
  public private(set) var parent = RPCCapability(slot: ComponentSlots.parent, badge: 0)
  public private(set) var ram = Self.unknown
  public private(set) var cpu = Self.unknown
  public private(set) var pd = Self.unknown
  /// CPU thread of the main thread.
  public private(set) var mainThread = Self.unknown
  /// The component's own region map.
  public private(set) var addressSpace = Self.unknown

  private static let unknown = RPCCapability(slot: ComponentSlots.parent, badge: Badge.invalid)

  public init(slots: inout CapabilitySlots) { self.slots = slots.take(5) }

  public var isComplete: Bool { stage == .complete }

  /// One call of the start-up sequence. The first blocks until the parent serves this component.
  public mutating func step(_ script: inout Script) throws(Suspension) {
    switch stage {
    case .parent:
      parent.badge = try script.read(ComponentLayout.nativeDataBase, count: 1).first ?? 0
      stage = .ram
    case .ram:
      ram = try session(EnvironmentService.ram, slots[0], &script)
      stage = .cpu
    case .cpu:
      cpu = try session(EnvironmentService.cpu, slots[1], &script)
      stage = .pd
    case .pd:
      pd = try session(EnvironmentService.pd, slots[2], &script)
      stage = .mainThread
    case .mainThread:
      let reply = try script.call(parent, ParentOpcode.mainThread, receiveInto: [slots[3]])
      mainThread = reply.capability ?? Self.unknown
      stage = .addressSpace
    case .addressSpace:
      addressSpace = try script.call(pd, PDOpcode.addressSpace, receiveInto: [slots[4]]).capability ?? Self.unknown
      stage = .complete
    case .complete: break
    }
  }

  private func session(
    _ service: String, _ slot: CapabilitySlot, _ script: inout Script
  ) throws(Suspension) -> RPCCapability {
    try script.session(service, SessionArguments(""), parent: parent, into: slot).capability ?? Self.unknown
  }
}
