; A kernel that knows the PIC pair alone: it finds its disks on the command
; line, and writes and reads each by interrupts of a level-triggered line (8259A
; data sheet; ELCR as in Intel's PIIX; VIRTIO 1.4 4.2 and 5.2). At last by the
; IOAPIC's pin of the same number.
%include "guest.inc"
%include "virtio.inc"

VIRTIO_BLK_T_IN     equ 0
VIRTIO_BLK_T_OUT    equ 1
SECTOR              equ 3

DESC    equ SCRATCH + 0x1000
AVAIL   equ SCRATCH + 0x2000
USED    equ SCRATCH + 0x3000
RINGS_END equ SCRATCH + 0x4000
HEADER  equ SCRATCH + 0x4000            ; type, reserved, sector
ANSWER  equ SCRATCH + 0x4010
WRITTEN equ SCRATCH + 0x5000
READ    equ SCRATCH + 0x5200
SIZE    equ 8

MASTER  equ 0x20
SLAVE   equ 0xa0
ELCR    equ 0x4d0
VECTORS equ 0x40
EOI     equ 0x20

    mov [boot_params], rsi
guest "pic"
    call pic_start
    mov rsi, [boot_params]
    mov esi, [rsi + 0x228]              ; cmd_line_ptr
.word:
    call find
    jc .all
    call parse                          ; size
    inc esi
    call parse
    mov [device], eax
    inc esi
    call parse
    mov [line], eax
    mov ebx, [device]
    cmp dword [rbx + REG_MAGIC_VALUE], MAGIC
    jne .word
    cmp dword [rbx + REG_VERSION], 2
    jne .word
    cmp dword [rbx + REG_DEVICE_ID], ID_BLOCK
    jne .word
    push rsi
    call disk
    pop rsi
    inc dword [disks]
    jmp .word
.all:
    cmp dword [disks], 4
    check e, "four disks"
    jmp power_off

boot_params: dq 0
device:      dd 0                       ; of the disk at hand: its registers
line:        dd 0                       ; and its interrupt line
disks:       dd 0
interrupts:  dd 0                       ; that came
served:      dd 0                       ; of these, acknowledged at the device
ignore:      db 0                       ; the next one is not
by_ioapic:   db 0                       ; they come by the IOAPIC

%include "cmdline.inc"

; Vectors from VECTORS on, all lines but the cascade masked.
pic_start:
    mov al, 0x11                        ; ICW1: edges, as far as ELCR says so
    out MASTER, al
    out SLAVE, al
    mov al, VECTORS
    out MASTER + 1, al
    mov al, VECTORS + 8
    out SLAVE + 1, al
    mov al, 4
    out MASTER + 1, al
    mov al, 2
    out SLAVE + 1, al
    mov al, 1
    out MASTER + 1, al
    out SLAVE + 1, al
    mov al, 0xfb
    out MASTER + 1, al
    mov al, 0xff
    out SLAVE + 1, al
    ret

; EAX: both bytes at port DX and the next by DX + CX.
two_ports:
    push rbx
    in al, dx
    movzx ebx, al
    add edx, ecx
    in al, dx
    movzx eax, al
    shl eax, 8
    or eax, ebx
    pop rbx
    ret

; Unmasks the disk's line; or masks it.
flip_mask:
    mov edx, MASTER + 1
    mov ecx, SLAVE - MASTER
    call two_ports
    mov ecx, [line]
    btc eax, ecx
    out MASTER + 1, al
    mov al, ah
    out SLAVE + 1, al
    ret

disk:
    mov edx, ELCR
    mov ecx, 1
    call two_ports
    mov ecx, [line]
    bt eax, ecx
    check c, "ELCR: the disk's line is level-triggered"
    lea rax, [interrupt]
    mov [HOOKS + VECTORS * 8 + rcx * 8], rax
    call flip_mask
    call device_start

    mov edi, WRITTEN                    ; what no other disk gets
    mov ecx, 512
    mov eax, [line]
.fill:
    stosb
    add al, 7
    loop .fill
    mov dword [HEADER], VIRTIO_BLK_T_OUT
    mov dword [DESC + 16], WRITTEN
    mov word [DESC + 16 + 12], DESC_NEXT
    call request
    check e, "a sector is written by interrupt"
    mov dword [HEADER], VIRTIO_BLK_T_IN
    mov dword [DESC + 16], READ
    mov word [DESC + 16 + 12], DESC_NEXT | DESC_WRITE
    call request
    check e, "and read"
    mov esi, WRITTEN
    mov edi, READ
    mov ecx, 512
    cld
    repe cmpsb
    check e, "with what was written"

    ; The line stays up until the device is acknowledged.
    mov byte [ignore], 1
    mov dword [interrupts], 0
    call request
    check e, "and once more"
    cmp dword [interrupts], 2
    check e, "not acknowledged, it interrupts again"
    sti
    mov ecx, 100000
.settle:
    pause
    loop .settle
    cli
    cmp dword [interrupts], 2
    check e, "acknowledged, it does not"

    call flip_mask
    call lapic_on
    mov byte [by_ioapic], 1
    mov ecx, [line]
    lea eax, [rcx + VECTORS + (1 << 15)] ; level
    call ioapic_pin
    mov byte [ignore], 1
    mov dword [interrupts], 0
    call request
    check e, "the IOAPIC's pin of that number does it too"
    cmp dword [interrupts], 2
    check e, "and again until the device is acknowledged"
    mov ecx, [line]
    mov eax, 1 << 16                    ; masked
    call ioapic_pin
    mov byte [by_ioapic], 0
    mov ebx, [device]
    put STATUS, 0
.reset:
    cmp dword [rbx + REG_STATUS], 0
    jne .reset
    ret

device_start:
    mov edi, DESC
    mov ecx, (RINGS_END - DESC) / 4
    xor eax, eax
    cld
    rep stosd
    mov ebx, [device]
    driver_negotiate 0, HIGH_VERSION_1
    test eax, STATUS_FEATURES_OK
    check nz, "the disk takes the features"
    driver_queue 0, SIZE
    cmp r8d, 0
    check e, "its queue is not ready yet"
    cmp r9d, SIZE
    check ae, "and is large enough"
    driver_areas DESC, AVAIL, USED
    driver_go
    ; A request: header, data, status.
    mov dword [HEADER + 4], 0
    mov qword [HEADER + 8], SECTOR
    descriptor DESC, 0, HEADER, 16, DESC_NEXT, 1
    descriptor DESC, 1, WRITTEN, 512, DESC_NEXT, 2
    descriptor DESC, 2, ANSWER, 1, DESC_WRITE, 0
    ret

; Carries the request out and waits for its interrupt; ZF: it was answered with
; VIRTIO_BLK_S_OK.
request:
    mov byte [ANSWER], 0xff
    mov dword [served], 0
    mov ebx, [device]
    mfence
    inc word [AVAIL + RING_IDX]
    mfence
    put QUEUE_NOTIFY, 0
.wait:
    cli
    cmp dword [served], 0
    jne .done
    sti
    hlt
    jmp .wait
.done:
    mov ax, [USED + RING_IDX]
    cmp ax, [AVAIL + RING_IDX]
    jne .out
    cmp byte [ANSWER], 0
.out:
    ret

interrupt:
    inc dword [interrupts]
    cmp byte [ignore], 0
    mov byte [ignore], 0
    jne .eoi
    mov ebx, [device]
    get INTERRUPT_STATUS
    mov [rbx + REG_INTERRUPT_ACK], eax
    inc dword [served]
.eoi:
    cmp byte [by_ioapic], 0
    jne lapic_eoi
    mov al, EOI
    cmp dword [line], 8
    jb .master
    out SLAVE, al
.master:
    out MASTER, al
    ret
finish
