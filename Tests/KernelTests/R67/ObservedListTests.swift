import Testing

/// Every case that was observed on the kernel of 2016 is tested, or the list says why not.
struct ObservedListTests {
  private struct Entry {
    let id: String
    let suite: String?
  }

  private static let entries: [Entry] =
    (ObservedListAToC.lines.split(separator: "\n") + ObservedListDToR.lines.split(separator: "\n")).map { line in
      let words = line.split(separator: " ")
      return Entry(id: String(words[0]), suite: words[1] == "-" ? nil : String(words[1].dropLast()))
    }

  private static let suites: [(name: String, cases: [ObservedCase])] = [
    ("AreaATests", AreaATests.cases), ("AreaADeletionTests", AreaADeletionTests.cases),
    ("AreaBTests", AreaBTests.cases), ("AreaCTests", AreaCTests.cases), ("AreaDTests", AreaDTests.cases),
    ("AreaETests", AreaETests.cases), ("AreaFTests", AreaFTests.cases), ("AreaGTests", AreaGTests.cases),
    ("AreaHTests", AreaHTests.cases), ("AreaRTests", AreaRTests.cases),
    ("AreaRestartTests", AreaRestartTests.cases),
  ]

  @Test func `all 322 observed cases are in the list, once`() {
    #expect(Self.entries.count == 322)
    #expect(Set(Self.entries.map(\.id)).count == 322)
    #expect(Self.entries.count { $0.suite == nil } == 4)
  }

  @Test func `every case is tested in the suite that the list names, in profile r67, and no other is`() {
    var listed: [String: String] = [:]
    for entry in Self.entries { listed[entry.id] = entry.suite }
    for (name, cases) in Self.suites {
      for observed in cases {
        #expect(listed.removeValue(forKey: observed.id) == name, "\(observed.id)")
        #expect(observed.expected.contains { $0.profile == .r67 }, "\(observed.id)")
      }
    }
    #expect(listed.isEmpty, "\(listed.keys.sorted())")
  }
}
