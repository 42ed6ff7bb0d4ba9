; Calls a function on another stack; arch/stack.h has the contract.

bits 64
default rel
section .text

global stack_call:function hidden
stack_call:
    push rbp
    push rbx
    mov rbx, rsp
    mov rax, rdi
    mov rdi, rsi
    mov rsp, rdx
    xor ebp, ebp                ; the last frame for backtraces
    call rax
    mov rsp, rbx
    pop rbx
    pop rbp
    ret

section .note.GNU-stack noalloc noexec nowrite progbits
