; A load from where there is neither memory nor a device: ends the guest.
%include "guest.inc"
guest "wild"
    mov ebx, 0xe0000000
    mov eax, [rbx]
    say "not ok the machine answered", 10
finish
