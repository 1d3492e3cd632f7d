/// The expected text of reports on hand-made records; whoever changes the layout reads it here first.
enum ReportGoldens {
  static let replyAndWait = """
    A server blocked in reply_and_wait is checkpointed and restored
      One server, one client.
      platform riscv-virt · kernel modern · 200 ms simulated · 1,234,567 instructions
      costs: 24 counted, 5 assumed (stasis run --costs)

      timeline      50 ms checkpoint c1 · 120 ms server killed · 140 ms restore c1 · 200 ms stop
                    |----------------------C====---------------------------K........R.---------------------!-----|
                    . component absent   = frozen   ! deadline missed   C checkpoint   K kill   R restore

      checkpoint c1 of server · freeze 61 us · frozen 7.41 ms (3 threads, 14 objects, 31 capabilities, 1 region,
                      132 KiB) · write 1.9 ms
                    ep      was in the wait phase of reply_and_wait (its reply had been sent)
                    server  was running

      deadlines     job           released  done  missed     min  average      p95      p99      max  deadline
                    control/loop        20    19       2  1.2 ms  1.76 ms  9.25 ms  9.25 ms  9.25 ms      8 ms
                    control/loop: first miss is job 6, released at 50 ms, completed 1.25 ms after its deadline at
                      58 ms; checkpoint c1 froze server from 50 ms for 7.41 ms

      log           10 ms   client  answer 1
                    30 ms   client  answer 2
                    50 ms   client  answer 3
                    50 ms           -- checkpoint c1 --
                    70 ms   client  answer 4
                    90 ms   client  answer 5
                    110 ms  client  answer 6
                    120 ms          -- server killed --
                    140 ms          -- restore c1 --

      restored c1   server at 140 ms in 2.1 ms · child without ELF · policy `reissue`
                    ep      was in the wait phase of reply_and_wait (its reply had been sent), saw error 4 (no
                            partner) at 142.3 ms 5,000 times in a row and never waited
                    server  was running, runs since 142.2 ms
                    verdict: stuck
                    - client wrote nothing after 110 ms; 4 lines are missing
        why         ep: The reply had been sent before the checkpoint. Making the whole system call again replies
                    to a caller that no longer waits for this thread, and a reply that fails ends the call before
                    its wait begins.
        heal        policy `reissue receive half`  (stasis explain reply-and-wait)
        proof       the real kernel does the same: conformance ckpt/a-W

      expectations  1 of 2 met
                    not met: the run ends as stuck
                    it ended as stopped  (Scenarios/ipc/sample.json:10:5)

    """
}
