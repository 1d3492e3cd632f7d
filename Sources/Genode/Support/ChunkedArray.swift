/// An array that is cheap to copy and then to change: a change after a copy copies one chunk, not everything.
///
/// Every step of a native program works on a copy of the program's state, so a plain array of 10,000 rows would be
/// copied at each request.
public struct ChunkedArray<Element: Hashable & Sendable>: Hashable, Sendable {
  private static var chunkSize: Int { 64 }
  private var chunks: [[Element]] = []
  public private(set) var count = 0

  public init() {}

  public init(repeating element: Element, count: Int) {
    for _ in 0..<count { append(element) }
  }

  public var indices: Range<Int> { 0..<count }
  public var last: Element? { count == 0 ? nil : self[count - 1] }
  /// All of them in order, as one array.
  public var elements: [Element] { Array(chunks.joined()) }

  public subscript(index: Int) -> Element {
    get { chunks[index / Self.chunkSize][index % Self.chunkSize] }
    _modify { yield &chunks[index / Self.chunkSize][index % Self.chunkSize] }
  }

  public mutating func append(_ element: Element) {
    if count % Self.chunkSize == 0 {
      var chunk: [Element] = []
      chunk.reserveCapacity(Self.chunkSize)
      chunks.append(chunk)
    }
    chunks[chunks.count - 1].append(element)
    count += 1
  }

  public mutating func removeLast() {
    chunks[chunks.count - 1].removeLast()
    if chunks[chunks.count - 1].isEmpty { chunks.removeLast() }
    count -= 1
  }
}
