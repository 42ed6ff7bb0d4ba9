; All processors spin, without PAUSE and without an exit of their own.
%include "guest.inc"
    jmp main
%include "smp.inc"

main:
guest "crowdspin"
    call smp_start
    check e, "all processors start"
    lea rax, [spin]
    call begin_others
spin:
    jmp spin
payload_end:
payload_size equ payload_end - payload
