; All processors halt with interrupts off: nothing is left that could go on.
%include "guest.inc"
    jmp main
%include "smp.inc"

halt:
    cli
    hlt
    jmp halt

main:
guest "smpdeaf"
    call smp_start
    lea rax, [halt]
    call begin_others
    jmp halt
payload_end:
payload_size equ payload_end - payload
