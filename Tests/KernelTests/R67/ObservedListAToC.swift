/// The cases that were run on the real kernel of 2016, one a line: id, suite that tests it, what was done. `-` stands
/// before the reason why this machine cannot run a case.
enum ObservedListAToC {
  static let lines = """
    a01 AreaATests: ipc_call to the empty slot, timeout never
    a02 AreaATests: send-only to the empty slot, timeout never
    a03 AreaATests: closed receive (ipc_receive) from the empty slot, timeouts never
    a04 AreaATests: call with send timeout 0
    a05 AreaATests: call with send timeout 10ms; elapsed in us of the kernel clock
    a06 AreaATests: after 5 ms bind gate to server with label 0x40
    a07 AreaATests: send with send timeout 0
    a08 AreaATests: send with send timeout 10 ms (relative)
    a09 AreaATests: call with send timeout 0 and receive timeout never
    a10 AreaATests: call with receive timeout 10 ms
    a11 AreaATests: call with send timeout never and receive timeout 0
    a12 AreaATests: open wait with receive timeout 0
    a13 AreaATests: open wait with receive timeout 10 ms
    a14 AreaATests: T calls its own thread capability with protocol 7 (not L4_PROTO_THREAD), timeouts 10 ms/10 ms
    a15 AreaATests: T calls gate, timeouts 10 ms/10 ms
    a16 AreaATests: T sends (no receive) to gate, send timeout 10 ms
    a17 AreaATests: T does reply_and_wait (L4_INVALID_CAP|0xf) snd timeout 0, rcv timeout 0
    a18 AreaATests: T does reply_and_wait snd timeout 0, rcv timeout 10 ms; is the receive phase entered?
    a19 AreaATests: T does reply (SEND|REPLY on L4_INVALID_CAP) without wait
    a20 AreaATests: A sends with send timeout 0
    a21 AreaATests: B deleted after 5 ms
    a22 AreaATests: send to L4_INVALID_CAP timeout 0
    a23 AreaATests: call to L4_INVALID_CAP timeouts 5 ms/5 ms
    a24 AreaATests: call factory with protocol 7
    a25 AreaATests: send-only to factory with protocol 7 (no receive phase)
    a26 AreaATests: closed receive only (no send) on the factory cap, timeouts 5 ms
    a27 AreaATests: call B's THREAD capability (not a gate) with protocol 7
    a28 AreaATests: call with 2 words, MR0=0x11; label of the gate 0x40; the caller's cap has all rights; server
    a29 AreaATests: factory create gate with label 0x43
    a30 AreaATests: ex_regs(ip=-1,sp=-1,CANCEL)
    a31 AreaATests: client blocked in send-only: CANCEL
    a32 AreaATests: CANCEL; old ip from ex_regs_ret
    a33 AreaATests: server blocked in the wait phase of reply_and_wait after successfully replying: CANCEL
    a34 AreaATests: CANCEL the client, then server replies
    a35 AreaATests: ex_regs(new ip,new sp,CANCEL): does it run at the new ip, and what error is in the TCR
    a36 AreaATests: ex_regs(new ip,new sp) WITHOUT cancel; 3 ms later send it a message
    a37 AreaATests: ex_regs CANCEL without new ip; then the thread does an open wait with timeout 5 ms: is the
    a38 AreaATests: thread in ipc_sleep(never) on INVALID_CAP: CANCEL
    a40 AreaADeletionTests: delete server THREAD object
    a41 AreaADeletionTests: delete server thread
    a42 AreaADeletionTests: delete GATE (server alive, not receiving), later server waits
    a43 AreaADeletionTests: delete GATE; server replies 10 ms later
    a44 AreaADeletionTests: delete CLIENT thread; server replies 10 ms later with send timeout 0 and reply_and_wait(rcv
    a45 AreaADeletionTests: does the server get the queued message in the SAME syscall or an error first
    a46 AreaADeletionTests: delete CLIENT, then server waits 5 ms
    a47 AreaADeletionTests: what A and B see
    a48 AreaADeletionTests: does A still get the reply
    a49 AreaADeletionTests: does the implicit reply cap survive the nested call
    a50 AreaADeletionTests: second reply
    a51 AreaADeletionTests: server result
    a52 AreaADeletionTests: server result
    a53 AreaADeletionTests: server result
    a54 AreaADeletionTests: delete server's thread: which errors; order of wake-ups
    a55 AreaADeletionTests: delete T's own thread cap from T itself (suicide through task_delete_obj)
    a60 AreaADeletionTests: call with one object map item
    a61 AreaADeletionTests: call with one object map item (factory cap)
    a62 AreaADeletionTests: call with TWO object map items
    a63 AreaADeletionTests: call with one object map item naming an EMPTY slot
    a64 AreaADeletionTests: call with one gate-cap map item: local-id short cut
    a65 AreaADeletionTests: words seen by receiver for 63; (a) call
    a70 AreaADeletionTests: is a reply capability created for a send+open-wait
    a71 AreaADeletionTests: server does a closed receive (F_RECV) naming its own bound GATE cap; a client calls the gate
    a72 AreaADeletionTests: queue entry removed by the timeout
    a73 AreaADeletionTests: A's result, server's results
    a74 AreaADeletionTests: X's result; A unaffected
    a75 AreaADeletionTests: who gets the message and with which label
    a76 AreaADeletionTests: S1 replies 10 ms later
    a77 AreaADeletionTests: raw tag seen by the server
    a78 AreaADeletionTests: client's and server's result
    a79 AreaADeletionTests: client's result; cap valid
    b01 AreaBTests: order in which the server receives
    b02 AreaBTests: order of delivery
    b03 AreaBTests: is the send queue re-sorted
    b04 AreaBTests: client calls server: does the server run before M (time-slice/priority donation)
    b05 AreaBTests: as b04 but call carries L4_MSGTAG_SCHEDULE (0x2000?): order
    b06 AreaBTests: transitive donation?
    b07 AreaBTests: call then server replies with reply_and_wait (no schedule flag): log order
    b08 AreaBTests: server replies with reply-only (no wait): who runs next
    b09 AreaBTests: client prio 120, server prio 105: server reply-only: who runs next
    b10 AreaBTests: call + reply_and_wait, third ready thread M at prio 110 already in ready queue
    b11 AreaBTests: client send-only (no schedule flag) to waiting server: who runs next
    b12 AreaBTests: client send-only WITH L4_MSGTAG_SCHEDULE to waiting server
    b13 AreaBTests: client send-only no flag to higher-prio server
    b14 AreaBTests: client send-only no flag to LOWER-prio server
    b15 AreaBTests: log order of server/c1/c2 with reply_and_wait (does c1 run before the server takes m2)
    b16 AreaBTests: same as b15 with a low-prio server
    b17 AreaBTests: does the server inherit c2's priority while c2 is QUEUED in the send phase (priority
    b18 AreaBTests: server reply-only: does the higher-prio server (own sched context ready) preempt the client
    b19 AreaBTests: as b18 but server replies with the SCHEDULE flag: order
    b20 AreaBTests: server prio 120 NOT receiving when client (105) calls; server picks the call up later from its
    b21 AreaBTests: M runs before the server finishes? (sched context of client used)
    b22 AreaBTests: as b21 but the call carries the SCHEDULE flag (no donation): M vs server
    b23 AreaBTests: when does M get the CPU (only the timer tick and the donated 10 ms quantum interfere)
    b24 AreaBTests: thread stats_time: which thread is charged
    b25 AreaBTests: as b23 but with call flag SCHEDULE: order
    c01 AreaCTests: ex_regs(-1,-1,CANCEL|TRIGGER_EXCEPTION); H replies with the unmodified exception frame
    c02 AreaCTests: ex_regs(-1,-1,TRIGGER_EXCEPTION) WITHOUT CANCEL: exception delivered? then a message is sent to
    c03 AreaCTests: ex_regs CANCEL|TRIGGER_EXCEPTION; H replies unmodified
    c04 AreaCTests: H replies with ip set back to sys_insn (ip-2) and rax/rdx/rsi/r8 as found in the frame (rax
    c05 AreaCTests: CANCEL|TRIGGER_EXCEPTION, H replies with ip=sys_insn: the wait is re-executed; then message
    c06 AreaCTests: CANCEL|TRIGGER_EXCEPTION, unmodified reply
    c07 AreaCTests: CANCEL|TRIGGER_EXCEPTION, unmodified reply
    c08 AreaCTests: TRIGGER_EXCEPTION (no cancel); H replies unmodified
    c09 AreaCTests: as c08 but CANCEL|TRIGGER: same
    c10 AreaCTests: second ex_regs TRIGGER (with and without CANCEL) while T waits for exception reply; and message
    c11 AreaCTests: ex_regs with new ip/sp and CANCEL: T leaves the exception and runs at the new ip?
    c12 AreaCTests: CANCEL|TRIGGER_EXCEPTION
    c13 AreaCTests: ex_regs_ret(-1,-1,0): old ip/sp/flags
    c14 AreaCTests: register contents seen at the entry point
    c15 AreaCTests: what does the interrupted syscall wrapper return in N (tag=rax, error from TCR of the new UTCB)
    c16 AreaCTests: as c15 but N is bound to the SAME UTCB address as the dead T: what N sees
    c17 AreaCTests: what N sees (ip = sys_after, rax = saved)
    c18 AreaCTests: full restore recipe
    c19 AreaCTests: what happens to T when H's thread is deleted while holding T's exception
    c20 AreaCTests: TRIGGER_EXCEPTION with dangling handler cap
    c21 AreaCTests: TRIGGER_EXCEPTION|CANCEL with new ip/sp given in the same ex_regs: ip in the frame
    c22 AreaCTests: full restore recipe, corrected
    c23 AreaCTests: does C ever return (C has infinite timeout); can S2 reply to it with reply_and_wait
    c24 AreaCTests: client C blocked in RECEIVE phase of a call on S; S deleted; then CANCEL C: C's error
    c25 AreaCTests: ex_regs_ret(-1,-1,flags=0): are old sp/flags the user values, is T disturbed
    c26 AreaCTests: ex_regs_ret from main while T is preempted; SECOND CANCEL-only ex_regs; T then CALLs a server
    c30 AreaCTests: T executes faulting instruction; H replies with ip = recovery label: ud2
    c31 - amd64: int3 enters the kernel debugger
    c32 - amd64: this machine does not trap on a division by zero
    c33 - amd64: cli raises an I/O page fault there
    c34 - amd64: software interrupts
    c35 AreaCTests: fate of the thread
    c36 AreaCTests: fate of the thread
    c37 AreaCTests: fate: frame unchanged -> re-execute? count exceptions (handler answers 4 times then stops)
    """
}
