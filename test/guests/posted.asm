; Interrupts that meet a processor between its guest and Lintel: it exits all
; the time, and takes one after the other. Each is taken, and nothing that
; nobody sent. It is about the emulator, too: where a posted-interrupt
; notification finds nothing posted any more, Bochs 3 requests vector 255.
%include "guest.inc"
    jmp main
%include "smp.inc"

ROUNDS equ 1000

stop:   dq 0
begun:  dq 0                            ; and have answered what woke them
unsent: dq 0

nobodys:
    lock inc qword [unsent]
    jmp eoi

; CPUID exits.
exits:
    lock inc qword [begun]
.again:
    mov ecx, 0x20
    xor eax, eax
    cpuid
    cmp qword [stop], 0
    je .again
    ret

main:
guest "posted"
    call smp_start
    check e, "all processors start"
    on_interrupt 0xff, nobodys
    lea rax, [exits]
    call begin_others
    mov r13, [smp_count]
    lea rdx, [r13 - 1]
    lea rdi, [begun]
    call wait_for
    xor r12d, r12d
.again:
    mov eax, r12d                       ; all others in turn
    xor edx, edx
    lea rcx, [r13 - 1]
    div rcx
    inc edx
    lea rdi, [counts + rdx * 8]
    mov r14, [rdi]
    inc r14
    mov eax, 0x4000 | ANSWER
    call send_to
    mov rdx, r14
    call wait_for
    jne .lost
    inc r12d
    cmp r12d, ROUNDS
    jb .again
.lost:
    cmp r12d, ROUNDS
    check e, "each is taken"
    mov qword [stop], 1
    call end_others
    check e, "and all come to their end"
    cmp qword [unsent], 0
    check e, "nothing comes that nobody sent"
    finish
