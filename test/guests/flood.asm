; A console driver that prints most of its memory, many times over, in one
; batch: hours at the speed of a serial port. Neither the time limit nor the
; next entry may wait for it.
%include "guest.inc"

DESC  equ SCRATCH + 0x1000
AVAIL equ SCRATCH + 0x2000
USED  equ SCRATCH + 0x3000
SIZE  equ 8
DATA  equ 0x400000             ; zeros
BYTES equ 0xb00000

guest "flood"
    mov rbx, VIRTIO                     ; the console is the first device
    cmp dword [rbx + 0x008], 3          ; DeviceID
    check e, "there is a console device"
    mov dword [rbx + 0x070], 0
    mov dword [rbx + 0x070], 1          ; ACKNOWLEDGE
    mov dword [rbx + 0x070], 3          ; DRIVER
    mov dword [rbx + 0x024], 1
    mov dword [rbx + 0x020], 1          ; VERSION_1
    mov dword [rbx + 0x070], 11         ; FEATURES_OK
    mov dword [rbx + 0x030], 1          ; transmitq
    mov dword [rbx + 0x038], SIZE
    mov dword [rbx + 0x080], DESC
    mov dword [rbx + 0x084], 0
    mov dword [rbx + 0x090], AVAIL
    mov dword [rbx + 0x094], 0
    mov dword [rbx + 0x0a0], USED
    mov dword [rbx + 0x0a4], 0
    mov dword [rbx + 0x044], 1
    mov dword [rbx + 0x070], 15         ; DRIVER_OK

    mov rdi, DESC
    xor ecx, ecx
.fill:
    mov qword [rdi], DATA
    mov dword [rdi + 8], BYTES
    mov dword [rdi + 12], 0
    mov [AVAIL + 4 + rcx * 2], cx
    add rdi, 16
    inc ecx
    cmp ecx, SIZE
    jb .fill
    mfence
    mov word [AVAIL + 2], SIZE
    mfence
    mov dword [rbx + 0x050], 1
.spin:
    jmp .spin
finish
