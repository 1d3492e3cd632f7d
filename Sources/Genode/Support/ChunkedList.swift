/// A list whose elements are changed one at a time although older versions of it are still held.
///
/// A step of a native program works on a copy of the program's state. A change to a plain array would copy all of it, in
/// every step; here it copies one chunk and the list of chunks.
public struct ChunkedList<Element: Hashable & Sendable>: Hashable, Sendable {
  /// Elements in a chunk. A large element usually holds references, which a copy counts one by one.
  @inlinable static var width: Int {
    switch MemoryLayout<Element>.stride {
    case ...32: 256
    case ...96: 64
    case ...192: 16
    case ...512: 8
    default: 1
    }
  }
  /// All full but the last one.
  @usableFromInline var chunks: [[Element]] = []
  public private(set) var count = 0

  public init() {}

  public init(repeating element: Element, count: Int) {
    for _ in 0..<count { append(element) }
  }

  public init(_ elements: some Sequence<Element>) {
    for element in elements { append(element) }
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

  /// Moves what is behind the removed elements, hence costs as much as the whole list.
  public mutating func removeAll(where isUnwanted: (Element) -> Bool) {
    if !contains(where: isUnwanted) { return }
    self = ChunkedList(filter { !isUnwanted($0) })
  }

  /// All elements in order, as one array.
  public var elements: [Element] { Array(chunks.joined()) }
}

extension ChunkedList: RandomAccessCollection, MutableCollection {
  @inlinable public var startIndex: Int { 0 }
  @inlinable public var endIndex: Int { count }
  @inlinable public var indices: Range<Int> { 0..<count }

  @inlinable public subscript(index: Int) -> Element {
    _read { yield chunks[index / Self.width][index % Self.width] }
    _modify { yield &chunks[index / Self.width][index % Self.width] }
  }
}
