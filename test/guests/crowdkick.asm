; All processors notify one queue without end, so that its service always has
; something to look at.
%include "guest.inc"
    jmp main
%include "smp.inc"
%include "virtio.inc"

AREAS   equ SCRATCH + 0x8000
DESC    equ AREAS
AVAIL   equ AREAS + 0x1000
USED    equ AREAS + 0x2000
SIZE    equ 8

main:
guest "crowdkick"
    call smp_start
    check e, "all processors start"
    driver_find ID_ENTROPY, "there is no entropy device"
    driver_negotiate 0, HIGH_VERSION_1
    driver_queue 0, SIZE
    driver_areas DESC, AVAIL, USED
    driver_go
    mov [entropy], rbx
    lea rax, [kick]
    call begin_others
kick:
    mov rbx, [entropy]
.again:
    put QUEUE_NOTIFY, 0
    jmp .again

entropy: dq 0
payload_end:
payload_size equ payload_end - payload
