/// A list whose elements are changed one at a time although older versions of it are still held.
///
/// A step of a native program works on a copy of the program's state. A change to a plain array would copy all of it, in
/// every step; here it copies one chunk and the list of chunks.
public struct ChunkedList<Element: Hashable & Sendable>: Hashable, Sendable {
  @usableFromInline static var width: Int { 64 }
  /// All full but the last one.
  @usableFromInline var chunks: [[Element]] = []
  public private(set) var count = 0

  public init() {}

  public init(repeating element: Element, count: Int) {
    for _ in 0..<count { append(element) }
  }

  public var isEmpty: Bool { count == 0 }
  public var indices: Range<Int> { 0..<count }

  public subscript(index: Int) -> Element {
    get { chunks[index / Self.width][index % Self.width] }
    _modify { yield &chunks[index / Self.width][index % Self.width] }
  }

  public mutating func append(_ element: Element) {
    if count % Self.width == 0 { chunks.append([]) }
    chunks[chunks.count - 1].append(element)
    count += 1
  }

  public mutating func removeLast() {
    precondition(count > 0, "only an element that exists can be removed")
    chunks[chunks.count - 1].removeLast()
    count -= 1
    if count % Self.width == 0 { chunks.removeLast() }
  }

  public var last: Element? { chunks.last?.last }
  /// All elements in order, as one array.
  public var elements: [Element] { Array(chunks.joined()) }
}
