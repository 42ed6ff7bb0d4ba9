; A triple fault: ends the guest.
%include "guest.inc"
guest "triple"
    lidt [.nothing]
    ud2
.nothing:
    dw 0
    dq 0
finish
