; The switch from one task's stack to another's, see arch/task_switch.h.
; System V AMD64 ABI 3.2.1: RBX, RBP, R12 to R15 and RSP belong to the caller.
; The order of the pushes is struct task_switch_frame, from its end.

        bits    64
        default rel
        section .text

        global  task_switch:function hidden
        global  task_switch_start:function hidden

; RDI: where to keep RSP; RSI: the RSP to go on with.
task_switch:
        push    rbp
        push    rbx
        push    r12
        push    r13
        push    r14
        push    r15
        mov     [rdi], rsp
        mov     rsp, rsi
        pop     r15
        pop     r14
        pop     r13
        pop     r12
        pop     rbx
        pop     rbp
        ret

; The stack is 16-byte aligned here; the call makes it what a function expects.
task_switch_start:
        xor     ebp, ebp
        mov     rdi, r12
        call    rbx
        ud2                             ; the first function never returns

        section .note.GNU-stack noalloc noexec nowrite progbits
