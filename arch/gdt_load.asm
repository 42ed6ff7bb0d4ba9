; Loads the registers of the descriptor tables, with arch/gdt.h's selectors.
; Called by arch/gdt.c.

%include "arch/asm_constants.inc"

bits 64
default rel
section .text

; void gdt_load(const struct descriptor_table *table)
global gdt_load:function hidden
gdt_load:
    lgdt [rdi]
    mov eax, GDT_DATA
    mov ss, eax
    mov ds, eax
    mov es, eax
    xor eax, eax
    mov fs, eax
    mov gs, eax
    lldt ax
    mov eax, GDT_TSS
    ltr ax
    ; CS is loaded by a far return to the caller.
    pop rax
    push qword GDT_CODE
    push rax
    o64 retf

section .note.GNU-stack noalloc noexec nowrite progbits
