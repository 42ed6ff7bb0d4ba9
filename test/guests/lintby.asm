; Reads one byte of a register, which is a MUST (4.2.2.2), of three devices. Its
; entry says lint=off for the first, tolerant for the second, strict for the
; third: what they answer follows, and what is reported (test/boot/guests.py).
%include "guest.inc"
%include "virtio.inc"

%macro half_read 1                      ; the device's number; the answer in EAX
    mov ebx, VIRTIO + (%1) * VIRTIO_STRIDE
    get MAGIC_VALUE
    get VERSION
    movzx eax, byte [rbx + REG_VERSION]
%endmacro

guest "lintby"
    half_read 0
    cmp eax, 2
    check e, "lint off: a byte of Version is read"
    half_read 1
    cmp eax, 2
    check e, "tolerant: a byte of Version is read"
    half_read 2
    cmp eax, 0
    check e, "strict: it reads as 0"
finish
