import Determinism
import RISCV

/// A program for the bare interpreter: compiled C (clang -O2, rv64imac) whose source stands above its words, so that
/// what is measured is what users run, compressed instructions included.
struct InterpreterProgram {
  let name: String
  let words: [UInt64]
  let rounds: UInt64
  /// Checked: a fast wrong interpreter is none.
  let expected: UInt64

  static let all = [
    InterpreterProgram(name: "loop", words: loopProgram, rounds: 6_000_000, expected: 294_983_292_048_542_182),
    InterpreterProgram(name: "mix", words: mixProgram, rounds: 4, expected: 18_877_222_124_717_632),
  ]

  /// Nanoseconds of CPU time of one instruction, and how many instructions the program has.
  func run() -> (nanoseconds: Double, retired: UInt64) {
    let start = processNanoseconds()
    let (result, retired) = execute(words, argument: rounds)
    let time = processNanoseconds() - start
    precondition(result == expected, "the benchmark program computed \(result) instead of \(expected)")
    return (Double(time) / Double(retired), retired)
  }
}

/// Runs a program at 0x10000 with 1 MiB mapped one to one, in slices of a millisecond's worth of instructions as the
/// machine does, up to its `ecall`.
private func execute(_ program: [UInt64], argument: UInt64) -> (result: UInt64, retired: UInt64) {
  var memory = PagedMemory(frames: 272)
  for (index, word) in program.enumerated() {
    let address = 0x10000 + index * 8
    memory.writable(address / 4096).storeBytes(of: word, toByteOffset: address % 4096, as: UInt64.self)
  }
  var cache = TranslationCache()
  var hart = Hart()
  var registers = Registers(pc: 0x10000, sp: 0x110000)
  registers.a0 = argument
  var retired: UInt64 = 0
  while true {
    let exit = hart.run(&registers, memory: &memory, cache: &cache, budget: 300_000)
    retired += exit.retired
    switch exit.reason {
    case .budget: continue
    case .systemCall: return (registers.a0, retired)
    case .translationMiss(let address, let access):
      precondition(address < 272 * 4096, "the benchmark program left its memory")
      cache.fill(virtualPage: address / 4096, frame: Int(address / 4096), access: access, memory: &memory)
    default: preconditionFailure("the benchmark program stopped: \(exit.reason)")
    }
  }
}

// A linear congruential generator picks entries of a 4 KiB table to load and store.
//
//   typedef unsigned long u64;
//   static u64 table[512];
//   u64 _start(u64 n) __attribute__((section(".text.start")));
//   u64 _start(u64 n) {
//     u64 s = 12345, sum = 0;
//     for (u64 i = 0; i < n; i++) {
//       s = s * 6364136223846793005ul + 1442695040888963407ul;
//       u64 k = (s >> 33) & 511;
//       table[k] += s >> 40;
//       sum += table[(k * 7 + i) & 511];
//     }
//     asm volatile("mv a0,%0\n ecall" :: "r"(sum) : "a0");
//     __builtin_unreachable();
//   }
private let loopProgram: [UInt64] = [
  0x670d42814601c525, 0x0000069700000797, 0x0687b80303970593, 0x8313668506c6b883, 0x839300001797ff86,
  0x05b303058733fde7, 0xde130215d7130117, 0x073b003717930285, 0x969e0067f6b340e6, 0x7713973e0006be83,
  0xb0239e76070e1ff7, 0x06056314971e01c6, 0xa011fcc514e392b6, 0x0000007385164281, 0x5851f42d4c957f2d,
  0x14057b7ef767814f,
]

// Quicksort of 20,000 words, a sieve over 800 kB and a recursive Fibonacci number.
//
//   typedef unsigned long u64; typedef long i64; typedef unsigned u32;
//   static u32 a[20000]; static unsigned char sv[800000];
//   static void qs(u32 *v, i64 lo, i64 hi) {
//     while (lo < hi) {
//       u32 p = v[(lo + hi) >> 1]; i64 i = lo, j = hi;
//       while (i <= j) { while (v[i] < p) i++; while (v[j] > p) j--; if (i <= j) { u32 t = v[i]; v[i] = v[j]; v[j] = t; i++; j--; } }
//       if (j - lo < hi - i) { qs(v, lo, j); lo = i; } else { qs(v, i, hi); hi = j; }
//     }
//   }
//   static u64 fib(u64 n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }
//   __attribute__((noinline)) static u64 sieve(void) { u64 c = 0; for (u64 i = 0; i < 800000; i++) sv[i] = 1; for (u64 i = 2; i < 800000; i++) if (sv[i]) { c++; for (u64 j = i * i; j < 800000; j += i) sv[j] = 0; } return c; }
//   u64 _start(u64 n) __attribute__((section(".text.start")));
//   u64 _start(u64 n) {
//     u64 sum = 0;
//     for (u64 r = 0; r < n; r++) {
//       u64 s = r + 1; for (int i = 0; i < 20000; i++) { s = s * 6364136223846793005ul + 1442695040888963407ul; a[i] = s >> 32; }
//       qs(a, 0, 19999); for (int i = 1; i < 20000; i++) sum += a[i - 1] <= a[i];
//       sum = sum * 31 + sieve(); sum = sum * 31 + fib(24);
//     }
//     asm volatile("mv a0,%0\n ecall" :: "r"(sum) : "a0");
//     __builtin_unreachable();
//   }
private let mixProgram: [UInt64] = [
  0xe4a6e8a2ec86711d, 0xf456f852fc4ee0ca, 0xe466e862ec5ef05a, 0x44814a81892acd49, 0x0000059700001517,
  0x0a1366d100000617, 0x3b832045bb03fe05, 0x9452880684132086, 0x0c13e1f509936515, 0x85d685520a85004a,
  0xd61395de036585b3, 0x19e30511c1100205, 0x009785ce4501fe85, 0x2583054080e70000, 0x051141108562000a,
  0x0015c59300b635b3, 0xfe8518e385b294ae, 0x0000009700549c93, 0x9caa8d050ea080e7, 0x00974561005c9493,
  0x853314a080e70000, 0xf92a9fe38c8940ac, 0x007385264481a011, 0x71390ab55d630000, 0xf04af426f822fc06,
  0x89aee456e852ec4e, 0x0a1300001517892a, 0x85ce8556a811f2e5, 0xfda080e700000097, 0x053306895d6389a2,
  0x9552997105060139, 0xa0198aca844e4108, 0x002a959305544363, 0x06054194865695d2, 0x0a93fea6ede30591,
  0x975200241713fff6, 0xa483872200470793, 0x6ce3177d17f1ffc7, 0x45e300170413fe95, 0xc394fe95ae23fd54,
  0x0533bf75843a8ab2, 0x57e3415985b34124, 0x009785a2854af8b5, 0x8956f64080e70000, 0x744270e2f93ac7e3,
  0x6a4269e2790274a2, 0x4597808261216aa2, 0x000c363745050001, 0x5006061370a58593, 0x058500a58023962e,
  0x45974501fec59de3, 0x37b7429546090001, 0x87136ea58893000c, 0x8813004886935007, 0x85930605a8014ff7,
  0x046382ae96960022, 0xc58300c885b302e6, 0x02c605b3d5ed0005, 0x87b6feb861e30505, 0x97b295b200078023,
  0x8082bfc1fee5ece3, 0xe426e822ec061101, 0x4481842a4589e04a, 0x0513490500b56d63, 0x80e700000097fff4,
  0x68e394aa1479fe60, 0x60e200940533fe89, 0x6105690264a26442, 0x0000000000008082, 0x5851f42d4c957f2d,
  0x14057b7ef767814f,
]
