; A plain ELF64 file, linked to the last 2 GiB and loaded at 1 MiB: the contract
; of vmm/boot/elf_plain.c.
%define ELF 64
HALF equ 0xffffffff80000000
%define ENTRY HALF + entry64
%define VIRTUAL HALF + BASE
%include "elf.inc"
%include "guest.inc"
%include "check.inc"

entry64:
    mov [found_rdi], rdi
    mov [found_rsp], rsp
    mov [found_rsi], rsi
    pushfq
    pop qword [found_rflags]
    mov rax, cr0
    mov [found_cr0], rax
    mov rax, cr3
    mov [found_cr3], rax
    mov rax, cr4
    mov [found_cr4], rax
    jmp begin

align 8
found_rdi:    dq 0
found_rsp:    dq 0
found_rsi:    dq 0
found_rflags: dq 0
found_cr0:    dq 0
found_cr3:    dq 0
found_cr4:    dq 0

begin:
    guest "elf64"
    call check_bss
    mov rax, [found_cr0]
    mov rdx, 0x80010001
    and rax, rdx
    cmp rax, rdx
    check e, "CR0: PE, WP and PG"
    same [found_cr4], 1 << 5, "CR4: PAE alone"
    test qword [found_rflags], 1 << 9
    check z, "interrupts are off"
    mov rsi, [found_cr3]
    lea rdi, [rsi + 0x1000]
    call place
    ; A called function's stack: 16 KiB below a return address of 0.
    mov rdi, [found_rsp]
    lea rsi, [rdi - 0x3ff8]
    call place
    lea rax, [rdi + 8]
    test al, 15
    check z, "the stack is aligned as a function finds it"
    same [rdi], 0, "the return address is 0"
    ; The highest address of the identity map's first part, a device's.
    mov eax, LAPIC
    mov eax, [rax + 0x30]
    cmp al, 0x10
    check ae, "the local APIC is mapped"
    mov rbp, [found_rdi]
    call check_start_info
    mov rbp, [found_rsi]
    call check_boot_params
    finish
