/// The cases that were run on the real kernel of 2016, one a line: id, suite that tests it, what was done. `-` stands
/// before the reason why this machine cannot run a case.
enum ObservedListDToR {
  static let lines = """
    d01 AreaDTests: read; pager maps the page RW
    d02 AreaDTests: write first; pager maps RW
    d03 AreaDTests: instruction fetch (call into the page, contains ret); pager maps RX
    d04 AreaDTests: read (pager maps RO), then write (pager maps RW): second fault bits
    d05 AreaDTests: then instruction fetch: second fault bits; pager maps RX
    d06 AreaDTests: number of faults
    d07 AreaDTests: read fault; pager replies label 0 with NO map item 3 times, then maps: faults
    d08 AreaDTests: next message
    d09 AreaDTests: fate of the thread
    d10 AreaDTests: faults; where the page lands
    d11 AreaDTests: touch page 0, then page 15: number of faults
    d12 AreaDTests: refault? message
    d13 AreaDTests: then read, then write: faults
    d14 AreaDTests: read of unmapped page: message to handler
    d15 AreaDTests: fate of thread
    d16 AreaDTests: pager THREAD deleted
    d17 AreaDTests: ex_regs(-1,-1,CANCEL) on T: refault or exception? (handler=pager gate)
    d18 AreaDTests: ex_regs CANCEL|TRIGGER_EXCEPTION on T (checkpoint during page fault)
    d19 AreaDTests: read of 0xffffffff80000000 and 0x8000_0000_0000: message
    d20 AreaDTests: non-canonical address 0x800000000000: read
    d21 AreaDTests: null pointer read (address 8): message
    d22 AreaDTests: page mapped RW and written once; pager unmaps and remaps a DIFFERENT frame on refault (page 3
    d23 AreaDTests: map result and value read
    e01 AreaETests: gate mapped to another task with rights RWS
    e02 AreaETests: gate mapped to another task with rights RW
    e03 AreaETests: gate mapped to another task with rights R
    e04 AreaETests: gate mapped to another task with rights RS
    e05 AreaETests: server label bits after 2nd map (does re-map add rights?)
    e06 AreaETests: server label bits of a call from C
    e07 AreaETests: unmap in B with mask 0 (OTHER_SPACES), rights RWSD: validity (cap_valid label) in root/B/C after
    e08 AreaETests: unmap in B with ALL_SPACES, rights RWSD
    e09 AreaETests: unmap in ROOT with ALL_SPACES (no delete), rights RWSD: do B and C lose it?
    e10 AreaETests: unmap in ROOT with mask 0 (OTHER_SPACES)
    e11 AreaETests: DELETE_OBJ in B (B's cap was mapped without the D right: RWS)
    e12 AreaETests: DELETE_OBJ in B
    e13 AreaETests: unmap in B only the W right (rights=W, ALL_SPACES): remaining rights
    e14 AreaETests: cap unmapped from B (ALL_SPACES) while the client is queued
    e15 AreaETests: validity root/B after; call from B works?
    e16 AreaETests: gate: last (only) cap released with ALL_SPACES (no delete) while a client is blocked in RECEIVE
    e17 AreaETests: call on gate afterwards
    e18 AreaETests: map return, where calls go
    e19 AreaETests: cap_equal(orig,copy), cap_equal(orig,other gate), cap_equal(orig,empty), cap_valid(empty)
    e20 AreaETests: task_map result label
    e21 AreaETests: task_map(TASK,TASK,g->g)
    e22 AreaETests: unmap in root OTHER_SPACES; then presence probed by task_map from B/C to a scratch task (ret
    e23 AreaETests: unmap in B with OTHER_SPACES only: B keeps, C loses
    e24 AreaETests: does C get write? (write in C)
    e25 AreaETests: upgrade without fault?
    e26 AreaETests: downgrade? (write afterwards)
    e27 AreaETests: task_map label
    e28 AreaETests: delete task B's TASK cap (not the threads): server's reply and queue
    e30 AreaETests: capability sent through a gate held with rights R
    e31 AreaETests: capability sent through a gate held with rights RW
    e32 AreaETests: capability sent through a gate held with rights RS
    e33 AreaETests: capability sent through a gate held with rights RWS
    e40 AreaETests: kernel objects through copies with rights R
    e41 AreaETests: kernel objects through copies with rights RW
    e42 AreaETests: kernel objects through copies with rights RS
    e43 AreaETests: kernel objects through copies with rights RWS
    f01 AreaFTests: ex_regs(ip,sp), then run_thread
    f02 AreaFTests: run_thread only: does it run (at ip 0)?
    f03 AreaFTests: second thread_control bind to the same task, other UTCB
    f04 AreaFTests: bind with UTCB address not in ku_mem / unaligned: returns
    f05 AreaFTests: ex_regs(new ip, new sp, no flags): continues at new ip when scheduled
    f06 AreaFTests: does ex_regs start it immediately (prio 110 > main 100)
    f07 AreaFTests: when does it start; main 100, thread 110
    f08 AreaFTests: run_thread: who runs first
    f09 AreaFTests: prio 256 / 300 / 0 / cpu set empty / offset 5 / gran weird
    f10 AreaFTests: cpu_max, cpu map, classes
    f11 AreaFTests: switch order within 100 ms; first-run time (us) of each
    f12 AreaFTests: number of switches in 60 ms
    f13 AreaFTests: two spinners A,B: number of switches in 200 ms (=> quantum)
    f14 AreaFTests: A,B,C equal prio 90 ready; each yields 3 times via thread_yield (receive from INVALID_CAP
    f15 AreaFTests: A,B,C prio 90, A does thread_switch(C): order
    f16 AreaFTests: A prio 90 does thread_switch to LOWER prio (80) ready thread C; B prio 90 ready: order
    f17 AreaFTests: order of running
    f18 AreaFTests: main-like thread X(110) sets itself to 80 while Y(90) ready
    f19 AreaFTests: immediate preemption inside run_thread?
    f20 AreaFTests: ex_regs, run_thread, thread_control, stats on deleted thread's cap
    f21 AreaFTests: send timeout 0 and call 5ms
    f22 AreaFTests: stats_time of a thread that spun ~20 ms: us
    f23 AreaFTests: see c35 (ud2 without handler): ex_regs without / with CANCEL
    f24 AreaFTests: switch log for 60 ms (does preemption by a higher prio thread rotate the RR queue / refill the
    f25 AreaFTests: create threads until failure: error code
    f26 AreaFTests: does thread_switch to self yield?
    f27 AreaFTests: does B preempt A at its wake-up tick (equal priority)?
    f28 AreaFTests: who runs next: B or A?
    f29 AreaFTests: who runs next: N or A?
    g01 AreaGTests: IRQ object, not bound: trigger
    g02 AreaGTests: messages received
    g03 AreaGTests: trigger 3x, then thread waits: messages received
    g04 AreaGTests: trigger; message tag/label
    g05 AreaGTests: trigger, receive, trigger, receive (no unmask/EOI in between)
    g06 AreaGTests: receive order
    g07 AreaGTests: receive order
    g08 AreaGTests: receive order
    g09 AreaGTests: IRQ pending (triggered, receiver asleep), then detached: received?
    g10 AreaGTests: IRQ pending, then the IRQ object deleted: received?
    g11 AreaGTests: who receives; bind return
    g12 AreaGTests: return labels
    g13 AreaGTests: bound thread deleted while IRQ pending; then trigger again, then bind to new thread: results
    g14 AreaGTests: does the receiver run before the trigger returns
    g15 AreaGTests: what is received
    g16 AreaGTests: result of the caller
    g17 AreaGTests: semaphore object: up 3x, then down 4x with timeout 2 ms: results
    h01 AreaHTests: wait with a relative timeout of 1 us
    h02 AreaHTests: wait with a relative timeout of 10 us
    h03 AreaHTests: wait with a relative timeout of 100 us
    h04 AreaHTests: wait with a relative timeout of 500 us
    h05 AreaHTests: wait with a relative timeout of 999 us
    h06 AreaHTests: wait with a relative timeout of 1000 us
    h07 AreaHTests: wait with a relative timeout of 1001 us
    h08 AreaHTests: wait with a relative timeout of 1500 us
    h09 AreaHTests: wait with a relative timeout of 2000 us
    h10 AreaHTests: wait with a relative timeout of 5000 us
    h11 AreaHTests: wait with a relative timeout of 10000 us
    h12 AreaHTests: wait with a relative timeout of 50000 us
    h20 AreaHTests: three sleepers prio 110: A 6 ms, B 3 ms, C 3 ms started in order A,B,C: wake order
    h21 AreaHTests: sleepers with equal timeout 3 ms but prio A=105, B=110, C=107 (started in that order): wake
    h22 AreaHTests: do both expire at the same 1 ms tick? order
    h30 AreaHTests: distinct values seen by busy reading for 5 ms: number, min step, max step
    r01 AreaRTests: G22 C calls S with receive timeout 5 ms (expires), then C sits in an OPEN wait
    r02 AreaRTests: G62 C (never timeouts) queued in send phase at S; S killed
    r03 AreaRTests: G62 C (send timeout 10 ms) queued at S; S killed at 3 ms
    r05 AreaGTests: G92 IRQ bound to T; triggered 2x while T sleeps; T then does 3 closed receives on the IRQ (3 ms)
    r06 AreaGTests: G93 IRQ bound, triggered 2x while T sleeps, detached, attached again (label 0x90); T then does
    r07 AreaGTests: G95 T in closed receive (never) on its IRQ: CANCEL; then T receives again (8 ms) and IRQ is
    r08 AreaDTests: G68 pager = valid gate whose thread was killed; exception handler = gate to H (replies
    r09 AreaDTests: G69 pager replies 1 word MR0 = ~0; exception handler = other gate (H2)
    r10 AreaDTests: G71 pager replies with 6 words (0x700..0x705) + 1 map item; T had MR0-4 = a0..a4, BR0-2 = b0..b2
    r11 AreaBTests: G06b C(120) makes R(110) ready, calls S(101, busy 6 ms); H(200) wakes after ~2 ms and blocks
    r12 AreaBTests: G06c C(120) calls S(101, busy 6 ms, donated); H(200) wakes after 2 ms and does ex_regs
    r13 AreaRTests: flags bit0 returned by ex_regs(-1,-1,0): thread in open wait / in receive phase of a call
    r14 AreaRTests: G60 T spins in user mode; CANCEL; then T CALLS a waiting server (rcv timeout 20 ms), then calls
    r15 AreaRTests: as r14 but the server waits at LOWER prio 80 (T 90 keeps running after a call only by donation)
    r16 AreaRTests: T spins; CANCEL; then T does a send-only (5 ms) to a BUSY server, then two open waits of 3 ms
    r17 AreaRTests: T spins; CANCEL; then T does a send-only to a WAITING server (110), then two open waits of 3 ms
    r18 AreaRTests: G61 T in open wait; TRIGGER twice (no cancel); then a message
    r19 AreaRTests: G61 T spinning at 90; TRIGGER twice: number of exceptions; T continues
    r20 AreaHTests: absolute timeouts, 1 ms tick, prio 110: recv in the past / recv +5 ms / send (busy partner) in
    r21 AreaRTests: G28 operation bits 0 on a gate with a waiting, replying server (timeouts 5/5 ms)
    r22 AreaRTests: operation bits 0 on a THREAD cap (waiting server) / on INVALID_CAP / on the factory
    r23 AreaRTests: G24 T sends to itself (never); CANCEL; then self send timeout 0; self receive 3 ms; self
    r24 AreaRTests: G25 A calls B (snd timeout 3 ms) while B calls A (never) - A first, both 105, nobody waiting
    r25 AreaRTests: G26 A in closed receive from thread B (cap of B); B sends via a GATE bound to A (label 0x40)
    r26 AreaRTests: G27 A in closed receive naming a GATE bound to thread B; B sends to A via A's gate
    r27 AreaRTests: G14 A in closed receive from B (5 ms) while U is queued at A
    r28 AreaRTests: G32 P blocked (never) on an unbound gate; gate deleted
    r29 AreaRTests: G34 P blocked (never) on an unbound gate; ex_regs CANCEL
    r30 AreaRTests: G64 main(100) deletes V (prio 50, open wait), then IMMEDIATELY sends (timeout 0) through V's
    r31 AreaGTests: G85 factory create IRQ without an object receive buffer
    r33 AreaRTests: G96 modify_senders: X queued at S with gate label 0x200; S: test mask ~3, value 0x200, clear
    r34 AreaRTests: G98 thread control: 5 words / 6 words flags 0
    r35 AreaGTests: G99 unknown protocol / opcode: task proto 7, task op 99, thread op 99, factory proto -99, irq
    r36 AreaFTests: three equals, each three times: open wait (INV|WAIT) timeout 0
    r37 AreaRTests: C calls S (rcv timeout 5 ms, expires), then C calls S AGAIN (queued)
    r38 AreaRTests: C calls S (rcv timeout 5 ms, expires), then C calls S2 which holds the message
    r39 AreaDTests: pager cap slot EMPTY (G67), exception handler = gate to H
    r40 AreaDTests: pager INVALID_CAP (G67), exception handler = gate to H
    r41 AreaFTests: three equals, each three times: closed receive from SELF thread cap timeout 0
    r42 AreaFTests: three equals, each three times: closed receive from ANOTHER thread's cap timeout 0
    r43 AreaBTests: G45 A(90) runs 3 ms, then send-only to waiting W(90), continues 2 ms; R(90) ready
    r44 AreaRestartTests: T in closed receive (never) on its IRQ (Genode lock); CANCEL|TRIGGER; H sets ip=sys_insn
    r45 AreaRestartTests: C in RECEIVE phase of a call (server holds message, replies 12 ms later); CANCEL|TRIGGER; H
    r46 AreaRestartTests: C in SEND phase of a call (server asleep 12 ms, then waits); CANCEL|TRIGGER; H sets
    r47 AreaRTests: G60 T spins; CANCEL; then T CALLS a waiting server (110) that replies only 5 ms later; then T
    r48 AreaRTests: S in CLOSED receive from C's thread cap; C calls S; S answers with the reply operation (timeout
    r49 AreaHTests: absolute SEND timeout d us in the past to a busy partner, d = 1000 3000 5000 9000 20000 40000
    r50 AreaRestartTests: G31 P(105, MR0=0x5) then Q(109, MR0=0x9) block on an unbound gate; gate bound to S which waits
    r51 AreaDTests: G72a pager P replies 6 ms later through T's THREAD cap (plain send with map item) instead of
    r52 AreaDTests: G72b as r51 but T is CANCELled 3 ms after the fault (re-fault is queued at P, which is not
    r53 AreaDTests: G72c as r52 but P already received the second fault before it sends the (old) answer
    r54 AreaRestartTests: C1 (never) and C2 (never) queued at S; S killed; new S2 bound to the same gate; C1 cancelled
    r55 AreaRestartTests: C calls S (never); S works 10 ms; C's thread object deleted at 3 ms; S replies (timeout 0)
    r56 AreaRestartTests: as r55, but after C's deletion a NEW thread N is created (memory reuse) and waits open
    r60 AreaBTests: G03 C(110) sends (send-only) to S(105) already in open wait; R(107) ready
    r61 AreaBTests: G04 C(110) sends (send-only) to S(110) already in open wait
    r62 AreaBTests: G05 C(110) sends (send-only) to S(120) already in open wait
    r63 AreaBTests: G06 C(110) calls S(105) already in open wait; R(107) made ready before
    r64 AreaBTests: G07 as G06 but tag has the Schedule flag: log
    r65 AreaBTests: C(110) calls S(110) in open wait; R(110) made ready before
    r66 AreaBTests: C(110) sends (send-only) to S(110) in open wait with Schedule flag
    r67 AreaBTests: C(110) calls S(120) in open wait; R(115) made ready?
    r70 AreaRestartTests: T in the wait phase of reply_and_wait (reply delivered to A); CANCEL|TRIGGER; H sets
    r71 AreaRestartTests: T in the wait phase of reply_and_wait; TRIGGER without CANCEL; then client B calls 3 ms later
    r72 AreaRestartTests: as r71 but H does not answer the exception: B's message is already in T's UTCB, T holds B's
    r74 AreaRestartTests: G79 send-only with one cap item; receiver has no buffer
    r75 AreaRestartTests: G80 send-only with TWO cap items; receiver has one single-cap buffer
    r76 AreaRestartTests: G36 gate cap copied without the server right (0x20): label -10 op 0x11 (get_infos) on full cap
    r77 AreaRestartTests: as r74 but the sender is QUEUED first (receiver starts waiting 4 ms later): one cap item
    r78 AreaRestartTests: as r77 with a CALL (rcv timeout 5 ms): client, receiver
    r79 AreaRestartTests: as r74 with a CALL (rcv timeout 5 ms), receiver already waiting
    r80 AreaRestartTests: two cap items in a CALL, one single-cap buffer, receiver already waiting
    """
}
