; A virtio driver that is right up to its ring, and then makes the available
; index jump past the queue: split-drv-014 (VIRTIO 1.4, 2.7.6.1). The device is
; the entropy one.
%include "guest.inc"

DESC  equ SCRATCH + 0x1000
AVAIL equ SCRATCH + 0x2000
USED  equ SCRATCH + 0x3000
BYTES equ SCRATCH + 0x4000
SIZE  equ 8

guest "ring"
    mov rbx, VIRTIO
    mov ecx, 8
.find:
    cmp dword [rbx], "virt"             ; MagicValue
    jne .next
    cmp dword [rbx + 0x004], 2          ; Version
    jne .next
    cmp dword [rbx + 0x008], 4          ; DeviceID: entropy
    je .found
.next:
    add rbx, VIRTIO_STRIDE
    loop .find
    say "not ok there is no entropy device", 10
    jmp power_off
.found:
    mov dword [rbx + 0x070], 0
.reset:
    cmp dword [rbx + 0x070], 0
    jne .reset
    mov dword [rbx + 0x070], 1          ; ACKNOWLEDGE
    mov dword [rbx + 0x070], 3          ; DRIVER
    mov dword [rbx + 0x014], 0
    mov eax, [rbx + 0x010]
    mov dword [rbx + 0x024], 0
    mov dword [rbx + 0x020], 0
    mov dword [rbx + 0x014], 1
    mov eax, [rbx + 0x010]
    test eax, 1                         ; VERSION_1
    check nz, "VERSION_1 is offered"
    mov dword [rbx + 0x024], 1
    mov dword [rbx + 0x020], 1
    mov dword [rbx + 0x070], 11         ; FEATURES_OK
    mov eax, [rbx + 0x070]
    test eax, 8
    check nz, "FEATURES_OK stays"
    mov dword [rbx + 0x030], 0
    cmp dword [rbx + 0x044], 0
    check e, "the queue is not ready yet"
    cmp dword [rbx + 0x034], SIZE
    check ae, "the queue is large enough"
    mov dword [rbx + 0x038], SIZE
    mov dword [rbx + 0x080], DESC
    mov dword [rbx + 0x084], 0
    mov dword [rbx + 0x090], AVAIL
    mov dword [rbx + 0x094], 0
    mov dword [rbx + 0x0a0], USED
    mov dword [rbx + 0x0a4], 0
    mov dword [rbx + 0x044], 1
    mov dword [rbx + 0x070], 15         ; DRIVER_OK

    ; One good request first.
    mov rax, BYTES
    mov [DESC], rax
    mov dword [DESC + 8], 64
    mov word [DESC + 12], 2             ; device writes
    mov word [DESC + 14], 0
    mov word [AVAIL + 4], 0
    mfence
    mov word [AVAIL + 2], 1
    mfence
    mov dword [rbx + 0x050], 0
    mov ecx, 100000
.wait:
    pause
    cmp word [USED + 2], 1
    je .used
    loop .wait
.used:
    cmp word [USED + 2], 1
    check e, "a good request is answered"
    cmp dword [USED + 8], 64
    check e, "in full"
    mov rax, [BYTES]
    or rax, [BYTES + 8]
    check nz, "with something"
    mov eax, [rbx + 0x060]
    mov [rbx + 0x064], eax
    cmp eax, 1
    check e, "InterruptStatus says a used buffer"

    ; And now the jump.
    mov word [AVAIL + 2], 1 + SIZE + 1
    mfence
    mov dword [rbx + 0x050], 0
    mov ecx, 10000
.settle:
    pause
    loop .settle
    mov eax, [rbx + 0x070]
    test eax, 0x40                      ; DEVICE_NEEDS_RESET
    check nz, "after the jump the device wants a reset"
finish
