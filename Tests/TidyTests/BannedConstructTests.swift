import Testing

/// What no source may contain.
private let everywhere = [
  BannedConstruct(#"\btry!"#, instead: "handle the error or let it pass"),
  BannedConstruct(#"\bas!"#, instead: "make the type say it"),
  BannedConstruct(#"\bfatalError\b"#, instead: "a defect is a `precondition` with a sentence"),
  BannedConstruct(#"[\w)\]]!(?=[.,;:)\]\s\[(]|$)"#, instead: "no force unwrap; bind it or use a `precondition`"),
  BannedConstruct(#"\bTODO\b|\bFIXME\b"#, instead: "finish it"),
]

/// What would make a simulated machine differ from run to run, or hide state outside the value.
private let layers = [
  BannedConstruct(
    #"\bSet<|\bDictionary<|\[[A-Z][\w.]*\s*:\s*\[?[A-Z]|\[:\]"#,
    instead: "order depends on the process: use `SlotTable` or a sorted array, or say `// lookup only`",
    unless: "// lookup only"),
  BannedConstruct(#"\bHasher\(|\bhashValue\b"#, instead: "seeded anew in each process: use `StateDigest`"),
  BannedConstruct(#"\bObjectIdentifier\b"#, instead: "addresses differ between processes"),
  BannedConstruct(#"\.random\(|\bSystemRandomNumberGenerator\b"#, instead: "use the machine's `SeededGenerator`"),
  BannedConstruct(#"\bDate\b|\bUUID\b|\bContinuousClock\b|\bclock_gettime\b"#, instead: "simulated time only"),
  BannedConstruct(
    #"\basync\b|\bawait\b|(^|=)\s*Task\s*\{|\bactor\b"#, instead: "a machine is a value; nothing runs beside it"),
  BannedConstruct(#"\bDouble\b|\bFloat\b"#, instead: "integers only: rounding differs between builds"),
  BannedConstruct(#"\bany [A-Z]"#, instead: "existentials cost four times a call: use a generic or an enum"),
  BannedConstruct(
    #"^\s*(\w+ )*class [A-Z]"#, instead: "state is a value; a uniquely owned buffer says `// uniquely owned`",
    unless: "// uniquely owned"),
]

private let layerNames: Set<String> = [
  "Determinism", "RISCV", "FiascoABI", "FiascoKernel", "FiascoMachine", "Genode", "CheckpointRestore", "Simulation",
]

@Suite struct BannedConstructTests {
  @Test func `no source contains what could crash without a sentence`() {
    let findings = Repository.here.sources.flatMap { file in everywhere.flatMap { $0.findings(in: file) } }
    #expect(findings.isEmpty, "\(list(findings))")
  }

  @Test func `no layer contains what differs between runs`() {
    let files = Repository.here.sources.filter { layerNames.contains($0.target ?? "") }
    #expect(files.count > 50, "the layers must be found for this test to mean something")
    let findings = files.flatMap { file in layers.flatMap { $0.findings(in: file) } }
    #expect(findings.isEmpty, "\(list(findings))")
  }

  @Test(arguments: [
    "let x = try! read()", "let y = z as! Int", "fatalError(\"no\")", "let v = table[3]!", "first!.next", "f(x!)",
    "g(x!, y)", "var w: Int!", "print(1) ; TODO()",
  ])
  func `a crash in disguise is found`(_ line: String) {
    let file = RepositoryFile(path: "Sources/Any/File.swift", text: "import A\n\(line)\n")
    #expect(everywhere.flatMap { $0.findings(in: file) }.map(\.line).contains(2))
  }

  @Test(arguments: [
    "if a != b {", "if !done {", "// never try! this", "let s = \"fatalError!\"", "a.map { !$0 }", "(!x)", "x = [!y]",
    "/* table[3]! */ let t = 1",
  ])
  func `a harmless line is left alone`(_ line: String) {
    let file = RepositoryFile(path: "Sources/Any/File.swift", text: line)
    #expect(everywhere.flatMap { $0.findings(in: file) }.isEmpty)
  }

  @Test(arguments: [
    "var names: Set<Int> = []", "var t: [String: Int]", "var u = [Int: [Int]]()", "t = [:]", "var h = Hasher()",
    "x.hashValue", "Int.random(in: 0...3)", "let d = Date()", "let u = UUID()", "func f() async {", "await g()",
    "Task { }", "var ratio: Double", "Float(1)", "let p: any Sequence", "final class Box {", "public class Node {",
    "ObjectIdentifier(x)",
  ])
  func `a source of chance is found`(_ line: String) {
    let file = RepositoryFile(path: "Sources/Genode/File.swift", text: line)
    #expect(layers.flatMap { $0.findings(in: file) }.count == 1)
  }

  @Test(arguments: [
    "var index: [String: Int] = [:] // lookup only", "final class Page { // uniquely owned", "let a = [index: 3]",
    "func hash(into hasher: inout Hasher) {", "public enum Task {", "var asynchronous = 1", "case date", "let x: [Int]",
    "x[y ? 1 : Z]",
  ])
  func `an excused or harmless line is left alone`(_ line: String) {
    let file = RepositoryFile(path: "Sources/Genode/File.swift", text: line)
    #expect(layers.flatMap { $0.findings(in: file) }.isEmpty)
  }
}

/// Findings below each other, so that a failing test can be worked off.
func list(_ findings: [Finding]) -> String {
  "\n" + findings.map(\.description).sorted().joined(separator: "\n")
}
