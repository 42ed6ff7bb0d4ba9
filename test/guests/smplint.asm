; Three processors at the devices: the third reads one byte of a register (a
; MUST of 4.2.2.2), the second notifies of a ring whose idx ran ahead (2.7.6.1),
; and the others do all they may meanwhile. Reports must name who it was.
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
guest "smplint"
    call smp_start
    check e, "all processors start"
    lea rax, [third_reads]
    call begin_others
    call busy
    call end_others
    check e, "one has read a byte, and all have read"
    driver_find ID_ENTROPY, "there is no entropy device"
    mov [entropy], rbx
    driver_negotiate 0, HIGH_VERSION_1
    driver_queue 0, SIZE
    driver_areas DESC, AVAIL, USED
    driver_go
    mov eax, 20                         ; the device has had its first look
    call pause_ms
    lea rax, [second_notifies]
    call begin_others
    call busy
    call end_others
    check e, "one has notified, and all have read"
    jmp power_off

; Reads as it should be read, many times.
busy:
    mov esi, VIRTIO
    mov eax, [rsi + REG_MAGIC_VALUE]
    mov ecx, 300
.again:
    mov eax, [rsi + REG_VERSION]
    loop .again
    ret

third_reads:
    call busy
    me
    cmp eax, 2
    jne busy
    mov ebx, VIRTIO
read_a_byte:
    movzx eax, byte [rbx + REG_VERSION]
    jmp busy

second_notifies:
    call busy
    me
    cmp eax, 1
    jne busy
    mov rbx, [entropy]
    mov word [AVAIL + RING_IDX], SIZE + 1
    mfence
notify:
    put QUEUE_NOTIFY, 0
    jmp busy

entropy: dq 0
payload_end:
payload_size equ payload_end - payload
