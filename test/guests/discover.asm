; An entry with `discover cmdline`: the devices stand on the command line, as
; Linux's virtio_mmio.device= has it, are where it says, and not in the DSDT.
%include "guest.inc"
%include "virtio.inc"

    mov [boot_params], rsi
guest "discover"
    mov rsi, [boot_params]
    mov esi, [rsi + 0x228]      ; cmd_line_ptr
    xor ebp, ebp                        ; devices found
.word:
    call find
    jc .all
    call parse                         ; size
    cmp eax, 0x200
    check e, "a window of 0x200 bytes"
    cmp byte [rsi], '@'
    jne .malformed
    inc esi
    call parse
    mov ebx, eax
    cmp dword [rbx + REG_MAGIC_VALUE], MAGIC
    check e, "at its address is a virtio device"
    cmp dword [rbx + REG_VERSION], 2
    check e, "of version 2"
    cmp byte [rsi], ':'
    jne .malformed
    inc esi
    call parse
    lea ecx, [rbp + 5]
    cmp eax, ecx
    check e, "with the next line that the PIC has"
    cmp byte [rsi], ':'
    jne .malformed
    inc esi
    call parse
    cmp eax, ebp
    check e, "and the next id"
    inc ebp
    jmp .word
.malformed:
    say "not ok a word's form", 10
.all:
    cmp ebp, 2
    check e, "two devices: console and entropy"
    mov rsi, [boot_params]
    mov esi, [rsi + 0x228]
    call to_end
    cmp dword [rsi - 4], "last"
    check e, "the entry's options come after them"

    ; Name (VCNT, n) in the DSDT, as AML has it.
    mov esi, 0xe0000
.scan:
    inc esi
    cmp esi, 0xf0000
    jae .scanned
    cmp byte [rsi], 8
    jne .scan
    cmp dword [rsi + 1], "VCNT"
    jne .scan
    cmp byte [rsi + 5], 0x0a
    jne .scan
.scanned:
    cmp byte [rsi + 6], 0
    check e, "and none in the DSDT"
    jmp power_off

boot_params: dq 0

to_end:
    cmp byte [rsi], 0
    je .out
    inc esi
    jmp to_end
.out:
    ret

%include "cmdline.inc"
finish
