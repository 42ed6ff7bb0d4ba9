; Spins with interrupts off, for ever: the entry's time-out ends it.
%include "guest.inc"
guest "spin"
    cli
.forever:
    jmp .forever
finish
