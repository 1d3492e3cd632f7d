/// C code for components that handle page faults themselves: signals, region maps, threads that touch memory.
enum ManagedMemory {
  static let prelude = #"""
    static W stacks[6][512] __attribute__((aligned(16)));
    static Cap source, irq, rm;
    static void open_signals(void) { source = ask(pd, 1, 0, 0, 0, 0); irq = ask(source, 1, 0, 0, 1, &self); }
    static Cap context(W imprint) { return ask(pd, 3, 1, &imprint, 1, &source); }
    /* waits for the IRQ and fetches one signal: count; 0 for none */
    static W signal(void) {
      W out[2]; l4(0, irq.slot << 12 | 2, NEVER, 0); rpc(source, 0, 0, 0, 0, 0, out, 2, 0, 0, 0); return out[1];
    }
    static void open_rm(void) { rm = session("RM", "ram_quota=128K, label=\"\""); }
    static void upgrade(Cap c, const char *args) { W a[10], n = pack(a, args); number(parent(), 2, n, a, 1, &c); }
    static Cap map_create(W size) { return ask(rm, 0, 1, &size, 0, 0); }
    static Cap map_dataspace(Cap map) { return ask(map, 4, 0, 0, 0, 0); }
    static void set_handler(Cap map, Cap c) { number(map, 2, 0, 0, 1, &c); }
    static void detach(Cap map, W at) { number(map, 1, 1, &at, 0, 0); }
    static W state_kind, state_address;
    static void get_map_state(Cap map) {
      W out[2]; rpc(map, 3, 0, 0, 0, 0, out, 2, 0, 0, 0); state_kind = out[0]; state_address = out[1];
    }
    static void say_state(Cap map) { get_map_state(map); say_number("state", state_kind); say_number("at", state_address); }
    static Cap spawn(const char *name, int index, void (*body)(void)) {
      Cap t = thread_create(name); thread_run(t, index, stacks[index - 1] + 512, body); return t;
    }
    static void thread_op(Cap t, W opcode) { rpc(t, opcode, 0, 0, 0, 0, 0, 0, 0, 0, 0); }
    #define WORD(address) (*(volatile W *)(address))

    """#

  /// A managed dataspace of 64 KiB, attached at 0x20000000, whose faults are signalled.
  static let handled =
    prelude + #"""
      static Cap map;
      static void open_managed(void) {
        open_signals(); open_rm(); map = map_create(0x10000);
        set_handler(map, context(0x77));
        attach(space, map_dataspace(map), 0, 0, 1, 0x20000000);
      }

      """#
}
