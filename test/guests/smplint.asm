; Three processors at the devices: the third reads one byte of a register (a
; MUST of 4.2.2.2), the second notifies of a ring whose idx ran ahead (2.7.6.1),
; and the others do all they may meanwhile. Reports must name who it was.
%include "guest.inc"
    jmp main
%include "smp.inc"

AREAS   equ SCRATCH + 0x8000
DESC    equ AREAS
AVAIL   equ AREAS + 0x1000
USED    equ AREAS + 0x2000
SIZE    equ 8
VERSION equ 0x004
STATUS  equ 0x070

main:
guest "smplint"
    call smp_start
    check e, "all processors start"
    lea rax, [third_reads]
    call begin_others
    call busy
    call end_others
    check e, "one has read a byte, and all have read"
    call find_entropy
    call set_up
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
    mov eax, [rsi]                      ; MagicValue
    mov ecx, 300
.again:
    mov eax, [rsi + VERSION]
    loop .again
    ret

third_reads:
    call busy
    me
    cmp eax, 2
    jne busy
    mov ebx, VIRTIO
read_a_byte:
    movzx eax, byte [rbx + VERSION]
    jmp busy

second_notifies:
    call busy
    me
    cmp eax, 1
    jne busy
    mov rbx, [entropy]
    mov word [AVAIL + 2], SIZE + 1
    mfence
notify:
    mov dword [rbx + 0x050], 0
    jmp busy

entropy: dq 0

find_entropy:
    mov ebx, VIRTIO
.next:
    mov eax, [rbx]
    mov eax, [rbx + VERSION]
    cmp dword [rbx + 0x008], 4
    je .found
    add ebx, VIRTIO_STRIDE
    jmp .next
.found:
    mov [entropy], rbx
    ret

; Its queue, by a driver that is right.
set_up:
    mov dword [rbx + STATUS], 0
.reset:
    cmp dword [rbx + STATUS], 0
    jne .reset
    mov dword [rbx + STATUS], 1         ; ACKNOWLEDGE
    mov dword [rbx + STATUS], 3         ; DRIVER
    mov dword [rbx + 0x014], 1
    mov eax, [rbx + 0x010]
    mov dword [rbx + 0x024], 1
    mov dword [rbx + 0x020], 1          ; VERSION_1
    mov dword [rbx + STATUS], 11        ; FEATURES_OK
    mov eax, [rbx + STATUS]
    mov dword [rbx + 0x030], 0
    mov eax, [rbx + 0x044]
    mov eax, [rbx + 0x034]
    mov dword [rbx + 0x038], SIZE
    mov dword [rbx + 0x080], DESC
    mov dword [rbx + 0x084], 0
    mov dword [rbx + 0x090], AVAIL
    mov dword [rbx + 0x094], 0
    mov dword [rbx + 0x0a0], USED
    mov dword [rbx + 0x0a4], 0
    mov dword [rbx + 0x044], 1
    mov dword [rbx + STATUS], 15        ; DRIVER_OK
    ret
payload_end:
payload_size equ payload_end - payload
