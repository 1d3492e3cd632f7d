import Foundation
import Synchronization

/// A component written in C, compiled at test time by the clang that comes with Swift: proof that the protocol and the
/// fixed places suffice to write a component, without our own compiler in between.
enum CompiledComponent {
  struct Failed: Error, CustomStringConvertible { let description: String }

  private static let built = Mutex<[String: [UInt8]]>([:])

  /// The executable; every source is compiled once a run.
  static func build(_ source: String) throws -> [UInt8] {
    if let known = built.withLock({ $0[source] }) { return known }
    let bytes = try compile(source)
    built.withLock { $0[source] = bytes }
    return bytes
  }

  private static func compile(_ source: String) throws -> [UInt8] {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let code = folder.appendingPathComponent("component.c")
    let script = folder.appendingPathComponent("component.ld")
    let output = folder.appendingPathComponent("component.elf")
    try (runtime + source).write(to: code, atomically: true, encoding: .utf8)
    try linkerScript.write(to: script, atomically: true, encoding: .utf8)
    try run([
      "clang", "--target=riscv64-unknown-elf", "-march=rv64imac", "-mabi=lp64", "-mcmodel=medany", "-O1",
      "-ffreestanding", "-fno-builtin",
      "-fno-pic", "-fno-stack-protector", "-mno-relax", "-Wno-unused-function", "-nostdlib", "-static", "-fuse-ld=lld",
      "-Wl,--build-id=none,--no-relax,-z,norelro,-z,max-page-size=4096,-T," + script.path, code.path, "-o", output.path,
    ])
    return [UInt8](try Data(contentsOf: output))
  }

  private static func run(_ arguments: [String]) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = arguments
    let pipe = Pipe()
    process.standardError = pipe
    process.standardOutput = pipe
    try process.run()
    let text = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw Failed(description: String(decoding: text, as: UTF8.self)) }
  }

  private static let linkerScript = """
    ENTRY(_start)
    PHDRS { text PT_LOAD FLAGS(5); data PT_LOAD FLAGS(6); }
    SECTIONS {
      . = 0x1000000;
      .text : { *(.text.start) *(.text*) *(.rodata*) *(.srodata*) } :text
      . = 0x2000000;
      .data : { *(.parent) *(.data*) *(.sdata*) } :data
      .bss : { *(.bss*) *(.sbss*) *(COMMON) } :data
      /DISCARD/ : { *(.comment) *(.eh_frame*) *(.riscv.attributes) *(.note*) }
    }
    """

  /// Start-up code, system calls and RPC; `main` is the component.
  private static let runtime = #"""
    typedef unsigned long W;
    typedef struct { W slot, badge; } Cap;
    W parent_badge __attribute__((section(".parent"))) = 0xdead;
    char boot_stack[16384] __attribute__((aligned(16)));
    __asm__(".section .text.start\n.globl _start\n"
            "_start: la sp, boot_stack+16384\n li tp, 0x48000000\n call start\n1: j 1b\n"
            ".globl thread_entry\nthread_entry: ld tp, 0(sp)\n ld a0, 8(sp)\n call thread_start\n1: j 1b\n.text\n");
    extern char thread_entry[];
    void *memset(void *d, int c, W n) { volatile char *p = d; while (n--) *p++ = (char)c; return d; }
    #define NEVER 0UL
    #define SPECIAL ((~0UL << 11) & ~(1UL << 10))
    static W *utcb(void) { W *p; __asm__ volatile("mv %0, tp" : "=r"(p)); return p; }
    static W l4(W tag, W dest, W timeouts, W *label) {
      register W a0 __asm__("a0") = tag, a1 __asm__("a1") = dest, a2 __asm__("a2") = timeouts, a3 __asm__("a3") = 0;
      __asm__ volatile("ecall" : "+r"(a0), "+r"(a1), "+r"(a2), "+r"(a3) : : "memory");
      if (label) *label = a3;
      return a0;
    }
    static Cap parent(void) { Cap c = {8, parent_badge}; return c; }
    static const Cap none = {0, ~0UL};
    /* results after the badges go to `out`, received capabilities to `got` in the slots `into` */
    static W rpc(
      Cap c, W op, W n, const W *args, W nc, const Cap *caps, W *out, W nout, W ng, const W *into, Cap *got
    ) {
      W *u = utcb(), w = 0, items = 0;
      u[w++] = c.badge; u[w++] = nc;
      for (W i = 0; i < nc; i++) u[w++] = caps[i].badge;
      u[w++] = op;
      for (W i = 0; i < n; i++) u[w++] = args[i];
      for (W i = 0; i < nc; i++) if (caps[i].badge != ~0UL) {
        u[w + 2 * items] = 8; u[w + 2 * items + 1] = caps[i].slot << 12 | 3 << 4 | 7; items++; }
      u[64] = 0;
      for (W i = 0; i < 5; i++) u[65 + i] = 0;
      for (W i = 0; i < ng; i++) u[65 + i] = into[i] << 12 | 10;
      W tag = l4(items << 6 | w, c.slot << 12 | 3, NEVER, 0);
      if (tag & 0x8000) return 1000 + (u[123] & 31);
      W badges = u[1], k = 0;
      for (W i = 0; i < badges; i++) if (i < ng) {
        got[i] = none; if (u[2 + i] != ~0UL) { got[i].badge = u[2 + i]; got[i].slot = into[k++]; } }
      for (W i = 0; i < nout; i++) out[i] = u[2 + badges + i];
      return u[0];
    }
    static W pack(W *to, const char *s) {
      W n = 0; while (s[n]) n++;
      to[0] = n;
      for (W i = 0; i < (n + 7) / 8; i++) to[1 + i] = 0;
      for (W i = 0; i < n; i++) to[1 + i / 8] |= (W)(unsigned char)s[i] << (i % 8 * 8);
      return 1 + (n + 7) / 8;
    }
    static W next_slot = 0x204;
    static Cap ask(Cap c, W op, W n, const W *args, W nc, const Cap *caps) {
      W slot = next_slot++; Cap got = none;
      if (rpc(c, op, n, args, nc, caps, 0, 0, 1, &slot, &got)) return none;
      return got;
    }
    static W number(Cap c, W op, W n, const W *args, W nc, const Cap *caps) {
      W out = 0, e = rpc(c, op, n, args, nc, caps, &out, 1, 0, 0, 0);
      return e ? ~0UL - e : out;
    }
    static Cap session(const char *service, const char *args) {
      W a[40], n = pack(a, service);
      n += pack(a + n, args);
      return ask(parent(), 1, n, a, 0, 0);
    }
    static Cap log_session;
    static void say(const char *s) { W a[40]; W n = pack(a, s); rpc(log_session, 0, n, a, 0, 0, 0, 0, 0, 0, 0); }
    static void digits(char *b, W v) {
      int n = 0, i = 0; char t[24];
      do { t[n++] = "0123456789abcdef"[v & 15]; v >>= 4; } while (v);
      while (n) b[i++] = t[--n];
      b[i] = 0;
    }
    static void say_number(const char *s, W v) {
      char b[120]; int i = 0; while (s[i]) { b[i] = s[i]; i++; } b[i++] = ' '; digits(b + i, v); say(b);
    }
    static void quit(W value) {
      rpc(parent(), 4, 1, &value, 0, 0, 0, 0, 0, 0, 0);
      for (;;) l4(0, SPECIAL | 2, NEVER, 0);
    }
    static void sleep_ms(W n) {
      W us = n * 1000, e = 0; while (us >> e > 1023) e++;
      l4(0, SPECIAL | 2, us >> e | e << 10, 0);
    }
    static Cap ram, cpu, pd, space, self;
    static W attach(Cap map, Cap ds, W size, W offset, W local, W at) {
      W a[5] = {size, offset, local, at, 0}; return number(map, 0, 5, a, 1, &ds);
    }
    static Cap alloc(W size) { return ask(ram, 0, 1, &size, 0, 0); }
    void thread_start(void (*body)(void)) { body(); for (;;) l4(0, SPECIAL | 2, NEVER, 0); }
    static W thread_priority;
    static Cap thread_create(const char *name) {
      W a[10] = {thread_priority, 0}; W n = 2 + pack(a + 2, name);
      return ask(cpu, 0, n, a, 1, &pd);
    }
    static void thread_run(Cap t, int index, W *stack_top, void (*body)(void)) {
      stack_top[-2] = 0x48000000 + 1024 * index; stack_top[-1] = (W)body;
      W a[2] = {(W)thread_entry, (W)(stack_top - 2)}; rpc(t, 0, 2, a, 0, 0, 0, 0, 0, 0, 0);
    }
    void component(void);
    void start(void) {
      log_session = session("LOG", "ram_quota=8K, label=\"\"");
      ram = session("Env::ram_session", ""); cpu = session("Env::cpu_session", ""); pd = session("Env::pd_session", "");
      space = ask(pd, 8, 0, 0, 0, 0); self = ask(parent(), 0, 0, 0, 0, 0);
      component();
      quit(0);
    }

    """#
}
