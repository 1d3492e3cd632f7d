import Determinism
import Glibc

/// Reads and checks a scenario file; on failure every mistake of the file, not only the first.
public func loadScenario(path: String, limits: Limits = Limits()) -> Result<Scenario, ScenarioErrors> {
  do {
    return parseScenario(bytes: try readFile(path, limit: limits.fileBytes), file: path, limits: limits)
  } catch {
    let failure = ScenarioError(file: path, position: nil, path: "", problem: error.problem, sourceLine: nil)
    return .failure(ScenarioErrors(errors: [failure], omitted: 0))
  }
}

/// Checks a scenario that is in memory; `file` is only its name in messages.
public func parseScenario(bytes: [UInt8], file: String, limits: Limits = Limits()) -> Result<Scenario, ScenarioErrors> {
  guard bytes.count <= limits.fileBytes else {
    let problem = Problem.tooLarge(bytes: bytes.count, limit: limits.fileBytes)
    return .failure(explain([Diagnostic(problem, at: .start)], nil, bytes, file))
  }
  let (document, found) = JSONReader.read(bytes, depthLimit: limits.nesting)
  guard let document else { return .failure(explain(found, nil, bytes, file)) }
  var decoder = Decoder()
  let decoded = decoder.scenario(document, file: file)
  var diagnostics = found + decoder.diagnostics
  if let decoded {
    var (scenario, unresolved) = Resolver.resolve(decoded)
    diagnostics += unresolved
    scenario.digest = SHA256.hexadecimal(bytes)
    if diagnostics.isEmpty { return .success(scenario) }
  }
  return .failure(explain(diagnostics, document, bytes, file))
}

/// Adds file, path and source line, in file order.
private func explain(
  _ diagnostics: [Diagnostic], _ document: JSONValue?, _ bytes: [UInt8], _ file: String
) -> ScenarioErrors {
  // Sorting by place keeps the order of finding at equal places.
  let sorted = diagnostics.enumerated().sorted {
    ($0.element.position, $0.offset) < ($1.element.position, $1.offset)
  }
  var lines = LineFinder(bytes)
  let errors = sorted.prefix(ScenarioErrors.limit).map { _, diagnostic in
    ScenarioError(
      file: file, position: diagnostic.position, path: document?.path(to: diagnostic.position) ?? "",
      problem: diagnostic.problem,
      sourceLine: diagnostic.problem.concernsWholeFile ? nil : lines.line(diagnostic.position.line))
  }
  return ScenarioErrors(errors: errors, omitted: sorted.count - errors.count)
}

/// Finds lines by number, asked in ascending order.
private struct LineFinder {
  /// A longer line is cut: what is left of it is enough for an excerpt at its start.
  static let longest = 100_000

  let bytes: [UInt8]
  var number: Int32 = 1
  var start = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  mutating func line(_ wanted: Int32) -> String {
    while number < wanted, let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) {
      start = end + 1
      number += 1
    }
    let rest = bytes[start...].prefix(LineFinder.longest)
    let line = rest.prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
    return String(decoding: line, as: UTF8.self)
  }
}

/// The bytes of a file; a file that is too large is refused before any of it is read.
private func readFile(_ path: String, limit: Int) throws(Diagnostic) -> [UInt8] {
  let descriptor = open(path, O_RDONLY)
  guard descriptor >= 0 else {
    throw failure(errno == ENOENT || errno == ENOTDIR ? .missingFile : .unreadable(errno: errno))
  }
  defer { close(descriptor) }
  var status = stat()
  guard fstat(descriptor, &status) == 0 else { throw failure(.unreadable(errno: errno)) }
  guard status.st_mode & S_IFMT != S_IFDIR else { throw failure(.directory) }
  guard status.st_size <= limit else { throw failure(.tooLarge(bytes: Int(status.st_size), limit: limit)) }
  var result: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 1 << 16)
  while true {
    let count = read(descriptor, &buffer, buffer.count)
    if count < 0, errno == EINTR { continue }
    guard count >= 0 else { throw failure(.unreadable(errno: errno)) }
    if count == 0 { return result }
    result.append(contentsOf: buffer[..<count])
    // A pipe or device tells no size beforehand.
    guard result.count <= limit else { throw failure(.tooLarge(bytes: nil, limit: limit)) }
  }
}

private func failure(_ problem: Problem) -> Diagnostic { Diagnostic(problem, at: .start) }
