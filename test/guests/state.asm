; Registers that VM exits must leave alone: general, SSE, debug, flags; and the
; guest's own FPU faults.
%include "guest.inc"
guest "state"
    mov rax, cr4
    or rax, (1 << 9) | (1 << 10)        ; OSFXSR, OSXMMEXCPT
    mov cr4, rax
    mov rax, cr0
    and rax, ~((1 << 2) | (1 << 3))     ; EM, TS
    or rax, 1 << 1                      ; MP
    mov cr0, rax
%assign n 0
%rep 16
    mov rax, 0x1111111111111111 + n * 0x0101010101010101
    movq xmm%+n, rax
    %assign n n + 1
%endrep
    mov rax, 0x123456
    mov dr0, rax
    mov rsi, 0x5151515151515151
    mov rdi, 0x6161616161616161
    mov rbp, 0x7171717171717171
    mov r8, 0x8181818181818181
    mov r15, 0xf1f1f1f1f1f1f1f1
    mov r12d, 100
.exits:
    xor eax, eax
    xor ecx, ecx
    cpuid
    pause
    in al, 0x80
    dec r12d
    jnz .exits
    mov rax, 0x5151515151515151
    cmp rsi, rax
    check e, "RSI"
    mov rax, 0x6161616161616161
    cmp rdi, rax
    check e, "RDI"
    mov rax, 0x7171717171717171
    cmp rbp, rax
    check e, "RBP"
    mov rax, 0x8181818181818181
    cmp r8, rax
    check e, "R8"
    mov rax, 0xf1f1f1f1f1f1f1f1
    cmp r15, rax
    check e, "R15"
    xor edx, edx
%assign n 0
%rep 16
    mov rax, 0x1111111111111111 + n * 0x0101010101010101
    movq rcx, xmm%+n
    xor rcx, rax
    or rdx, rcx
    %assign n n + 1
%endrep
    test rdx, rdx
    check z, "XMM0 to XMM15"
    mov rax, dr0
    cmp rax, 0x123456
    check e, "DR0"
    std
    cpuid
    pushfq
    pop rax
    cld
    bt eax, 10
    check c, "the direction flag"
    ; Single step across an exit: one #DB, after CPUID.
    attempt call step
    cmp qword [vector], 1
    check e, "single-stepping an instruction that exits: #DB"
    lea rax, [stepped]
    cmp rax, [fault_rip]
    check e, "right after it"
    ; Interrupts are off: nothing but the trap ends this HLT.
    attempt call step_hlt
    cmp qword [vector], 1
    check e, "single-stepping HLT: #DB"
    lea rax, [halted]
    cmp rax, [fault_rip]
    check e, "right after it, without a wait"
    jmp power_off

step:
    pushfq
    or qword [rsp], 1 << 8
    popfq
    cpuid
stepped:
    nop
    ret

step_hlt:
    pushfq
    or qword [rsp], 1 << 8
    popfq
    hlt
halted:
    nop
    ret
finish
