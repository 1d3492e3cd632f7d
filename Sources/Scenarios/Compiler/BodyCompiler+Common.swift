/// Statements that look the same to the author under both runtimes.
extension BodyCompiler {
  func log(_ line: LogLine) throws(Diagnostic) {
    let buffer = sharedLogBuffer()
    f.store(0, at: buffer)
    for piece in line.pieces {
      switch piece {
      case .text(let text): f.run("log_text", buffer, module.text(text))
      case .value(let expression, .decimal): f.run("log_decimal", buffer, try value(expression))
      case .value(let expression, .hex): f.run("log_hex", buffer, try value(expression))
      }
    }
    // A line break ends the line at the kernel's log; a LOG session ends one with every write.
    if runtime == .bare { f.run("log_character", buffer, 10) }
    f.run("log_flush", buffer)
  }

  /// Whole words next to one another become one bulk instruction; a walk with gaps, or with a value that is not the
  /// same in each byte, becomes a loop.
  func touch(_ touch: MemoryTouch) throws(Diagnostic) {
    let record = names.dataspaceRecord(touch.dataspace.text)
    let offset = IR.Value.constant(UInt64(touch.offset?.bytes ?? 0))
    let start = f.keep(record.field(ComponentNames.dataspaceAddress) + offset)
    let bytes: IR.Value
    if let count = touch.bytes {
      bytes = .constant(UInt64(count.bytes))
    } else {
      bytes = record.field(ComponentNames.dataspaceSize) - offset
    }
    let value = try value(touch.value, else: 0)
    let stride = UInt64(touch.stride?.bytes ?? 8)
    if stride <= 8, touch.access == .read || value.isSameInEachByte {
      f.emit(
        .bulk(IR.BulkAccess(isStore: touch.access == .write, address: start, bytes: bytes, value: value)))
      return
    }
    let end = f.keep(start + bytes)
    let cursor = f.variable(start)
    let word = f.keep(value)
    f.while(IR.Value.local(cursor).isBelow(end)) {
      switch touch.access {
      case .write: f.store(word, at: .local(cursor))
      case .read: f.emit(.evaluate(IR.Value.local(cursor).loaded()))
      }
      f.set(cursor, .local(cursor) + .constant(stride))
    }
  }

  // MARK: Time

  func sleep(microseconds: IR.Value) { f.run("sleep_microseconds", microseconds) }

  /// A loop with absolute release times: a job that comes late does not move the next one.
  func every(_ job: PeriodicJob) throws(Diagnostic) {
    let stream = program.addStream(job, component: names.prefix)
    let period = program.ticks(job.period)
    let release = f.variable(.time + .constant(job.offset.map(program.ticks) ?? 0))
    let rounds = f.variable(0)
    let limit = f.keep(try value(job.times, else: 1))
    hint(.jobsBegin, stream, release)
    f.openBlock()
    // Before it sleeps: a thread that wakes with an old deadline would be late before it begins.
    if hasDeadlines {
      f.run("thread_deadline", .local(release) + .constant(program.ticks(job.deadline ?? job.period)))
    }
    f.run("sleep_until", .local(release))
    hint(.jobRelease, stream, release)
    let before = f.takeBlock()
    var body = before
    body += try block(job.body)
    f.openBlock()
    hint(.jobCompletion, stream, release)
    f.set(release, .local(release) + .constant(period))
    if job.times != nil { f.set(rounds, .local(rounds) + 1) }
    body += f.takeBlock()
    f.emit(.loop(while: IR.Value.local(rounds).isLess(limit), body: body))
    hint(.jobsEnd, stream, release)
  }

  private func hint(_ kind: MachineHint, _ stream: Int, _ release: IR.Local) {
    let operand = IR.Value.local(release) << .constant(MachineHint.streamBits) | .constant(UInt64(stream))
    f.emit(.hint(kind: .constant(kind.rawValue), value: operand))
  }

  func exit(_ result: Expression?) throws(Diagnostic) {
    let value = try value(result, else: 0)
    if runtime == .genode, kind == .construct {
      f.run("component_exit", value)
    } else {
      f.run("thread_exit")
    }
  }
}

extension IR.Value {
  /// A constant whose eight bytes are equal: what a fill by bytes can write.
  var isSameInEachByte: Bool {
    guard case .constant(let constant) = self else { return false }
    return constant == (constant & 0xff) &* 0x0101_0101_0101_0101
  }
}
