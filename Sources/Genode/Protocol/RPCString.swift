/// Strings in RPC messages: one word with the length in bytes, then the bytes packed eight to a word, lowest first.
public enum RPCString {
  /// A session-argument string may have this many bytes.
  public static let argumentLimit = 160
  /// One LOG write carries this many bytes of text; longer lines are split.
  public static let logLimit = 236

  public static func encode(_ text: String, limit: Int = argumentLimit) -> [UInt64] {
    let bytes = Array(text.utf8.prefix(limit))
    return [UInt64(bytes.count)] + pack(bytes)
  }

  /// Number of words `encode` makes of `bytes` bytes.
  @inlinable public static func words(bytes: Int) -> Int { 1 + (bytes + 7) / 8 }

  /// The string that starts at `index`, and the index behind it; nil if the words end too early.
  public static func decode(_ words: [UInt64], at index: Int) -> (text: String, next: Int)? {
    guard index < words.count, words[index] <= 512 else { return nil }
    let count = Int(words[index])
    let end = index + self.words(bytes: count)
    guard end <= words.count else { return nil }
    return (String(decoding: unpack(words[(index + 1)..<end], bytes: count), as: UTF8.self), end)
  }

  static func pack(_ bytes: [UInt8]) -> [UInt64] {
    stride(from: 0, to: bytes.count, by: 8).map { start in
      var word: UInt64 = 0
      for (shift, byte) in bytes[start..<min(start + 8, bytes.count)].enumerated() {
        word |= UInt64(byte) << UInt64(8 * shift)
      }
      return word
    }
  }

  static func unpack(_ words: ArraySlice<UInt64>, bytes: Int) -> [UInt8] {
    var result: [UInt8] = []
    for word in words {
      for shift in 0..<8 where result.count < bytes {
        result.append(UInt8(truncatingIfNeeded: word >> UInt64(8 * shift)))
      }
    }
    return result
  }
}
