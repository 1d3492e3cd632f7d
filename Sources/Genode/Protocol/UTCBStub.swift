import FiascoABI

/// Machine code that copies a thread's UTCB from or to an image in the component's own memory, then traps.
///
/// The UTCB is kernel-user memory of one task: no dataspace, and core cannot map it. Only code that runs inside the
/// component can read or write it, so a checkpointer has to borrow each thread for a few instructions. It attaches a
/// RAM dataspace with this code and an image to the component, and lets the thread run
///
/// - to restore: `CPUThread.start(ip: load, sp: image)`; the trap arrives at core, which records it; `setState` with
///   the saved registers; `resume`. The kernel then returns to the saved instruction with all registers and the UTCB.
/// - to save: stop the thread (`pauseCancelling` ends a system call), keep its registers, `setState` with ip `save`, sp
///   image, `resume`, wait for the trap. While a thread is stopped the kernel shows buffer registers of its own in the
///   UTCB and puts the thread's back on resume, so only the thread itself sees the true ones.
///
/// Word 63 of the image (the UTCB's own address) must be set in both directions. This replaces the core and
/// kernel extensions of the original checkpointer by documented operations; it is the recipe of
/// `Tests/Conformance/cases/11-checkpoint.c`, `f_loader`.
public enum UTCBStub {
  /// Offsets inside one page.
  public static let image: UInt64 = 0
  public static let load: UInt64 = UTCB.size
  public static let save: UInt64 = UTCB.size + 40
  /// Instruction pointers of the traps, relative to the page.
  public static let loadTrap: UInt64 = load + 32
  public static let saveTrap: UInt64 = save + 32

  /// The code as 8-byte words, to be written at offset `load`.
  public static let words: [UInt64] = {
    let instructions: [UInt32] = routine(copy: [0x0005_b683, 0x00d5_3023]) + routine(copy: [0x0005_3683, 0x00d5_b023])
    return stride(from: 0, to: instructions.count, by: 2).map {
      UInt64(instructions[$0]) | UInt64(instructions[$0 + 1]) << 32
    }
  }()

  /// `copy` moves one word between 0(a0), the UTCB, and 0(a1), the image, through a3.
  private static func routine(copy: [UInt32]) -> [UInt32] {
    [
      0x1f81_3503,  // ld   a0, 504(sp)     UTCB address from word 63 of the image
      0x0001_0593,  // mv   a1, sp
      0x4001_0613,  // addi a2, sp, 1024
    ] + copy + [
      0x0085_8593,  // addi a1, a1, 8
      0x0085_0513,  // addi a0, a0, 8
      0xfec5_98e3,  // bne  a1, a2, -16
      0x0010_0073,  // ebreak
      0xffdf_f06f,  // j    -4
    ]
  }
}
