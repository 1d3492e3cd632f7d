import FiascoABI
import Testing

struct TimeoutTests {
  @Test func `never and zero are no durations`() {
    #expect(IPCTimeout.never.isNever && !IPCTimeout.never.isZero)
    #expect(IPCTimeout.zero.isZero && !IPCTimeout.zero.isNever)
    #expect(IPCTimeout.zero.raw == 0x400)
    #expect(IPCTimeouts.never.raw == 0)
    // Every exponent with a mantissa of zero is zero.
    for exponent in 1...31 as ClosedRange<UInt16> { #expect(IPCTimeout(raw: exponent << 10).isZero) }
  }

  @Test(arguments: [1, 2, 999, 1000, 1023, 1024, 1025, 2500, 5000, 65_535, 1_000_000, 60_000_000, 1 << 40] as [UInt64])
  func `a relative timeout loses low bits only`(_ microseconds: UInt64) {
    let timeout = IPCTimeout.relative(microseconds: microseconds)
    #expect(!timeout.isNever && !timeout.isZero && !timeout.isAbsolute)
    #expect(timeout.microseconds <= microseconds)
    // Ten bits of mantissa: the error is below one part in 512.
    #expect(microseconds - timeout.microseconds <= microseconds / 512)
    if microseconds < 1024 { #expect(timeout.microseconds == microseconds) }
  }

  @Test func `a pair keeps its halves apart`() {
    let pair = IPCTimeouts(send: IPCTimeout(raw: 0x1234), receive: IPCTimeout(raw: 0x8765))
    #expect(pair.raw == 0x1234_8765)
    #expect(pair.send.raw == 0x1234 && pair.receive.raw == 0x8765)
    #expect(pair.receive.isAbsolute && pair.receive.bufferRegister == 0x25)
    #expect(IPCTimeouts.sendZero.send.isZero && IPCTimeouts.sendZero.receive.isNever)
  }
}
