; Entry of all 256 vectors. Each stub brings the stack into one form, struct
; trap_frame of arch/idt.h; then idt_trap() in arch/idt.c decides. SDM 3A 6.14.

bits 64
default rel
section .text

extern idt_trap

%include "arch/asm_constants.inc"

; True for the vectors for which the processor pushes an error code.
%define HAS_ERROR(v) ((v) < 32 && ((VECTORS_WITH_ERROR_CODE >> (v)) & 1))

; Stub v is at isr_stubs + 16 * v.
global isr_stubs:function hidden
align 16
isr_stubs:
%assign v 0
%rep 256
    align 16
%if !HAS_ERROR(v)
    push qword 0
%endif
    push strict qword v
    jmp save
%assign v v + 1
%endrep

align 16
save:
    cld
    push r15
    push r14
    push r13
    push r12
    push r11
    push r10
    push r9
    push r8
    push rdi
    push rsi
    push rbp
    push qword [rsp + 16 * 8]   ; RSP of the interrupted code
    push rbx
    push rdx
    push rcx
    push rax
    mov rdi, rsp
    ; A call frame as if the interrupted code had called us, so that backtraces
    ; run through here; 23 + 3 words keep RSP a multiple of 16.
    push rax
    push qword [rdi + 18 * 8]
    push rbp
    mov rbp, rsp
    call idt_trap
    add rsp, 3 * 8
    pop rax
    pop rcx
    pop rdx
    pop rbx
    add rsp, 8
    pop rbp
    pop rsi
    pop rdi
    pop r8
    pop r9
    pop r10
    pop r11
    pop r12
    pop r13
    pop r14
    pop r15
    add rsp, 16
    iretq

section .note.GNU-stack noalloc noexec nowrite progbits
