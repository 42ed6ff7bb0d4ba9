; A second processor, started by INIT and SIPI, and an IPI back (SDM 3A 8.4.4).
%include "guest.inc"

TRAMPOLINE equ 0x8000                   ; SIPI vector 8
IPI_VECTOR equ 0x60

guest "smp"
    call pic_off
    call lapic_on
    on_interrupt IPI_VECTOR, ipi
    lea rsi, [trampoline]
    mov edi, TRAMPOLINE
    mov ecx, trampoline_size
    cld
    rep movsb
    mov ebx, LAPIC
    mov dword [rbx + 0x310], 1 << 24
    mov dword [rbx + 0x300], 0x4500     ; INIT
    call pause_10ms
    mov dword [rbx + 0x310], 1 << 24
    mov dword [rbx + 0x300], 0x4600 | (TRAMPOLINE >> 12)
    call pause_10ms
    cmp word [TRAMPOLINE + answer - trampoline], 0x600d
    check e, "the second processor runs in real mode"
    call pause_10ms
    mov eax, [TRAMPOLINE + identity - trampoline]
    cmp eax, 1
    check e, "its CPUID names APIC 1"
    jmp power_off

pause_10ms:
    call tsc_khz
    imul rsi, rax, 10
    call ticks
    add rsi, rax
.wait:
    pause
    call ticks
    cmp rax, rsi
    jb .wait
    ret

ipi:
    inc qword [count]
    jmp lapic_eoi

count: dq 0

bits 16
trampoline:
    mov ax, cs
    mov ds, ax
    mov word [answer - trampoline], 0x600d
    mov eax, 1
    cpuid
    shr ebx, 24
    mov [identity - trampoline], ebx
.halt:
    cli
    hlt
    jmp .halt
answer:   dw 0
identity: dd -1
trampoline_size equ $ - trampoline
bits 64
finish
