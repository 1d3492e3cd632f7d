import Determinism
import Simulation

extension Player {
  /// The author's variables where the component has them now; a component that is gone has none.
  mutating func finalVariables() -> [FinalVariable] {
    let variables = run.machine.programs.flatMap(\.variables)
    let values = variables.map { Player.value(of: $0, as: collector, in: cluster.first) }
    guard let standby else {
      return zip(variables, values).map { FinalVariable(component: $0.component, name: $0.name, value: $1) }
    }
    return zip(variables, values).map { variable, value in
      let moved = cluster.withSecond { Player.value(of: variable, as: standby, in: $0) } ?? nil
      return FinalVariable(component: variable.component, name: variable.name, value: moved ?? value)
    }
  }

  private static func value(
    of variable: VariablePlace, as collector: RunCollector, in system: borrowing System
  ) -> Int64? {
    guard let task = collector.tracker.task(of: variable.component, in: system.node.kernel),
      let entry = system.node.kernel.translate(task, variable.address)
    else { return nil }
    return system.node.kernel.memory.value(frame: entry.frame, address: variable.address, bytes: variable.bytes)
  }
}

extension PagedMemory {
  /// A little-endian integer of 1, 2, 4 or 8 bytes, as the language's loads read it.
  fileprivate func value(frame: Int, address: UInt64, bytes: Int) -> Int64 {
    let offset = Int(address % 4096)
    return switch bytes {
    case 1: Int64(load(frame: frame, offset: offset, as: UInt8.self))
    case 2: Int64(load(frame: frame, offset: offset, as: UInt16.self))
    case 4: Int64(load(frame: frame, offset: offset, as: UInt32.self))
    default: Int64(bitPattern: load(frame: frame, offset: offset, as: UInt64.self))
    }
  }
}
