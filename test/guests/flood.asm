; A console driver that prints most of its memory, many times over, in one
; batch: hours at the speed of a serial port. Neither the time limit nor the
; next entry may wait for it.
%include "guest.inc"
%include "virtio.inc"

DESC  equ SCRATCH + 0x1000
AVAIL equ SCRATCH + 0x2000
USED  equ SCRATCH + 0x3000
SIZE  equ 8
TRANSMITQ equ 1
DATA  equ 0x400000             ; zeros
BYTES equ 0xb00000

guest "flood"
    driver_find ID_CONSOLE, "there is no console device"
    driver_negotiate 0, HIGH_VERSION_1
    driver_queue TRANSMITQ, SIZE
    driver_areas DESC, AVAIL, USED
    driver_go

    mov rdi, DESC
    xor ecx, ecx
.fill:
    mov qword [rdi], DATA
    mov dword [rdi + 8], BYTES
    mov dword [rdi + 12], 0
    mov [AVAIL + RING_LIST + rcx * 2], cx
    add rdi, 16
    inc ecx
    cmp ecx, SIZE
    jb .fill
    mfence
    mov word [AVAIL + RING_IDX], SIZE
    mfence
    put QUEUE_NOTIFY, TRANSMITQ
.spin:
    jmp .spin
finish
