import FiascoABI
import Genode

/// Remote procedure calls: from a message buffer into the UTCB, through the kernel, and back.
///
/// Models `ipc.cc` of base-foc 16.08.
enum RemoteCalls {
  static func add(to module: ModuleBuilder) {
    addComposition(module)
    addCheck(module)
    addMarshal(module)
    addWindow(module)
    addUnmarshal(module)
    addCall(module)
  }

  /// Writing a request into its buffer.
  private static func addComposition(_ module: ModuleBuilder) {
    module.function("message_word", 2) { f, p in
      let count = f.keep(p[0].field(MessageBuffer.payloadCount))
      f.store(p[1], at: p[0].at(MessageBuffer.payload) + (count << 3))
      f.store(count + 1, at: p[0].at(MessageBuffer.payloadCount))
    }
    module.function("message_capability", 2) { f, p in
      let count = f.keep(p[0].field(MessageBuffer.capabilityCount))
      f.store(p[1], at: p[0].at(MessageBuffer.capabilities) + (count << 3))
      f.store(count + 1, at: p[0].at(MessageBuffer.capabilityCount))
    }
    // message_bytes(message, address, count): an RPC string.
    module.function("message_bytes", 3) { f, p in
      let count = f.keep(p[0].field(MessageBuffer.payloadCount))
      let place = f.keep(p[0].at(MessageBuffer.payload) + (count << 3))
      f.store(p[2], at: place)
      let words = f.keep((p[2] + 7) >> 3)
      f.count(to: words) { f.store(0, at: place + 8 + ($0 << 3)) }
      f.count(to: p[2]) { f.store((p[1] + $0).loaded(.byte), at: place + 8 + $0, .byte) }
      f.store(count + 1 + words, at: p[0].at(MessageBuffer.payloadCount))
    }
    module.function("message_text", 2) { f, p in
      let length = f.variable(0)
      f.while((p[1] + .local(length)).loaded(.byte)) { f.set(length, .local(length) + 1) }
      f.run("message_bytes", p[0], p[1], .local(length))
    }
  }

  /// Capabilities that the kernel no longer knows are sent as invalid. Must happen before the UTCB is filled.
  private static func addCheck(_ module: ModuleBuilder) {
    module.function("message_check", 1) { f, p in
      f.count(to: p[0].field(MessageBuffer.capabilityCount)) {
        let place = f.keep(p[0].at(MessageBuffer.capabilities) + ($0 << 3))
        f.if(place.loaded()) { f.if(IR.Value.call("cap_valid", [place.loaded()]).isZero) { f.store(0, at: place) } }
      }
    }
  }

  /// `message_send(message, first word)` fills the message registers and gives the tag.
  private static func addMarshal(_ module: ModuleBuilder) {
    module.function("message_send", 2) { f, p in
      let message = p[0]
      let capabilities = f.keep(message.field(MessageBuffer.capabilityCount))
      let payload = f.keep(message.field(MessageBuffer.payloadCount))
      f.store(p[1], at: .messageRegister(0))
      f.store(capabilities, at: .messageRegister(1))
      let payloadStart = f.keep(.messageRegister(RPCLayout.firstBadge) + (capabilities << 3))
      f.count(to: payload) {
        f.store((message.at(MessageBuffer.payload) + ($0 << 3)).loaded(), at: payloadStart + ($0 << 3))
      }
      let item = f.variable(payloadStart + (payload << 3))
      let items = f.variable(0)
      f.count(to: capabilities) { index in
        let slot = f.keep((message.at(MessageBuffer.capabilities) + (index << 3)).loaded())
        let place = f.keep(.messageRegister(RPCLayout.firstBadge) + (index << 3))
        f.if(slot) {
          f.store(CapabilityMap.badge(slot), at: place)
          f.store(.constant(SendItem.map().raw), at: .local(item))
          let page = FlexPage.objects(CapabilitySlot(0), rights: RPCLayout.itemRights)
          f.store(slot << 12 | .constant(page.raw), at: .local(item) + 8)
          f.set(item, .local(item) + 16)
          f.set(items, .local(items) + 1)
        } else: {
          f.store(.constant(Badge.invalid), at: place)
        }
      }
      f.exit(.local(items) << 6 | (capabilities + payload + .constant(UInt64(RPCLayout.firstBadge))))
    }
  }

  /// `window_open(slot)`: four receive buffers for one capability each, then the end of the list.
  private static func addWindow(_ module: ModuleBuilder) {
    module.function("window_open", 1) { f, p in
      f.store(0, at: .bufferDescriptor)
      for index in 0..<Int(ComponentSlots.receiveWindow) {
        let buffer = (p[0] + .constant(UInt64(index))) << 12
        f.store(buffer | .constant(FiascoABI.ReceiveBuffer.small(CapabilitySlot(0)).raw), at: .bufferRegister(index))
      }
      f.store(0, at: .bufferRegister(Int(ComponentSlots.receiveWindow)))
    }
  }

  /// `message_receive(message, tag, window)`: everything is copied out of the UTCB before the first capability is
  /// moved.
  private static func addUnmarshal(_ module: ModuleBuilder) {
    module.function("message_receive", 3) { f, p in
      let (message, tag, window) = (p[0], p[1], p[2])
      let words = f.keep(tag & 0x3f)
      let count = f.variable(IR.Value.messageRegister(1).loaded())
      f.if(IR.Value.constant(UInt64(RPCLayout.maxCapabilities)).isBelow(.local(count))) { f.set(count, 0) }
      f.store(IR.Value.messageRegister(0).loaded(), at: message.at(MessageBuffer.exception))
      f.store(.local(count), at: message.at(MessageBuffer.capabilityCount))
      let header = f.keep(.local(count) + .constant(UInt64(RPCLayout.firstBadge)))
      let payload = f.variable(0)
      f.if(header.isBelow(words)) { f.set(payload, words - header) }
      f.store(.local(payload), at: message.at(MessageBuffer.payloadCount))
      f.count(to: .local(payload)) {
        let word = (IR.Value.messageRegister(0) + ((header + $0) << 3)).loaded()
        f.store(word, at: message.at(MessageBuffer.payload) + ($0 << 3))
      }
      collectCapabilities(f, message, tag, window, .local(count))
    }
  }

  private static func collectCapabilities(
    _ f: FunctionBuilder, _ message: IR.Value, _ tag: IR.Value, _ window: IR.Value, _ count: IR.Value
  ) {
    let badges = f.array(words: RPCLayout.maxCapabilities)
    let slots = f.array(words: RPCLayout.maxCapabilities)
    let item = f.variable(0)
    f.count(to: count) { index in
      let badge = f.keep((IR.Value.messageRegister(RPCLayout.firstBadge) + (index << 3)).loaded())
      f.store(badge, at: badges + (index << 3))
      f.store(0, at: slots + (index << 3))
      f.if(badge.differs(from: .constant(Badge.invalid))) {
        let word = f.keep((IR.Value.messageRegister(0) + (((tag & 0x3f) + (.local(item) << 1)) << 3)).loaded())
        let exists = f.keep(IR.Value.local(item).isBelow(tag >> 6 & 0x3f))
        // The kernel marks an item that transferred nothing in bit 1.
        f.if(.both(exists, (word & 2).isZero)) { f.store(window + .local(item), at: slots + (index << 3)) }
        f.set(item, .local(item) + 1)
      }
    }
    f.count(to: count) { index in
      let slot = f.variable((slots + (index << 3)).loaded())
      f.if(.local(slot)) { f.set(slot, .call("cap_insert", [(badges + (index << 3)).loaded(), .local(slot)])) }
      f.store(.local(slot), at: message.at(MessageBuffer.capabilities) + (index << 3))
    }
  }

  /// `ipc_call(slot, message)` gives the IPC error, 0 for none. No call ever times out.
  private static func addCall(_ module: ModuleBuilder) {
    module.function("ipc_call", 2) { f, p in
      let (slot, message) = (p[0], p[1])
      let window = f.call("cap_allocate", .constant(UInt64(ComponentSlots.receiveWindow)))
      f.run("message_check", message)
      let tag = f.call("message_send", message, CapabilityMap.badge(slot))
      f.run("window_open", window)
      let answer = f.invoke(tag: tag, target: .target(slot: slot, .call), timeouts: .timeouts(.never))
      let error = f.variable(0)
      f.if(answer.tag.tagError) {
        f.set(error, .errorWord)
        f.store(.constant(RPCException.ipcError.rawValue), at: message.at(MessageBuffer.exception))
        f.store(0, at: message.at(MessageBuffer.payloadCount))
        f.store(0, at: message.at(MessageBuffer.capabilityCount))
      } else: {
        f.run("message_receive", message, answer.tag, window)
      }
      f.run("cap_release", window, .constant(UInt64(ComponentSlots.receiveWindow)))
      f.exit(.local(error))
    }
    // rpc_must(slot, message, what): any failure ends the component.
    module.function("rpc_must", 3) { f, p in
      f.run("ipc_call", p[0], p[1])
      let exception = f.keep(p[1].field(MessageBuffer.exception))
      f.if(exception) { f.run("component_abort", p[2], exception) }
    }
  }
}
