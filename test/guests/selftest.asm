; What a fresh stick boots: says hello, checks that the machine is there, turns
; it off. Replace it by a kernel of your own.
%include "guest.inc"
guest "selftest"
    say "Lintel's self-test guest runs.", 10
    mov rbx, VIRTIO
    cmp dword [rbx], "virt"
    check e, "virtio-mmio is there"
    call lapic_on
    call tsc_khz
    cmp eax, 1000
    check a, "and a clock"
    say "Put your kernel on the stick and name it in loader\entries.", 10
finish
