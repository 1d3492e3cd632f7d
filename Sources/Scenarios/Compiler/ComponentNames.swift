import Genode

/// Where the names of one component are in memory.
///
/// Every symbol starts with the component's name, so that symbols of the runtime and of several tasks in one image
/// never meet.
struct ComponentNames {
  struct DataspacePlace {
    var name: Name
    var bytes: UInt64
    /// Fixed at compile time if the component attaches it at the start.
    var address: UInt64?
    var content: DataspaceContent?
    var isDeclared: Bool
  }

  let component: Component
  let prefix: String
  private(set) var dataspaces: [DataspacePlace] = []

  /// Address space that the compiler hands out to dataspaces whose author names no address.
  static let dataspaceBase: UInt64 = 0x1000_0000

  /// `base` moves on behind what is placed, so that the tasks of one image do not overlap.
  init(_ component: Component, base: inout UInt64) {
    self.component = component
    prefix = component.name.text
    for dataspace in component.dataspaces {
      let bytes = (UInt64(dataspace.size.bytes) + 4095) & ~4095
      var address = dataspace.at.map { UInt64(bitPattern: $0.value) }
      if address == nil {
        // Aligned to its size up to a superpage: then one mapping can cover it.
        var alignment: UInt64 = 4096
        while alignment < bytes, alignment < 1 << 21 { alignment <<= 1 }
        address = (base + alignment - 1) & ~(alignment - 1)
        base = (address ?? base) + bytes
      }
      dataspaces.append(
        DataspacePlace(
          name: dataspace.name, bytes: bytes, address: address, content: dataspace.content, isDeclared: true))
    }
    for name in component.declared.dataspaces where dataspace(name.text) == nil {
      dataspaces.append(DataspacePlace(name: name, bytes: 0, address: nil, content: nil, isDeclared: false))
    }
  }

  func symbol(_ member: String) -> String { "\(prefix).\(member)" }

  func dataspace(_ name: String) -> DataspacePlace? { dataspaces.first { $0.name.text == name } }

  func variable(_ name: Name) throws(Diagnostic) -> Variable {
    if let found = component.variables.first(where: { $0.name.text == name.text }) { return found }
    throw Diagnostic(.unknownName(name.text, kind: .variable, owner: prefix, near: nil), at: name.position)
  }

  /// Variables of a dataspace follow one another from its start, each aligned to its size.
  func offset(of variable: Variable) -> UInt64 {
    var offset: UInt64 = 0
    for other in component.variables where other.dataspace?.text == variable.dataspace?.text {
      let bytes = UInt64(other.bytes)
      offset = (offset + bytes - 1) / bytes * bytes
      if other.name.text == variable.name.text { return offset }
      offset += bytes
    }
    return offset
  }

  /// The address at which the author's variable lives while its dataspace is where the component attached it first;
  /// nil for one in `.data`, which has a symbol.
  func fixedAddress(of variable: Variable) -> UInt64? {
    guard let name = variable.dataspace, let place = dataspace(name.text), let base = place.address else { return nil }
    return base + offset(of: variable)
  }

  /// Writes what a dataspace contains at the start: its content, then the variables in it. `base` is where the writer
  /// sees it.
  func initialise(_ f: FunctionBuilder, _ place: DataspacePlace, at base: IR.Value) {
    switch place.content {
    case .fill(let byte):
      f.emit(
        .bulk(
          IR.BulkAccess(isStore: true, address: base, bytes: .constant(place.bytes), value: .constant(UInt64(byte)))))
    case .text(let text): f.run("memory_copy", base, f.module.text(text), .constant(UInt64(text.utf8.count)))
    case .words(let words):
      let source = f.module.constants(words.map { UInt64(bitPattern: $0) })
      f.run("memory_copy", base, source, .constant(UInt64(words.count * 8)))
    case nil: break
    }
    for variable in component.variables where variable.dataspace?.text == place.name.text && variable.initial != 0 {
      f.store(
        .constant(UInt64(bitPattern: variable.initial)), at: base + .constant(offset(of: variable)),
        IR.Width(rawValue: variable.bytes) ?? .double)
    }
  }

  // Words that describe a dataspace at run time.
  static let dataspaceSlot = 0, dataspaceAddress = 8, dataspaceSize = 16
  /// Where it was attached last in a region map of the component's own.
  static let dataspaceInner = 24
  func dataspaceRecord(_ name: String) -> IR.Value { .symbol(symbol("dataspace.\(name)")) }
}
