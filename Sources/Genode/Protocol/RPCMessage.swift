import FiascoABI

/// Layout of RPC messages in the message registers.
///
///     request  [badge of the object][n][n badges][opcode][arguments ...]   items: one map per valid capability
///     reply    [0 or exception     ][n][n badges][results ...         ]   items: one map per valid capability
///
/// The k-th item belongs to the k-th badge that is not `Badge.invalid`. The receiver offers at most four small
/// receive buffers. Models `copy_utcb_to_msgbuf` and `prepare_ipc_request` (base-foc/src/lib/base/ipc.cc).
public enum RPCLayout {
  public static let maxCapabilities = 4
  public static let firstBadge = 2
  /// Word index of the opcode in a request without capabilities.
  public static let opcodeWithoutCapabilities = 2
  /// Words that fit a message with `capabilities` capabilities and their items.
  public static func payloadLimit(capabilities: Int) -> Int {
    UTCB.messageRegisterCount - firstBadge - 3 * capabilities
  }
  /// Rights that travel with every capability; delete and server rights never do.
  public static let itemRights: ObjectRights = .rws
}

/// Words and typed items of one message, ready for the kernel.
public struct EncodedMessage: Hashable, Sendable {
  public var tag: MessageTag
  public var words: [UInt64]

  /// A fifth capability is dropped, as `Msgbuf_base::insert` does.
  init(first: UInt64, capabilities: [RPCCapability?], payload: [UInt64]) {
    let capabilities = capabilities.prefix(RPCLayout.maxCapabilities)
    precondition(
      payload.count <= RPCLayout.payloadLimit(capabilities: capabilities.count),
      "an RPC message must fit 63 message registers")
    words = [first, UInt64(capabilities.count)]
    for capability in capabilities { words.append(capability?.badge ?? Badge.invalid) }
    words += payload
    let untyped = words.count
    for case .some(let capability) in capabilities {
      words.append(SendItem.map().raw)
      words.append(FlexPage.objects(capability.slot, rights: RPCLayout.itemRights).raw)
    }
    tag = MessageTag(words: untyped, items: (words.count - untyped) / 2)
  }
}

/// A message taken apart: first word, capabilities with the slots they arrived in, remaining words.
struct DecodedMessage {
  var first: UInt64
  var capabilities: [RPCCapability?]
  var payload: [UInt64]

  /// Nil if the message is too short for what it announces.
  init?(tag: MessageTag, words: [UInt64], window: [CapabilitySlot]) {
    guard tag.words >= RPCLayout.firstBadge, words.count >= tag.words + 2 * tag.items else { return nil }
    let count = words[1]
    guard count <= UInt64(RPCLayout.maxCapabilities), tag.words >= RPCLayout.firstBadge + Int(count) else { return nil }
    first = words[0]
    capabilities = []
    var item = 0
    for index in 0..<Int(count) {
      let badge = words[RPCLayout.firstBadge + index]
      guard badge != Badge.invalid, item < tag.items, item < window.count else {
        capabilities.append(nil)
        continue
      }
      // The kernel marks an item that transferred nothing (empty source slot) in bit 1 of the returned item.
      let arrived = words[tag.words + 2 * item] & 2 == 0
      capabilities.append(arrived ? RPCCapability(slot: window[item], badge: badge) : nil)
      item += 1
    }
    payload = Array(words[(RPCLayout.firstBadge + Int(count))..<tag.words])
  }
}

/// A request as the server sees it.
public struct RPCRequest: Hashable, Sendable {
  /// Who is meant, by the kernel's word: the label of the invoked gate.
  public var badge: UInt64
  /// Who is meant, by the client's word. A server ignores a request if the two differ.
  public var claimedBadge: UInt64
  public var opcode: UInt64
  public var words: [UInt64]
  /// Received capabilities still sit in the server's receive window and are overwritten by the next message.
  public var capabilities: [RPCCapability?]

  @inlinable public var isGenuine: Bool { badge == claimedBadge }

  /// Nil for a message that is no RPC request.
  public init?(_ result: SystemCallResult, window: [CapabilitySlot]) {
    guard !result.tag.hasError, result.tag.label == 0,
      let message = DecodedMessage(tag: result.tag, words: result.words, window: window),
      let opcode = message.payload.first
    else { return nil }
    badge = Badge.of(label: result.label)
    claimedBadge = message.first
    self.opcode = opcode
    words = Array(message.payload.dropFirst())
    capabilities = message.capabilities
  }

  /// The words from `index` on, read as one string; nil if they do not hold one.
  public func string(at index: Int) -> String? { RPCString.decode(words, at: index)?.text }

  @inlinable public func word(_ index: Int) -> UInt64 { index < words.count ? words[index] : 0 }
  @inlinable public func capability(_ index: Int) -> RPCCapability? {
    index < capabilities.count ? capabilities[index] : nil
  }
}

/// What a server answers, and what a client gets.
public struct RPCReply: Hashable, Sendable {
  /// Nil means success.
  public var exception: RPCException?
  public var words: [UInt64]
  public var capabilities: [RPCCapability?]

  @inlinable
  public init(exception: RPCException? = nil, words: [UInt64] = [], capabilities: [RPCCapability?] = []) {
    self.exception = exception
    self.words = words
    self.capabilities = capabilities
  }

  @inlinable public static func failed(_ exception: RPCException) -> RPCReply { RPCReply(exception: exception) }
  @inlinable public func word(_ index: Int) -> UInt64 { index < words.count ? words[index] : 0 }
  /// The first capability of a successful reply.
  @inlinable public var capability: RPCCapability? { capabilities.first ?? nil }

  public var encoded: EncodedMessage {
    EncodedMessage(first: exception?.rawValue ?? 0, capabilities: capabilities, payload: words)
  }

  /// Reads a reply that arrived; an IPC failure becomes `.ipcError`.
  public init(_ result: SystemCallResult, window: [CapabilitySlot]) {
    guard !result.tag.hasError, let message = DecodedMessage(tag: result.tag, words: result.words, window: window)
    else {
      self = .failed(.ipcError)
      return
    }
    exception = message.first == 0 ? nil : RPCException(rawValue: message.first) ?? .ipcError
    words = message.payload
    capabilities = message.capabilities
  }
}
