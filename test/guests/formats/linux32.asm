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
    call check_boot_params
    mov edi, [rbp + 0x218]              ; ramdisk_image
    add edi, 5004
    cmp edi, 0x800000
    check be, "the initrd is below initrd_addr_max"
    finish
