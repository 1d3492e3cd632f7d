import Determinism
import FiascoKernel
import FiascoMachine

/// Writes a kernel trace piece by piece: one line for each record.
public struct KernelTrace {
  public enum Format: Hashable, Sendable {
    /// One JSON object for each record, after one that describes the file.
    case jsonLines
    /// Aligned columns, as the kernel debugger shows its trace buffer.
    case text
  }

  private let format: Format
  private var names: TraceNames
  private var number: UInt64 = 0
  /// Number of the last request of each thread, for the record of its result; 0 none.
  private var requests: [UInt64] = []
  /// The lines before the first record.
  public let head: String

  public init(of kernel: borrowing Kernel, as format: Format) {
    self.format = format
    names = TraceNames(kernel)
    switch format {
    case .jsonLines:
      head = #"{"format":"stasis-kernel-trace","version":1,"kernel":"\#(kernel.profile.name)"}"# + "\n"
    case .text: head = TraceText.head
    }
  }

  /// The lines of these records, which follow those of the last call.
  public mutating func lines(of records: [TraceRecord]) -> String {
    var text = ""
    for record in records {
      let numbered = number(record)
      switch format {
      case .jsonLines: TraceJSON.append(numbered, names, to: &text)
      case .text: TraceText.append(numbered, names, to: &text)
      }
    }
    return text
  }

  /// Takes notice of a record, in order: what it creates has a name from now on.
  private mutating func number(_ record: TraceRecord) -> NumberedRecord {
    number += 1
    names.follow(record.event)
    var pair: UInt64?
    if case .ipcStarted(let thread, _, _, _) = record.event {
      while requests.count <= thread.slot { requests.append(0) }
      requests[thread.slot] = number
    } else if case .ipcReturned(let thread, _, _, _) = record.event {
      pair = thread.slot < requests.count ? requests[thread.slot] : 0
    }
    return NumberedRecord(number: number, record: record, pair: pair)
  }
}

/// A record with its place in the trace.
struct NumberedRecord {
  let number: UInt64
  let record: TraceRecord
  /// For a result: the number of its request.
  let pair: UInt64?
}
