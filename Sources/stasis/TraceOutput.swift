import ArgumentParser
import ELFFiles
import Reports
import Scenarios
import Simulation

/// Where `--trace-kernel` writes: a file by the form its name asks for, or the text form to standard output.
final class TraceOutput {
  private let path: String
  private var file: FileReplacement?
  private var trace: KernelTrace?
  private var failure: ELFError?

  /// The file is opened at once: a path that cannot be written is told before a long run, not after it.
  init(_ path: String) throws {
    self.path = path
    guard path != "-" else { return }
    do { file = try FileReplacement(of: path) } catch { throw Failure.badInput("\(error)") }
  }

  static let help = ArgumentHelp(
    "Write the kernel's trace: what it did, record by record.",
    discussion: "A name that ends in .txt gets aligned columns, - prints them, any other name gets JSON Lines.",
    valueName: "file")

  var watcher: KernelWatcher {
    let format: KernelTrace.Format = path == "-" || path.hasSuffix(".txt") ? .text : .jsonLines
    return KernelWatcher(
      kernel: { [self] kernel in
        let trace = KernelTrace(of: kernel, as: format)
        write(trace.head)
        self.trace = trace
      },
      records: { [self] records in
        if let lines = trace?.lines(of: records) { write(lines) }
      })
  }

  /// After the first failure nothing more is written; `finish` tells.
  private func write(_ text: String) {
    guard failure == nil else { return }
    guard path != "-" else { return Terminal.write(text) }
    do { try file?.write(Array(text.utf8)) } catch { failure = error }
  }

  /// The file takes its name.
  func finish() throws {
    if let failure { throw Failure.badInput("\(failure)") }
    do { try file?.commit() } catch { throw Failure.badInput("\(error)") }
  }
}
