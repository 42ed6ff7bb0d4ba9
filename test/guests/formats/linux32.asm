; A bzImage without a 64-bit entry: the 32-bit boot protocol (Linux,
; Documentation/arch/x86/boot.rst and zero-page.rst).
%define FORMAT

section .setup start=0 vstart=0
    times 0x1f1 db 0
    db 1                                ; setup_sects
    dw 0
    dd (payload_size + 15) / 16         ; syssize
    dw 0, 0, 0
    dw 0xaa55
    db 0xeb, header_end - header
header:
    db "HdrS"
    dw 0x20a                            ; version: init_size, no xloadflags
    dd 0
    dw 0
    dw 0
    db 0
    db 1                                ; LOADED_HIGH
    dw 0
    dd BASE
    dd 0, 0, 0
    dw 0
    db 0, 0
    dd 0
    dd 0x7fffff                         ; initrd_addr_max: 8 MiB
    dd 0x1000
    db 0, 12
    dw 0
    dd 255                              ; cmdline_size
    dd 0
    dq 0
    dd 0, 0
    dq 0
    dq BASE                             ; pref_address
    dd INIT_SIZE
header_end:
    times 1024 - ($ - $$) db 0

section .text follows=.setup align=1 vstart=BASE
bits 32
payload:
    jmp near entry32
bits 64
%include "guest.inc"
%include "entry32.inc"
%include "check.inc"

check_ramdisk:
    mov eax, [rbp + 0x21c]
    same rax, 5004, "ramdisk_size"
    mov esi, [rbp + 0x218]
    lea rdi, [rsi + 5004]
    call place
    cmp rdi, 0x800000
    check be, "the initrd is below initrd_addr_max"
    mov ecx, 4999
    mov al, 1
    call bytes_are
    check e, "the initrd's bytes"
    ret

check_e820:
    movzx eax, byte [rbp + 0x1e8]
    same rax, MAP_LINES, "e820_entries"
    lea r8, [rbp + 0x2d0]
    lea r9, [map]
    mov r10d, MAP_LINES
.next:
    same [r8], [r9], "a line's base"
    same [r8 + 8], [r9 + 8], "its size"
    mov eax, [r8 + 16]
    same rax, [r9 + 16], "its type"
    add r8, 20
    add r9, 24
    dec r10d
    jnz .next
    ret

begin:
    guest "linux32"
    call check_entry32
    mov eax, [found.cs]
    same rax, 0x10, "CS is __BOOT_CS"
    mov eax, [found.ds]
    same rax, 0x18, "DS is __BOOT_DS"
    mov eax, [found.ebp]
    or eax, [found.edi]
    or eax, [found.ebx]
    check z, "EBP, EDI and EBX are 0"
    mov ebp, [found.esi]
    mov rsi, rbp
    lea rdi, [rsi + 0x1000]
    call place
    mov eax, [rbp + 0x202]
    same rax, "HdrS", "the header is in boot_params"
    cmp byte [rbp + 0x210], 0xff
    check e, "type_of_loader"
    mov eax, [rbp + 0x214]
    same rax, BASE, "code32_start"
    mov esi, [rbp + 0x228]
    lea rdi, [rsi + 32]
    call place
    lea rdi, [command_line]
    call text_is
    check e, "the command line"
    same [rbp + 0x70], 0xe0000, "acpi_rsdp_addr"
    call check_ramdisk
    call check_e820
    finish
