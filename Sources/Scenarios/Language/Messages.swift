/// What a message carries to the receiver.
public struct OutgoingMessage: Hashable, Sendable {
  public var words: [Expression] = []
  /// Label of the message tag (protocol number); nil means 0.
  public var tagLabel: Expression?
  public var items: [MessageItem] = []
}

/// Where an arriving message goes; everything not named is dropped.
public struct IncomingMessage: Hashable, Sendable {
  /// Variables for the message words, in order.
  public var into: [Name] = []
  /// Variable for the label of the gate the message came through.
  public var badge: Name?
  /// Variable for the raw message tag.
  public var tag: Name?
  /// Variable for the IPC error code, 0 for none.
  public var error: Name?
  public var buffers: [ReceiveBuffer] = []
}

/// A capability or memory that travels with a message.
public struct MessageItem: Hashable, Sendable {
  public var position: Position
  public var content: Content
  public var rights: Rights
  public var grant: Bool

  public enum Content: Hashable, Sendable {
    case capability(Name)
    /// Part of a dataspace; `hotSpot` is the send base (where the page lands in a larger receive window).
    case memory(Name, offset: SizeValue?, bytes: SizeValue?, hotSpot: Expression?)
    /// With Genode.
    case object(ObjectKind, Name)
  }
}

/// Where an arriving item may go.
public struct ReceiveBuffer: Hashable, Sendable {
  public var position: Position
  public var content: Content

  public enum Content: Hashable, Sendable {
    case capability(Name)
    case memory(address: Expression, bytes: SizeValue)
    /// With Genode: the name the component gives to what arrives.
    case object(ObjectKind, Name)
  }
}

public enum Timeout: Hashable, Sendable {
  case never
  /// "0s" is the zero timeout: only if the partner is ready now.
  case after(DurationValue)
}

/// `"timeout": "5ms"` sets both phases; `{ "send": ..., "receive": ... }` sets them apart. Nil means never.
public struct PhaseTimeouts: Hashable, Sendable {
  public var send: Timeout?
  public var receive: Timeout?
}

/// `{ "call": "counter", "words": ["x", 3], "into": ["y"] }`; also the payload of `send and wait`.
public struct CallMessage: Hashable, Sendable {
  /// A service, or a capability of this task when bare.
  public var target: Name
  public var message: OutgoingMessage
  public var answer: IncomingMessage
  public var timeouts: PhaseTimeouts
}

/// `{ "send": "door", "words": [1] }`
public struct SendMessage: Hashable, Sendable {
  public var target: Name
  public var message: OutgoingMessage
  public var timeout: Timeout?
  /// Variable for the IPC error code, 0 for none.
  public var error: Name?
}

/// `{ "receive": "client_thread", "into": ["x"] }`: closed wait for one partner or IRQ.
public struct ReceiveMessage: Hashable, Sendable {
  public var source: Name
  public var message: IncomingMessage
  public var timeout: Timeout?
}

/// `{ "wait": true, "into": ["x"], "badge": "who" }`: open wait for anybody.
public struct WaitMessage: Hashable, Sendable {
  public var message: IncomingMessage
  public var timeout: Timeout?
}

/// `{ "reply": true, "words": ["x"] }`: to the caller the kernel remembers.
public struct ReplyMessage: Hashable, Sendable {
  public var message: OutgoingMessage
  public var timeout: Timeout?
  public var error: Name?
}

/// `{ "reply and wait": true, "words": ["x"], "into": ["y"] }`: one system call with both phases.
public struct ReplyAndWaitMessage: Hashable, Sendable {
  public var message: OutgoingMessage
  public var next: IncomingMessage
  public var timeouts: PhaseTimeouts
}

/// `{ "serve": "counter", "into": ["n"], "handler": [...], "reply": ["sum"], "on error": "wait" }`
///
/// An entrypoint: wait, then for ever handler and reply_and_wait.
public struct ServeLoop: Hashable, Sendable {
  /// The service other components call; when bare, a label for reports only.
  public var service: Name
  public var request: IncomingMessage
  public var handler: [Statement]
  public var reply: OutgoingMessage
  public var onError: OnError

  /// What the loop does when reply_and_wait returns an error.
  public enum OnError: String, Hashable, Sendable, CaseIterable {
    /// The same system call again.
    case retry
    /// An open wait without reply.
    case wait
  }
}
