# First instructions of the component and of its threads.
    .section .text.start, "ax"
    .globl _start, _thread_start, syscall, run_on
    .option norelax

# No register has a defined value. The first UTCB of a PD is at a fixed address.
_start:
    la   sp, bootstrap_stack_top
    li   tp, 0x48000000
    li   ra, 0
    li   s0, 0
    call start_up
1:  j    1b

# sp is the address of the thread's record.
_thread_start:
    ld   tp, 0(sp)
    ld   t0, 24(sp)
    li   ra, 0
    li   s0, 0
    jalr t0
1:  call sleep_for_ever
    j    1b

# word syscall(tag, target, timeouts, word *label)
syscall:
    mv   a4, a3
    li   a3, 0
    ecall
    beqz a4, 1f
    sd   a3, 0(a4)
1:  ret

# run_on(stack, function): never returns
run_on:
    mv   sp, a0
    li   ra, 0
    li   s0, 0
    jr   a1

    .bss
    .balign 16
    .space 16384
bootstrap_stack_top:
    .space 16
