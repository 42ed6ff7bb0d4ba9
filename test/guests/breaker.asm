; A virtio driver that breaks one clause: which one says the command line, as a
; number. Each case goes the way of a driver that is right up to a stage, does
; one thing wrong there, and powers off. test/boot/clauses.py makes an entry a
; case from the `case` lines of the files included here, and checks that Lintel
; reports that clause and no other; `make clauses` reads them, too.
%include "guest.inc"
%include "virtio.inc"
%include "breaker.inc"
%include "breaker_access.inc"
%include "breaker_ring.inc"
%include "breaker_packed.inc"
%include "breaker_time.inc"

CASES equ number
align 8
cases:
%assign i 0
%rep number
    dq case_ %+ i
%assign i i + 1
%endrep
finish
