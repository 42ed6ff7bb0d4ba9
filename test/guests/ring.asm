; A virtio driver that is right up to its ring, and then makes the available
; index jump past the queue: split-drv-014 (VIRTIO 1.4, 2.7.6.1). The device is
; the entropy one.
%include "guest.inc"
%include "virtio.inc"

DESC  equ SCRATCH + 0x1000
AVAIL equ SCRATCH + 0x2000
USED  equ SCRATCH + 0x3000
BYTES equ SCRATCH + 0x4000
SIZE  equ 8

guest "ring"
    driver_find ID_ENTROPY, "there is no entropy device"
    driver_negotiate 0, HIGH_VERSION_1
    test r9d, HIGH_VERSION_1
    check nz, "VERSION_1 is offered"
    test eax, STATUS_FEATURES_OK
    check nz, "FEATURES_OK stays"
    driver_queue 0, SIZE
    cmp r8d, 0
    check e, "the queue is not ready yet"
    cmp r9d, SIZE
    check ae, "the queue is large enough"
    driver_areas DESC, AVAIL, USED
    driver_go

    ; One good request first.
    descriptor DESC, 0, BYTES, 64, DESC_WRITE, 0
    mov word [AVAIL + RING_LIST], 0
    mfence
    mov word [AVAIL + RING_IDX], 1
    mfence
    put QUEUE_NOTIFY, 0
    mov ecx, 100000
.wait:
    pause
    cmp word [USED + RING_IDX], 1
    je .used
    loop .wait
.used:
    cmp word [USED + RING_IDX], 1
    check e, "a good request is answered"
    cmp dword [USED + USED_LEN], 64
    check e, "in full"
    mov rax, [BYTES]
    or rax, [BYTES + 8]
    check nz, "with something"
    get INTERRUPT_STATUS
    mov [rbx + REG_INTERRUPT_ACK], eax
    cmp eax, INTERRUPT_USED
    check e, "InterruptStatus says a used buffer"

    ; And now the jump.
    mov word [AVAIL + RING_IDX], 1 + SIZE + 1
    mfence
    put QUEUE_NOTIFY, 0
    mov ecx, 10000
.settle:
    pause
    loop .settle
    get STATUS
    test eax, STATUS_DEVICE_NEEDS_RESET
    check nz, "after the jump the device wants a reset"
finish
