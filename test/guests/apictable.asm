; Page tables in the local APIC's page: ends the guest.
%include "guest.inc"
guest "apictable"
    mov eax, 0xfee00000
    mov cr3, rax
    say "not ok the machine went on", 10
finish
