; Page tables outside memory: ends the guest.
%include "guest.inc"
guest "wildtable"
    mov eax, 0xe0000000
    mov cr3, rax
    say "not ok the machine went on", 10
finish
