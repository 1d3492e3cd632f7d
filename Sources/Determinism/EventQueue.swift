/// Pending events in the order (instant, class, order of scheduling).
public struct EventQueue: Sendable {
  public typealias Event = (instant: Instant, class: UInt8, payload: UInt32)
  @usableFromInline var keys: ContiguousArray<UInt128> = []
  @usableFromInline var sequence: UInt64 = 0

  public init() {}
  public var count: Int { keys.count }
  public var isEmpty: Bool { keys.isEmpty }
  public var next: Event? { keys.last.map { ~$0 }.map(EventKey.event) }
  public var nextInstant: Instant { next?.instant ?? .never }

  public mutating func schedule(at instant: Instant, class: UInt8, payload: UInt32) {
    let key = ~EventKey.make(instant, `class`, sequence, payload)
    sequence += 1
    keys.insert(key, at: keys.firstIndex { $0 > key } ?? keys.count)
  }
  public mutating func popNext() -> Event? { keys.popLast().map { ~$0 }.map(EventKey.event) }
  public mutating func replaceNext(at instant: Instant, class: UInt8, payload: UInt32) {
    precondition(popNext() != nil, "nothing to replace")
    schedule(at: instant, class: `class`, payload: payload)
  }
  public mutating func removeAll(where isUnwanted: (Event) -> Bool) {
    keys.removeAll { isUnwanted(EventKey.event(~$0)) }
  }
  public func digest(into digest: inout StateDigest) {
    digest.combine(keys.count)
    for key in keys.reversed() {
      let event = EventKey.event(~key)
      digest.combine(event.instant)
      digest.combine(UInt64(event.class) << 32 | UInt64(event.payload))
    }
  }
}
