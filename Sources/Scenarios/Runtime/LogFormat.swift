/// Formatting of log lines, common to Genode components and bare tasks.
///
/// A line grows in a buffer in the caller's stack frame: a word with the length, then the bytes. The runtime supplies
/// `log_write(address, length)`, which sends a full buffer away.
enum LogFormat {
  /// What one LOG write takes, without the terminating zero.
  ///
  /// Models `Log_session::MAX_STRING_LEN` (236 with the zero).
  static let capacity = 235
  /// Frame words of a buffer; one byte more than the capacity for the zero.
  static let bufferWords = 1 + (capacity + 8) / 8

  static func add(to module: ModuleBuilder) {
    addCharacter(module)
    addText(module)
    addDecimal(module)
    addHexadecimal(module)
    addFlush(module)
  }

  private static func addCharacter(_ module: ModuleBuilder) {
    module.function("log_character", 2) { f, p in
      let (buffer, character) = (p[0], p[1])
      f.if(buffer.loaded().equals(.constant(UInt64(capacity)))) { f.run("log_flush", buffer) }
      let length = f.keep(buffer.loaded())
      f.store(character, at: buffer + 8 + length, .byte)
      f.store(length + 1, at: buffer)
    }
  }

  private static func addText(_ module: ModuleBuilder) {
    module.function("log_text", 2) { f, p in
      let buffer = p[0]
      let cursor = f.variable(p[1])
      f.while(IR.Value.local(cursor).loaded(.byte)) {
        f.run("log_character", buffer, IR.Value.local(cursor).loaded(.byte))
        f.set(cursor, .local(cursor) + 1)
      }
    }
  }

  /// Digits come out from the right, so they are collected in the frame first.
  private static func addDigits(
    _ f: FunctionBuilder, _ buffer: IR.Value, _ value: IR.Local, base: UInt64, digit: (IR.Value) -> IR.Value
  ) {
    let digits = f.array(words: 3)
    let count = f.variable(0)
    let more = f.variable(1)
    f.while(.local(more)) {
      f.store(digit(.local(value) % .constant(base)), at: digits + .local(count), .byte)
      f.set(count, .local(count) + 1)
      f.set(value, .local(value) / .constant(base))
      f.set(more, .local(value))
    }
    f.while(.local(count)) {
      f.set(count, .local(count) - 1)
      f.run("log_character", buffer, (digits + .local(count)).loaded(.byte))
    }
  }

  private static func addDecimal(_ module: ModuleBuilder) {
    module.function("log_decimal", 2) { f, p in
      let value = f.variable(p[1])
      f.if(p[1].isLess(0)) {
        f.run("log_character", p[0], .constant(UInt64(UInt8(ascii: "-"))))
        f.set(value, .unary(.negate, p[1]))
      }
      addDigits(f, p[0], value, base: 10) { $0 + .constant(UInt64(UInt8(ascii: "0"))) }
    }
  }

  private static func addHexadecimal(_ module: ModuleBuilder) {
    let digits = module.text("0123456789abcdef")
    let prefix = module.text("0x")
    module.function("log_hex", 2) { f, p in
      let value = f.variable(p[1])
      f.run("log_text", p[0], prefix)
      addDigits(f, p[0], value, base: 16) { (digits + $0).loaded(.byte) }
    }
  }

  private static func addFlush(_ module: ModuleBuilder) {
    module.function("log_flush", 1) { f, p in
      f.if(p[0].loaded()) {
        f.run("log_write", p[0] + 8, p[0].loaded())
        f.store(0, at: p[0])
      }
    }
  }
}
