import Glibc
import Reports
import Scenarios

/// Standard output and error. Data goes to the one, everything about it to the other.
enum Terminal {
  /// Whoever reads our output may stop early (`| head`): that is no defect of ours.
  static func ignoreBrokenPipe() { signal(SIGPIPE, SIG_IGN) }

  /// A broken invariant stops the process by a trap; the runtime has printed its sentence by then.
  static func reportDefects() {
    for number in [SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGFPE] {
      signal(number) { _ in
        // Only calls that are allowed in a signal handler.
        let note: StaticString =
          "stasis: this is a defect of stasis; please report it with the scenario and the lines above\n"
        _ = Glibc.write(STDERR_FILENO, note.utf8Start, note.utf8CodeUnitCount)
        _exit(ExitCode.defect.rawValue)
      }
    }
  }

  static func write(_ text: String) { send(text, to: STDOUT_FILENO) }

  static func error(_ text: String) {
    guard !text.isEmpty else { return }
    send(text.hasSuffix("\n") ? text : text + "\n", to: STDERR_FILENO)
  }

  static func finish(_ code: ExitCode) -> Never { exit(code.rawValue) }

  static var isInteractive: Bool { isatty(STDOUT_FILENO) == 1 }

  /// Width and colours of a terminal; a pipe always gets the same.
  static var style: TextStyle {
    guard isInteractive else { return TextStyle() }
    var size = winsize()
    let known = ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
    return TextStyle(
      width: known ? Int(size.ws_col) : TextStyle.pipeWidth, colours: getenv("NO_COLOR") == nil && !isDumb)
  }

  private static var isDumb: Bool {
    guard let terminal = getenv("TERM") else { return true }
    return String(cString: terminal) == "dumb"
  }

  /// Writes all of the text; nothing is kept back in a buffer.
  private static func send(_ text: String, to descriptor: Int32) {
    var text = text
    text.withUTF8 { bytes in
      var done = 0
      while done < bytes.count, let start = bytes.baseAddress {
        let count = Glibc.write(descriptor, start + done, bytes.count - done)
        if count < 0 && errno == EINTR { continue }
        if count <= 0 { return }
        done += count
      }
    }
  }
}
