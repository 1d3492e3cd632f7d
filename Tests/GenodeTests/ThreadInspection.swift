/// C code for components that stop and inspect threads.
enum ThreadInspection {
  static let prelude = #"""
    static W stack[512] __attribute__((aligned(16)));
    static W state[48];
    static void get_state(Cap t) { rpc(t, 3, 0, 0, 0, 0, state, 42, 0, 0, 0); }
    static void set_state(Cap t, W flags, W ip, W sp) {
      W a[39]; a[0] = flags; a[1] = state[1]; for (int i = 0; i < 37; i++) a[2 + i] = state[5 + i];
      a[2 + 32] = ip; a[2 + 2] = sp;
      rpc(t, 4, 39, a, 0, 0, 0, 0, 0, 0, 0);
    }
    static void op(Cap t, W opcode) { rpc(t, opcode, 0, 0, 0, 0, 0, 0, 0, 0, 0); }

    """#
}
