; Every port, read in three sizes and written, but for the few that would end
; the guest. Nobody answers at most of them: ones.
%include "guest.inc"
guest "ports"
    mov dx, 0x5678
    in al, dx
    cmp al, 0xff
    check e, "an absent port reads as ones"
    mov eax, 0
    in eax, dx
    cmp eax, -1
    check e, "in 32 bits, too"
    mov rax, -1
    mov dx, 0x71
    in al, dx
    shr rax, 8
    mov rcx, 0x00ffffffffffffff
    cmp rax, rcx
    check e, "a byte read changes one byte"
    mov rax, -1
    mov dx, 0x5678
    in eax, dx
    shr rax, 32
    check z, "a 32-bit read clears the upper half"
    xor esi, esi
.read:
    mov edx, esi
    call harmless
    jc .next_read
    in al, dx
    in ax, dx
    in eax, dx
.next_read:
    add esi, 1
    cmp esi, 0x1000
    jb .read
    mov esi, 0xf000
.high:
    mov edx, esi
    in eax, dx
    add esi, 1
    cmp esi, 0x10000
    jb .high
    say "ok read ports", 10
    xor esi, esi
.write:
    mov edx, esi
    call harmless
    jc .next_write
    mov eax, esi
    out dx, al
    xor eax, eax
    out dx, eax
.next_write:
    add esi, 1
    cmp esi, 0x10000
    jb .write
    say "ok wrote all ports", 10
    ; String instructions go the same way.
    mov edi, SCRATCH
    mov ecx, 8
    mov dx, 0x5678
    cld
    rep insb
    xor ecx, ecx
    cmp qword [SCRATCH], -1
    check e, "read ones"

    cmp edi, SCRATCH + 8
    check e, "and moved RDI"
    mov esi, SCRATCH
    mov ecx, 8
    rep outsb
    cmp esi, SCRATCH + 8
    check e, "REP OUTSB moved RSI"
    jmp power_off

; EDX: carry if 4 bytes from there meet the console, power or reset.
harmless:
    cmp edx, 0x3f8 - 3
    jb .not_serial
    cmp edx, 0x400
    jb .harmful
.not_serial:
    cmp edx, 0x600 - 3
    jb .not_power
    cmp edx, 0x60c
    jb .harmful
.not_power:
    cmp edx, 0xcf9 - 3
    jb .not_reset
    cmp edx, 0xcfa
    jb .harmful
.not_reset:
    cmp edx, 0x92 - 3
    jb .not_92
    cmp edx, 0x93
    jb .harmful
.not_92:
    cmp edx, 0x60 - 3
    jb .not_keyboard
    cmp edx, 0x65
    jb .harmful
.not_keyboard:
    cmp edx, 0xf4 - 3
    jb .good
    cmp edx, 0xf5
    jb .harmful
.good:
    clc
    ret
.harmful:
    stc
    ret
finish
