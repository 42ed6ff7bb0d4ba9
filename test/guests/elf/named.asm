; An ELF kernel with symbols: it breaks a clause in one function and crashes in
; another, and both have to be named (test/boot/guests.py).
bits 64
%include "names.inc"

COM1    equ 0x3f8
VIRTIO  equ 0xd0000000
NOTHING equ 0xe0000000

section .text

global start
start:
    lea rsi, [rel greeting]
    mov dx, COM1
.next:
    lodsb
    test al, al
    jz .printed
    out dx, al
    jmp .next
.printed:
    call read_a_byte
    call read_nothing
    hlt

read_a_byte:                            ; 4.2.2.2: registers have 32 bits
    mov ebx, VIRTIO
    mov eax, [rbx + REG_MAGIC_VALUE]
    mov eax, [rbx + REG_VERSION]
    movzx eax, byte [rbx + REG_VERSION]
    ret

read_nothing:
    mov ebx, NOTHING
    mov eax, [rbx]
    ret

section .rodata
greeting: db 10, "guest named", 10, 0
