import CheckpointRestore

/// DWARF 4 for variables that are structures and arrays of them: enough for a debugger to print every field by name.
struct DebugInformation {
  private(set) var entries: [UInt8] = []
  private(set) var abbreviations: [UInt8] = []
  /// Offsets of what was described already, to refer to.
  private var types: [(name: String, offset: UInt32)] = []

  init(_ variables: [KernelWindow.Variable]) {
    for shape in Shape.allCases { describe(shape) }
    abbreviations.append(0)
    // Length (set at the end), version, abbreviations at 0, address size.
    entries.append(littleEndian: UInt32(0))
    entries.append(littleEndian: UInt16(4))
    entries.append(littleEndian: UInt32(0))
    entries.append(8)
    begin(.unit)
    text("stasis")
    text("checkpoint")
    entries.append(littleEndian: UInt16(0x0c))
    for variable in variables { describe(variable) }
    entries.append(0)
    entries.replace(at: 0, littleEndian: UInt32(entries.count - 4))
  }

  /// What kinds of entries there are; each has one abbreviation.
  private enum Shape: UInt8, CaseIterable {
    case unit = 1
    case baseType, enumeration, enumerator, structure, member, array, range, variable

    /// Tag, whether entries belong to it, attributes with their forms.
    var declaration: (tag: UInt8, hasChildren: Bool, attributes: [(UInt8, UInt8)]) {
      switch self {
      // Producer and name as strings, language.
      case .unit: (0x11, true, [(0x25, 0x08), (0x03, 0x08), (0x13, 0x05)])
      // Name, size, encoding.
      case .baseType: (0x24, false, [(0x03, 0x08), (0x0b, 0x0b), (0x3e, 0x0b)])
      // Name, size.
      case .enumeration: (0x04, true, [(0x03, 0x08), (0x0b, 0x0b)])
      // Name, value.
      case .enumerator: (0x28, false, [(0x03, 0x08), (0x1c, 0x0b)])
      // Name, size.
      case .structure: (0x13, true, [(0x03, 0x08), (0x0b, 0x06)])
      // Name, type, place.
      case .member: (0x0d, false, [(0x03, 0x08), (0x49, 0x13), (0x38, 0x06)])
      // Type of the elements.
      case .array: (0x01, true, [(0x49, 0x13)])
      // Type of the index, number of elements.
      case .range: (0x21, false, [(0x49, 0x13), (0x37, 0x06)])
      // Name, type, external, location.
      case .variable: (0x34, false, [(0x03, 0x08), (0x49, 0x13), (0x3f, 0x19), (0x02, 0x18)])
      }
    }
  }

  private mutating func describe(_ shape: Shape) {
    let declaration = shape.declaration
    abbreviations += [shape.rawValue, declaration.tag, declaration.hasChildren ? 1 : 0]
    for (attribute, form) in declaration.attributes { abbreviations += [attribute, form] }
    abbreviations += [0, 0]
  }

  private mutating func begin(_ shape: Shape) { entries.append(shape.rawValue) }
  private mutating func text(_ text: String) { entries += Array(text.utf8) + [0] }

  // MARK: Types

  private mutating func known(_ name: String, _ make: (inout DebugInformation) -> UInt32) -> UInt32 {
    if let found = types.first(where: { $0.name == name }) { return found.offset }
    let offset = make(&self)
    types.append((name, offset))
    return offset
  }

  /// Offset of an entry that begins now.
  private var here: UInt32 { UInt32(entries.count) }

  private mutating func baseType(_ name: String, size: UInt8, encoding: UInt8) -> UInt32 {
    known(name) { information in
      let offset = information.here
      information.begin(.baseType)
      information.text(name)
      information.entries += [size, encoding]
      return offset
    }
  }

  private mutating func enumeration(_ name: String, _ cases: [String]) -> UInt32 {
    known("enum " + name) { information in
      let offset = information.here
      information.begin(.enumeration)
      information.text(name)
      information.entries.append(4)
      for (value, one) in cases.enumerated() {
        information.begin(.enumerator)
        information.text("\(name)_\(one)")
        information.entries.append(UInt8(truncatingIfNeeded: value))
      }
      information.entries.append(0)
      return offset
    }
  }

  private mutating func array(of type: UInt32, _ name: String, count: Int) -> UInt32 {
    known("\(name)[\(count)]") { information in
      let index = information.baseType("unsigned long", size: 8, encoding: 7)
      let offset = information.here
      information.begin(.array)
      information.entries.append(littleEndian: type)
      information.begin(.range)
      information.entries.append(littleEndian: index)
      information.entries.append(littleEndian: UInt32(count))
      information.entries.append(0)
      return offset
    }
  }

  private mutating func type(_ field: DebugStructure.FieldType) -> UInt32 {
    switch field {
    case .unsigned64: return baseType("unsigned long", size: 8, encoding: 7)
    case .unsigned32: return baseType("unsigned int", size: 4, encoding: 7)
    case .flag: return baseType("_Bool", size: 1, encoding: 2)
    case .text(let count):
      let character = baseType("char", size: 1, encoding: 8)
      return array(of: character, "char", count: count)
    case .situation: return enumeration("situation", ThreadImage.Situation.allCases.map(\.rawValue))
    case .objectKind: return enumeration("object", KernelObjectImage.Kind.allCases.map(\.rawValue))
    }
  }

  private mutating func structure(_ structure: DebugStructure) -> UInt32 {
    let fields = structure.fields.map { ($0, type($0.type)) }
    return known("struct " + structure.name) { information in
      let offset = information.here
      information.begin(.structure)
      information.text(structure.name)
      information.entries.append(littleEndian: UInt32(structure.size))
      for (field, type) in fields {
        information.begin(.member)
        information.text(field.name)
        information.entries.append(littleEndian: type)
        information.entries.append(littleEndian: UInt32(field.offset))
      }
      information.entries.append(0)
      return offset
    }
  }

  private mutating func describe(_ variable: KernelWindow.Variable) {
    var type = structure(variable.structure)
    if let count = variable.count { type = array(of: type, variable.structure.name, count: count) }
    begin(.variable)
    text(variable.name)
    entries.append(littleEndian: type)
    // An expression of nine bytes: the address.
    entries += [9, 0x03]
    entries.append(littleEndian: variable.address)
  }
}
