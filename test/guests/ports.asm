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
    call no_pci
    call firmware_configuration
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

; The probes of kernels for PCI configuration mechanisms 1 and 2 (PCI 2.1
; 3.7.4.1): neither is there, whatever was written.
no_pci:
    mov dx, 0xcfb
    mov al, 1
    out dx, al
    mov dx, 0xcf8
    mov eax, 0x80000000
    out dx, eax
    in eax, dx
    cmp eax, -1
    check e, "no PCI by mechanism 1"
    mov dx, 0xcfc
    in eax, dx
    cmp eax, -1
    check e, "nor a device 0"
    mov dx, 0xcfe
    in ax, dx
    cmp ax, -1
    check e, "nor half of it"
    xor eax, eax
    mov dx, 0xcfb
    out dx, al
    mov dx, 0xcf8
    out dx, al
    mov dx, 0xcfa
    out dx, al
    in al, dx
    mov ah, al
    mov dx, 0xcf8
    in al, dx
    cmp ax, -1
    check e, "no PCI by mechanism 2"
    ret

; Item BX of fw_cfg: RAX, its first 8 bytes.
item:
    mov dx, 0x510
    mov eax, ebx
    out dx, ax
    inc edx
    mov edi, SCRATCH
    mov ecx, 8
    cld
    rep insb
    mov rax, [SCRATCH]
    ret

firmware_configuration:
    xor ebx, ebx
    call item
    cmp rax, "QEMU"
    check e, "fw_cfg says QEMU"
    mov ebx, 1
    call item
    cmp rax, 1
    check e, "fw_cfg has ports and no DMA"
    mov ebx, 3
    call item
    cmp rax, 16 << 20
    check e, "fw_cfg knows the memory"
    mov ebx, 5
    call item
    cmp rax, 1
    check e, "fw_cfg knows the processors"
    ret

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
    cmp edx, 0xf8
    jb .harmful
    cmp edx, 0x501 - 3
    jb .good
    cmp edx, 0x503
    jb .harmful
.good:
    clc
    ret
.harmful:
    stc
    ret
finish
