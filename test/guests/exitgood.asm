; Ends by isa-debug-exit at 0xf4, with a value that is success.
%include "guest.inc"
guest "exitgood"
    mov dx, 0xf4
    in al, dx
    test al, al
    check z, "it reads as 0"
    say "end", 10
    mov dx, COM1 + 5
.drain:
    in al, dx
    test al, 0x40                       ; TEMT
    jz .drain
    mov dx, 0xf4
    mov eax, 0x10
    out dx, al
    say "not ok it goes on", 10
finish
