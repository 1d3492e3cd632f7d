import Foundation

/// A text file of the repository, by its path from the top.
struct RepositoryFile: Sendable {
  var path: String
  var text: String
  /// Without comments and texts; every rule reads it.
  let code: [String]

  init(path: String, text: String) {
    self.path = path
    self.text = text
    code = path.hasSuffix(".swift") ? codeOnly(text) : []
  }

  var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }
  var name: String { path.split(separator: "/").last.map(String.init) ?? path }
  /// `Sources/FiascoKernel/IPC/Kernel+Send.swift` belongs to `FiascoKernel`.
  var target: String? {
    let parts = path.split(separator: "/")
    return parts.count > 2 && parts[0] == "Sources" ? String(parts[1]) : nil
  }
}

/// The files as they are in this checkout.
struct Repository: Sendable {
  static let here = Repository(
    top: URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent())

  let files: [RepositoryFile]

  var sources: [RepositoryFile] { files.filter { $0.path.hasPrefix("Sources/") && $0.path.hasSuffix(".swift") } }
  var tests: [RepositoryFile] { files.filter { $0.path.hasPrefix("Tests/") && $0.path.hasSuffix(".swift") } }

  init(top: URL) {
    let manager = FileManager.default
    var found: [RepositoryFile] = []
    func visit(_ folder: URL, _ prefix: String) {
      for name in ((try? manager.contentsOfDirectory(atPath: folder.path)) ?? []).sorted() {
        if name == ".git" || name == "out" || name == "Package.resolved" || name.hasPrefix(".build") { continue }
        let place = folder.appendingPathComponent(name)
        var isFolder: ObjCBool = false
        guard manager.fileExists(atPath: place.path, isDirectory: &isFolder) else { continue }
        if isFolder.boolValue {
          visit(place, prefix + name + "/")
        } else if let data = manager.contents(atPath: place.path), data.count < 4 << 20,
          let text = String(data: data, encoding: .utf8)
        {
          found.append(RepositoryFile(path: prefix + name, text: text))
        }
      }
    }
    visit(top, "")
    files = found
  }
}

/// Swift source without what the compiler does not read: comments are cut, the text of string literals is blanked.
/// Lines keep their numbers.
func codeOnly(_ text: String) -> [String] {
  var result: [String] = []
  var line = ""
  var depth = 0
  var inString = false
  var inLongString = false
  let scalars = Array(text.unicodeScalars)
  var index = 0
  func at(_ offset: Int) -> Unicode.Scalar { index + offset < scalars.count ? scalars[index + offset] : "\n" }
  while index < scalars.count {
    let scalar = scalars[index]
    if scalar == "\n" {
      result.append(line)
      line = ""
      inString = false
    } else if depth > 0 {
      if scalar == "*", at(1) == "/" { (depth, index) = (depth - 1, index + 1) }
      if scalar == "/", at(1) == "*" { (depth, index) = (depth + 1, index + 1) }
    } else if inLongString || inString {
      if scalar == "\\" {
        index += 1
      } else if inLongString, scalar == "\"", at(1) == "\"", at(2) == "\"" {
        inLongString = false
        line += "\"\"\""
        index += 2
      } else if inString, scalar == "\"" {
        inString = false
        line += "\""
      }
    } else if scalar == "/", at(1) == "/" {
      while index + 1 < scalars.count, scalars[index + 1] != "\n" { index += 1 }
    } else if scalar == "/", at(1) == "*" {
      (depth, index) = (depth + 1, index + 1)
    } else if scalar == "\"", at(1) == "\"", at(2) == "\"" {
      inLongString = true
      line += "\"\"\""
      index += 2
    } else {
      if scalar == "\"" { inString = true }
      line.unicodeScalars.append(scalar)
    }
    index += 1
  }
  result.append(line)
  return result
}
