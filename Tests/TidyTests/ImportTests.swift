import Testing

/// Which of our modules a module may import: every arrow points down, nothing else is allowed.
/// `Documentation/ARCHITECTURE.md` tells why; a new arrow is a decision, not a convenience.
private let arrows: [String: Set<String>] = {
  let core: Set<String> = ["Determinism", "RISCV", "FiascoABI"]
  let machine = core.union(["FiascoKernel", "FiascoMachine"])
  let user: Set<String> = ["Genode", "CheckpointRestore"]
  return [
    "Determinism": [],
    "RISCV": ["Determinism"],
    "FiascoABI": [],
    "FiascoKernel": core,
    "FiascoMachine": core.union(["FiascoKernel"]),
    "Genode": ["FiascoABI", "Determinism"],
    // Not the kernel: a checkpointer sees what user level sees.
    "CheckpointRestore": ["Genode", "FiascoABI", "Determinism"],
    "Simulation": machine.union(user),
    "ELFFiles": user.union(["CLibelf", "FiascoABI", "Determinism"]),
    "Scenarios": machine.union(user).union(["Simulation", "ELFFiles"]),
    "Studies": machine.union(user).union(["Simulation", "ELFFiles", "Scenarios"]),
    "Reports": core.union(user).union([
      "Simulation", "ELFFiles", "Scenarios", "Studies", "FiascoMachine", "FiascoKernel",
    ]),
    "stasis": machine.union(user).union(["Simulation", "ELFFiles", "Scenarios", "Studies", "Reports"]),
    "Benchmarks": machine.union(user).union(["Simulation", "ELFFiles", "Scenarios"]),
  ]
}()

/// Modules that are not ours, and who may use them.
private let foreign: [String: Set<String>] = [
  "Foundation": ["ELFFiles", "Scenarios", "Studies", "Reports", "stasis", "Benchmarks"],
  "FoundationEssentials": ["ELFFiles", "Scenarios", "Studies", "Reports", "stasis", "Benchmarks"],
  // Determinism takes page buffers from the system.
  "Glibc": ["Determinism", "ELFFiles", "Scenarios", "Studies", "Reports", "stasis", "Benchmarks"],
  // Atomics: a counter of owners, and what keeps a large struct in place.
  "Synchronization": ["Determinism", "FiascoKernel"],
  "ArgumentParser": ["stasis"],
]

private func importFindings(_ files: [RepositoryFile]) -> [Finding] {
  files.flatMap { file -> [Finding] in
    guard let target = file.target else { return [] }
    guard let allowed = arrows[target] else {
      return [Finding(path: file.path, line: 0, problem: "the module \(target) has no place in the table of layers")]
    }
    return file.code.enumerated().compactMap { index, line in
      guard let module = importedModule(line), !allowed.contains(module) else { return nil }
      if let users = foreign[module], users.contains(target) { return nil }
      return Finding(path: file.path, line: index + 1, problem: "\(target) must not import \(module)")
    }
  }
}

/// `@preconcurrency public import struct Foundation.Data` imports `Foundation`.
private func importedModule(_ line: String) -> String? {
  let words = line.split(whereSeparator: \.isWhitespace).filter { !$0.hasPrefix("@") }
  let access: Set<Substring> = ["public", "package", "internal", "private", "fileprivate"]
  var rest = words[...]
  if let first = rest.first, access.contains(first) { rest.removeFirst() }
  guard rest.first == "import" else { return nil }
  rest.removeFirst()
  let kinds: Set<Substring> = ["struct", "class", "enum", "protocol", "func", "var", "let", "typealias"]
  if let first = rest.first, kinds.contains(first) { rest.removeFirst() }
  return rest.first?.split(separator: ".").first.map(String.init)
}

@Suite struct ImportTests {
  @Test func `modules import downwards only`() {
    let findings = importFindings(Repository.here.sources)
    #expect(findings.isEmpty, "\(list(findings))")
  }

  @Test(arguments: [
    ("CheckpointRestore", "import FiascoKernel"), ("FiascoKernel", "import Genode"), ("Genode", "import Foundation"),
    ("Simulation", "import Glibc"), ("Determinism", "public import RISCV"), ("ELFFiles", "import Simulation"),
    ("Scenarios", "import Reports"), ("Scenarios", "import ArgumentParser"), ("Nowhere", "import Determinism"),
    ("FiascoABI", "@preconcurrency import struct Foundation.Data"),
  ])
  func `a forbidden import is found`(_ target: String, _ line: String) {
    #expect(importFindings([RepositoryFile(path: "Sources/\(target)/File.swift", text: line)]).count == 1)
  }

  @Test(arguments: [
    ("CheckpointRestore", "import Genode"), ("ELFFiles", "import CLibelf"), ("stasis", "import ArgumentParser"),
    ("FiascoKernel", "// import Genode"), ("Reports", "import Foundation"), ("RISCV", "importDeterminism()"),
  ])
  func `an allowed line is left alone`(_ target: String, _ line: String) {
    #expect(importFindings([RepositoryFile(path: "Sources/\(target)/File.swift", text: line)]).isEmpty)
  }

  @Test func `the table of layers has no cycle`() {
    var settled: Set<String> = ["CLibelf"]
    var open = arrows
    while let next = open.keys.sorted().first(where: { open[$0, default: []].isSubset(of: settled) }) {
      settled.insert(next)
      open.removeValue(forKey: next)
    }
    #expect(open.isEmpty)
  }
}
