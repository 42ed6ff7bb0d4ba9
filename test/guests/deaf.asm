; Halts with interrupts off: nothing can wake it, and Lintel says so.
%include "guest.inc"
guest "deaf"
    cli
    hlt
    say "not ok HLT came back", 10
finish
