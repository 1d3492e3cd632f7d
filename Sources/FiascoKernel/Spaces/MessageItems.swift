import FiascoABI

/// Walks the buffer registers of a receiver from one index on: single-word, two-word and forwarding buffers.
///
/// Models `L4_buf_iter`.
struct BufferCursor: BitwiseCopyable, Sendable {
  private(set) var buffer = ReceiveBuffer(raw: 0)
  /// Where received items may go.
  private(set) var window = FlexPage(raw: 0)
  /// Selector of the task that receives in the receiver's stead, if the buffer is a forwarding one.
  private(set) var forwardTo: UInt64 = 0
  private var index: Int

  init(at index: Int, of thread: ThreadID, in kernel: borrowing Kernel) {
    self.index = index
    advance(of: thread, in: kernel)
  }

  /// On to the next buffer; a void one ends the walk and is what remains.
  mutating func advance(of thread: ThreadID, in kernel: borrowing Kernel) {
    guard let first = word(of: thread, in: kernel) else { return }
    buffer = ReceiveBuffer(raw: first)
    // A void buffer is not passed: asking again gives it again.
    guard !buffer.isVoid else {
      index -= 1
      return
    }
    if buffer.isMap, buffer.isSmall {
      window = FlexPage(raw: first & ~0xfff | FlexPage.Kind.object.rawValue << 4)
    } else {
      guard let second = word(of: thread, in: kernel) else { return }
      window = FlexPage(raw: second)
    }
    if buffer.isCompound {
      guard let third = word(of: thread, in: kernel) else { return }
      forwardTo = third
    }
  }

  private mutating func word(of thread: ThreadID, in kernel: borrowing Kernel) -> UInt64? {
    guard index < UTCB.bufferRegisterCount else {
      buffer = ReceiveBuffer(raw: 0)
      return nil
    }
    defer { index += 1 }
    return kernel.utcbWord(thread, UTCB.bufferRegisters + index)
  }
}

/// The walks over a receiver's buffers, one for each kind of item, begun where the descriptor says.
struct BufferCursors: BitwiseCopyable, Sendable {
  private let receiver: ThreadID
  private let descriptor: UInt64
  private var memory: BufferCursor?
  private var ports: BufferCursor?
  private var objects: BufferCursor?

  init(of receiver: ThreadID, in kernel: borrowing Kernel) {
    self.receiver = receiver
    descriptor = kernel.utcbWord(receiver, UTCB.bufferDescriptor)
  }

  /// The buffer in turn for an item of this kind.
  mutating func cursor(for kind: FlexPage.Kind, in kernel: borrowing Kernel) -> BufferCursor {
    switch kind {
    case .object: begin(&objects, at: descriptor >> 10, in: kernel)
    case .io: begin(&ports, at: descriptor >> 5, in: kernel)
    case .memory, .special: begin(&memory, at: descriptor, in: kernel)
    }
  }

  private func begin(_ cursor: inout BufferCursor?, at index: UInt64, in kernel: borrowing Kernel) -> BufferCursor {
    if let cursor { return cursor }
    let begun = BufferCursor(at: Int(index & 31), of: receiver, in: kernel)
    cursor = begun
    return begun
  }

  mutating func advance(_ kind: FlexPage.Kind, in kernel: borrowing Kernel) {
    switch kind {
    case .object: objects?.advance(of: receiver, in: kernel)
    case .io: ports?.advance(of: receiver, in: kernel)
    case .memory: memory?.advance(of: receiver, in: kernel)
    case .special: break
    }
  }
}

extension Kernel {
  /// The two words of the typed item at a message register; nil if they do not fit into the message.
  ///
  /// Models `L4_snd_item_iter`.
  func sendItem(of thread: ThreadID, at register: Int) -> (item: SendItem, page: FlexPage)? {
    guard register < UTCB.messageRegisterCount else { return nil }
    let item = SendItem(raw: utcbWord(thread, register))
    if item.raw == 0 { return (item, FlexPage(raw: 0)) }
    guard register + 1 < UTCB.messageRegisterCount else { return nil }
    return (item, FlexPage(raw: utcbWord(thread, register + 1)))
  }

  /// First object buffer: where a new object's capability goes. Nil if there is none of that kind.
  func firstObjectBuffer(of thread: ThreadID) -> FlexPage? {
    let descriptor = utcbWord(thread, UTCB.bufferDescriptor)
    let cursor = BufferCursor(at: Int(descriptor >> 10 & 31), of: thread, in: self)
    guard cursor.buffer.isMap, cursor.window.kind == .object else { return nil }
    return cursor.window
  }
}

/// What the first word of a received item tells.
///
/// Models `L4_return_item_writer`.
enum ReturnItem {
  static let nothingMapped: UInt64 = 1 << 1
  static let identity: UInt64 = 2 << 1
  static let flexPage: UInt64 = 3 << 1

  /// Hot spot, map bit and compound bit of the item, order and kind of the flexpage.
  static func word(_ item: SendItem, _ page: FlexPage) -> UInt64 { item.raw & ~0xff6 | page.raw & 0xff0 }
}
