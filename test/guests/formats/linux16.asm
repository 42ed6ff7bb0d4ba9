; A bzImage with a 16-bit entry alone (Linux, boot.rst, "The Real-Mode Code"),
; which says so by the BIOS and then does what its command line's first letter
; says: "s" and "g" break the stack's and the data segment's limit, which real
; mode answers with #SS and #GP.
bits 16

    times 0x1f1 db 0
    db 1                                ; setup_sects
    dw 0
    dd (payload_end - payload + 15) / 16        ; syssize
    dw 0, 0, 0
    dw 0xaa55
start:                                  ; CS is 0x20 above DS
    jmp short code
    db "HdrS"
    dw 0x203                            ; version
    dd 0
    dw 0
    dw 0
    db 0
    db 1                                ; LOADED_HIGH
    dw 0
    dd 0                                ; code32_start: there is none
    dd 0, 0, 0
    dw 0
    dw 0
cmd_line_ptr: dd 0
    dd 0x7fffff                         ; initrd_addr_max

%define HERE(label) ((label) - start)

code:
    push cs
    pop ds
    cld
    mov si, HERE(hello)
.next:
    lodsb
    test al, al
    jz .said
    mov ah, 0x0e
    int 0x10
    jmp .next
.said:
    mov eax, [HERE(cmd_line_ptr)]
    shr eax, 4
    mov es, ax
    mov al, [es:0]
    mov bp, 0xffff
    cmp al, 's'
    je .stack
    cmp al, 'g'
    je .data
    int 0x18                            ; off
.stack:
    mov ax, [bp]
.data:
    mov ax, [ds:bp]
hello: db "guest linux16", 10, 0

    times 1024 - ($ - $$) db 0
payload:
    times 1024 db 0
payload_end:
