; Ends by isa-debug-exit at 0x501, with a value that is not success.
%include "guest.inc"
guest "exitbad"
    mov dx, 0x501
    in al, dx
    test al, al
    check z, "it reads as 0"
    say "end", 10
    mov dx, COM1 + 5
.drain:
    in al, dx
    test al, 0x40                       ; TEMT
    jz .drain
    mov dx, 0x501
    mov eax, 0x12345
    out dx, eax
    say "not ok it goes on", 10
finish
