import FiascoABI
import Genode

/// Which capability of the restored component stands for which one of the original.
public struct BadgeTranslation: Hashable, Sendable {
  public private(set) var pairs: [Pair] = []

  public struct Pair: Hashable, BitwiseCopyable, Sendable {
    public var old: UInt64
    public var new: RPCCapability
  }

  public init() {}

  /// The first entry for a badge wins: ids are used again, and the older object is the one that was found first.
  public mutating func add(old: UInt64, new: RPCCapability) {
    guard old != 0, self[old] == nil else { return }
    pairs.append(Pair(old: old, new: new))
  }

  public subscript(old: UInt64) -> RPCCapability? { pairs.first { $0.old == old }?.new }
}

/// The capability map of a component as the words of its memory.
public enum CapabilityMapPatch {
  /// Slots in use with the badge the component believes to be behind them; receive windows have no badge and are left
  /// out.
  public static func entries(_ words: [UInt64]) -> [(slot: UInt64, badge: UInt64)] {
    words.indices.compactMap { index in
      let badge = CapMapLayout.badge(inWord: words[index])
      guard CapMapLayout.references(inWord: words[index]) != 0, badge != 0 else { return nil }
      return (UInt64(index), badge)
    }
  }

  /// The same map with the badges of the new objects; entries nobody can translate stay as they are.
  ///
  /// Every word is computed from the captured one, so that patching a second time gives a second restore its own badges
  /// instead of translating the first one's.
  public static func patched(_ words: [UInt64], by translation: BadgeTranslation) -> [UInt64] {
    words.map { word in
      guard CapMapLayout.references(inWord: word) != 0,
        let new = translation[CapMapLayout.badge(inWord: word)]
      else { return word }
      return word & 0x0000_ffff_ffff_ffff | new.badge << 48
    }
  }
}
