; /init for 32-bit Linux: says that it runs, and powers off. A whole ELF file in
; itself (nasm -f bin); Linux' system calls by INT 80h.
bits 32
org 0x08048000

    db 0x7f, "ELF", 1, 1, 1
    times 9 db 0
    dw 2, 3                             ; ET_EXEC, EM_386
    dd 1, start, load_header - $$, 0, 0
    dw 52, 32, 1, 0, 0, 0
load_header:
    dd 1, 0, $$, $$, end - $$, end - $$, 5, 0x1000

WRITE  equ 4
REBOOT equ 88
MAGIC1 equ 0xfee1dead
MAGIC2 equ 672274793
OFF    equ 0x4321fedc

start:
    mov eax, WRITE
    mov ebx, 1
    mov ecx, text
    mov edx, text_size
    int 0x80
    mov eax, REBOOT
    mov ebx, MAGIC1
    mov ecx, MAGIC2
    mov edx, OFF
    int 0x80
    jmp $
text: db "init of 32 bits runs", 10
text_size equ $ - text
end:
