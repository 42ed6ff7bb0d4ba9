; A virtio driver that breaks one clause: which one says the command line, as a
; number. Each case goes the way of a driver that is right up to a stage, does
; one thing wrong there, and powers off. test/boot/clauses.py makes an entry a
; case from the `case` lines here, and checks that Lintel reports that clause
; and no other; `make clauses` reads them, too.
%include "guest.inc"

CONSOLE equ 3
BLOCK   equ 2
ENTROPY equ 4
SECOND  equ 0x100                       ; BLOCK + SECOND: the disk after that

; How far a driver has come when the case begins.
POWER_ON     equ 0
IDENTIFIED   equ 1
RESET        equ 2
ACKNOWLEDGED equ 3
DRIVER       equ 4
FEATURES     equ 5
FEATURES_OK  equ 6
QUEUES       equ 7
LIVE         equ 8

SEG_MAX   equ 1 << 2
INDIRECT  equ 1 << 28
EVENT_IDX equ 1 << 29
PACKED    equ 1 << 34
IN_ORDER  equ 1 << 35
NOTE_DATA equ 1 << 38
RING_RESET equ 1 << 40

; The areas of queue n are n * AREAS further on.
DESC    equ SCRATCH + 0x1000
AVAIL   equ SCRATCH + 0x2000
USED    equ SCRATCH + 0x3000
AREAS   equ 0x4000
HEADER  equ SCRATCH + 0x10000
STATUS  equ SCRATCH + 0x10100
BYTES   equ SCRATCH + 0x11000
TABLE   equ SCRATCH + 0x20000
NOWHERE equ 0xe0000000
D_NEXT  equ 1
D_WRITE equ 2
D_TABLE equ 4
D_AVAIL equ 1 << 7
D_USED  equ 1 << 15

TIMER_VECTOR equ 0x50

%assign number 0

; case ID, DEVICE, STAGE, FEATURES TO ACCEPT, QUEUE SIZE: code follows, up to
; `done`. RBX is the device's window.
%macro case 5
%%name:
    db "case ", %1, 10, 0
case_ %+ number:
    dq %%name
    dd %2, %3
    dq %4
    dd %5
%assign number number + 1
%endmacro

%macro done 0
    jmp finished
%endmacro

%macro put 2                            ; register, value
    mov dword [rbx + %1], %2
%endmacro

%macro get 1
    mov eax, [rbx + %1]
%endmacro

; table, index, address, length, flags, next
%macro desc 6
    mov rax, %3
    mov [%1 + (%2) * 16], rax
    mov dword [%1 + (%2) * 16 + 8], %4
    mov dword [%1 + (%2) * 16 + 12], (%5) | ((%6) << 16)
%endmacro

; The same in a packed ring: index, address, length, id, flags.
%macro packed 5
    mov rax, %2
    mov [DESC + (%1) * 16], rax
    mov dword [DESC + (%1) * 16 + 8], %3
    mfence
    mov dword [DESC + (%1) * 16 + 12], (%4) | ((%5) << 16)
    mfence
%endmacro

; Makes a head available in queue 0, and notifies.
%macro go 1
    mov eax, %1
    call offer
    put 0x050, 0
%endmacro

; A block request of queue 0 with one piece of data: type, sector, bytes, flags.
%macro request 4
    mov dword [HEADER], %1
    mov rax, %2
    mov [HEADER + 8], rax
    desc DESC, 0, HEADER, 16, D_NEXT, 1
    desc DESC, 1, BYTES, %3, D_NEXT | (%4), 2
    desc DESC, 2, STATUS, 1, D_WRITE, 0
    go 0
%endmacro

; Sets queue 0 up as far as before QueueReady = 1.
%macro prepare 0
    xor ecx, ecx
    call prepare_queue
%endmacro

    mov [boot_params], rsi
guest "breaker"
    mov rsi, [boot_params]
    mov esi, [rsi + 0x228]              ; cmd_line_ptr
    xor eax, eax
    xor ecx, ecx
.digit:
    mov cl, [rsi]
    sub cl, '0'
    cmp cl, 9
    ja .parsed
    imul eax, eax, 10
    add eax, ecx
    inc rsi
    jmp .digit
.parsed:
    cmp eax, CASES
    jb .found
    say "not ok there is no such case", 10
    jmp power_off
.found:
    mov r15, [cases + rax * 8]
    mov rsi, [r15]
    call print
    call find_device
    mov rax, [r15 + 16]
    mov [accept], rax
    mov eax, [r15 + 24]
    mov [queue_size], eax
    mov r12d, [r15 + 12]
    call go_to_stage
    lea rax, [r15 + 28]
    jmp rax

finished:
    say "done", 10
    jmp power_off

boot_params: dq 0
accept:      dq 0
queue_size:  dd 0
kind:        dd 0

; RBX: the window of the device that the case is about. Nothing of a device is
; read in passing but the identity of those before it.
find_device:
    mov eax, [r15 + 8]
    movzx r13d, al                      ; its DeviceID
    mov [kind], r13d
    shr eax, 8
    mov r14d, eax                       ; how many to skip
    mov ebx, VIRTIO
.next:
    ; The devices' order is fixed (console, disks, entropy), so that the one
    ; wanted need not be touched: 0, 1 + n, 3.
    cmp r13d, CONSOLE
    je .found
    add ebx, VIRTIO_STRIDE
    cmp r13d, BLOCK
    jne .entropy
    imul r14d, r14d, VIRTIO_STRIDE
    add ebx, r14d
    ret
.entropy:
    add ebx, 2 * VIRTIO_STRIDE
.found:
    ret

; The way of a right driver to stage R12D.
go_to_stage:
    cmp r12d, IDENTIFIED
    jb .there
    call identify
    cmp r12d, RESET
    jb .there
    put 0x070, 0
.reset:
    cmp dword [rbx + 0x070], 0
    jne .reset
    cmp r12d, ACKNOWLEDGED
    jb .there
    put 0x070, 1
    cmp r12d, DRIVER
    jb .there
    put 0x070, 3
    cmp r12d, FEATURES
    jb .there
    call negotiate
    cmp r12d, FEATURES_OK
    jb .there
    put 0x070, 11
    get 0x070
    cmp r12d, QUEUES
    jb .there
    xor ecx, ecx
    call prepare_queue
    put 0x044, 1
    cmp dword [kind], CONSOLE
    jne .queues
    mov ecx, 1
    call prepare_queue
    put 0x044, 1
.queues:
    cmp r12d, LIVE
    jb .there
    put 0x070, 15
.there:
    ret

identify:
    get 0x000
    get 0x004
    get 0x008
    ret

negotiate:
    mov r8d, [accept]
; R8: features of bits 0 to 31 to accept, instead.
negotiate_as:
    put 0x014, 1
    get 0x010
    put 0x014, 0
    get 0x010
    put 0x024, 1
    mov eax, [accept + 4]
    or eax, 1                           ; VERSION_1
    mov [rbx + 0x020], eax
    put 0x024, 0
    mov [rbx + 0x020], r8d
    ret

; ECX: the queue.
prepare_queue:
    mov [rbx + 0x030], ecx
    get 0x044
    get 0x034
    mov eax, [queue_size]
    mov [rbx + 0x038], eax
    imul eax, ecx, AREAS
    add eax, DESC
    mov [rbx + 0x080], eax
    put 0x084, 0
    add eax, AVAIL - DESC
    mov [rbx + 0x090], eax
    put 0x094, 0
    add eax, USED - AVAIL
    mov [rbx + 0x0a0], eax
    put 0x0a4, 0
    ret

; EAX: the head; queue 0.
offer:
    mov edi, AVAIL
    ; The same, of the queue whose available ring is at RDI.
offer_at:
    movzx ecx, word [rdi + 2]
    mov edx, [queue_size]
    dec edx
    and edx, ecx
    mov [rdi + 4 + rdx * 2], ax
    inc ecx
    mfence
    mov [rdi + 2], cx
    mfence
    ret

; Some seconds of the machine's time (EAX), halted.
wait_seconds:
    push rax
    call lapic_on_keep
    on_interrupt TIMER_VECTOR, timer_interrupt
    mov eax, LAPIC
    mov dword [rax + 0x320], 0x40000 | TIMER_VECTOR
    call tsc_khz
    imul rax, rax, 1000
    pop rcx
    imul rcx, rax
    rdtsc
    shl rdx, 32
    or rax, rdx
    add rax, rcx
    mov rdx, rax
    shr rdx, 32
    mov ecx, 0x6e0                      ; TSC deadline
    wrmsr
    mov byte [timer_came], 0
.wait:
    sti
    hlt
    cli
    cmp byte [timer_came], 0
    je .wait
    ret

timer_came: db 0

lapic_on_keep:
    push rbx
    call pic_off
    call lapic_on
    pop rbx
    ret

timer_interrupt:
    mov byte [timer_came], 1
    call lapic_eoi
    ret

; A byte of entropy, so that something is used.
entropy_once:
    desc DESC, 0, BYTES, 1, D_WRITE, 0
    go 0
    ret

; ---- identity ----

case "mmio-drv-026", BLOCK, POWER_ON, 0, 8
    get 0x004
    get 0x008
    done
case "mmio-drv-027", BLOCK, POWER_ON, 0, 8
    get 0x000
    get 0x004
    put 0x070, 0
    done

; ---- registers ----

case "mmio-drv-001", BLOCK, LIVE, 0, 8
    get 0x0a8
    done
case "mmio-drv-002", BLOCK, LIVE, 0, 8
    put 0x00c, 1
    done
case "mmio-drv-003", BLOCK, LIVE, 0, 8
    get 0x030
    done
case "mmio-drv-004", BLOCK, LIVE, 0, 8
    mov al, [rbx + 0x070]
    done
case "mmio-drv-005", BLOCK, LIVE, 0, 8
    mov ax, [rbx + 0x100 + 33]
    done
case "mmio-drv-007", BLOCK, LIVE, SEG_MAX, 8
    mov ax, [rbx + 0x100 + 12]
    done
case "mmio-drv-014", BLOCK, DRIVER, 0, 8
    get 0x010
    done
case "mmio-drv-015", BLOCK, DRIVER, 0, 8
    put 0x020, 0
    done
case "mmio-drv-030", BLOCK, LIVE, 0, 8
    get 0x0b0
    done

; ---- configuration space ----

case "cfg-drv-002", BLOCK, LIVE, 0, 8
    get 0x100
    get 0x104
    done
case "cfg-drv-003", BLOCK, LIVE, 0, 8
    mov ax, [rbx + 0x100 + 34]
    done
case "lintel-cfg-001", BLOCK, LIVE, 0, 8
    put 0x100 + 20, 4096
    done

; ---- status ----

case "status-drv-002", BLOCK, DRIVER, 0, 8
    put 0x070, 1
    done
case "status-drv-003", BLOCK, ACKNOWLEDGED, 0, 8
    put 0x070, 0x81
    put 0x070, 0x83
    done
case "status-txt-001", BLOCK, DRIVER, 0, 8
    put 0x070, 0x23
    done
case "mmio-txt-005", BLOCK, LIVE, 0, 8
    put 0x070, 0x100
    done
case "reset-drv-001", BLOCK, LIVE, 0, 8
    put 0x070, 0
    put 0x070, 1
    done
case "init-drv-001", BLOCK, IDENTIFIED, 0, 8
    put 0x070, 1
    done
case "init-drv-002", BLOCK, RESET, 0, 8
    put 0x070, 2
    done
case "init-drv-003", BLOCK, ACKNOWLEDGED, 0, 8
    put 0x014, 0
    get 0x010
    done
case "init-drv-004", BLOCK, DRIVER, 0, 8
    put 0x024, 1
    put 0x020, 1
    put 0x070, 11
    done
case "init-drv-005", BLOCK, FEATURES, 0, 8
    put 0x070, 7
    done
case "init-drv-006", BLOCK, FEATURES, 0, 8
    put 0x070, 11
    put 0x070, 15
    done
case "init-drv-007", BLOCK, DRIVER, 0, 8
    put 0x030, 0
    put 0x038, 8
    done
case "init-drv-011", BLOCK, LIVE, 0, 8
    put 0x024, 0
    put 0x020, EVENT_IDX
    done
case "init-drv-014", BLOCK, QUEUES, 0, 8
    put 0x050, 0
    done

; ---- features ----

case "feat-drv-001", BLOCK, DRIVER, 0, 8
    mov r8d, 1 << 13                    ; DISCARD, which is not offered
    call negotiate_as
    put 0x070, 11
    done
case "feat-drv-005", BLOCK, DRIVER, 0, 8
    call negotiate
    put 0x024, 1
    put 0x020, 1 | (1 << 18)            ; bit 50
    put 0x070, 11
    done
case "feat-txt-001", BLOCK, LIVE, INDIRECT, 8
    put 0x024, 0
    put 0x020, 0
    done
case "resv-drv-001", BLOCK, DRIVER, 0, 8
    call negotiate
    put 0x024, 1
    put 0x020, 0
    put 0x070, 11
    done
case "resv-drv-010", BLOCK, DRIVER, 0, 8
    call negotiate
    put 0x024, 1
    put 0x020, 1 | (1 << 5)             ; SR_IOV, bit 37
    put 0x070, 11
    done
case "blk-drv-013", BLOCK + SECOND, DRIVER, 0, 8
    call negotiate                      ; without RO
    put 0x070, 11
    done

; ---- queues ----

case "vqreset-txt-001", BLOCK, LIVE, 0, 8
    put 0x030, 0x10000
    done
case "mmio-txt-010", BLOCK, FEATURES_OK, 0, 8
    get 0x034
    done
case "mmio-drv-016", BLOCK, FEATURES_OK, 0, 8
    put 0x030, 0
    get 0x034
    inc eax
    mov [rbx + 0x038], eax
    done
case "mmio-drv-017", BLOCK, LIVE, 0, 8
    put 0x030, 0
    put 0x080, 0
    done
case "mmio-drv-019", BLOCK, LIVE, 0, 8
    put 0x030, 0
    put 0x044, 0
    put 0x038, 8
    done
case "mmio-txt-003", BLOCK, FEATURES_OK, 0, 8
    prepare
    put 0x044, 2
    done
case "mmio-txt-004", BLOCK, LIVE, 0, 8
    put 0x050, 9
    done
case "kick-txt-001", BLOCK, LIVE, 0, 8
    put 0x050, 0x10000
    done
case "mmio-txt-008", BLOCK, LIVE, 0, 8
    put 0x030, 0
    put 0x0c0, 1
    done
case "mmio-txt-011", BLOCK, FEATURES_OK, 0, 8
    mov dword [rbx + 0x030], 0
    get 0x034
    call addresses
    put 0x044, 1
    done
case "mmio-txt-012", BLOCK, FEATURES_OK, 0, 8
    mov dword [rbx + 0x030], 0
    get 0x044
    call addresses
    put 0x044, 1
    done
case "mmio-txt-013", BLOCK, FEATURES_OK, 0, 8
    prepare
    mov word [USED + 2], 7
    put 0x044, 1
    done
case "mmio-txt-014", BLOCK, FEATURES_OK, 0, 8
    prepare
    put 0x0a0, DESC + 64
    put 0x044, 1
    done
case "split-txt-001", BLOCK, FEATURES_OK, 0, 3
    prepare
    put 0x044, 1
    done
case "split-drv-001", BLOCK, FEATURES_OK, 0, 8
    prepare
    put 0x080, DESC + 8
    put 0x044, 1
    done
case "split-drv-002", BLOCK, FEATURES_OK, 0, 8
    prepare
    put 0x090, AVAIL + 1
    put 0x044, 1
    done
case "split-drv-003", BLOCK, FEATURES_OK, 0, 8
    prepare
    put 0x0a0, USED + 2
    put 0x044, 1
    done
case "split-drv-022", BLOCK, FEATURES_OK, 0, 8
    prepare
    mov word [USED], 1
    put 0x044, 1
    done
case "split-txt-007", BLOCK, FEATURES_OK, 0, 8
    prepare
    mov word [AVAIL + 2], 1
    put 0x044, 1
    done
case "init-drv-013", BLOCK, DRIVER, 0, 8
    ; The refusal itself is another clause's: the check knows.
    mov r8d, 1 << 13
    call negotiate_as
    put 0x070, 11
    get 0x070
    put 0x030, 0
    put 0x044, 1
    done
case "cleanup-drv-002", CONSOLE, LIVE, 0, 8
    desc DESC, 0, BYTES, 8, D_WRITE, 0
    go 0
    put 0x030, 0
    put 0x044, 0
    get 0x044
    done

; ---- interrupts ----

case "mmio-drv-021", BLOCK, LIVE, 0, 8
    get 0x060
    put 0x064, 1
    done
case "mmio-drv-022", BLOCK, LIVE, 0, 8
    put 0x064, 4
    done
case "mmio-drv-032", ENTROPY, LIVE, 0, 8
    call entropy_once
    put 0x064, 1
    done

; ---- rings ----

case "split-drv-014", ENTROPY, LIVE, 0, 8
    mov word [AVAIL + 2], 9
    put 0x050, 0
    done
case "split-txt-006", ENTROPY, LIVE, 0, 8
    go 8
    done
case "split-txt-003", ENTROPY, LIVE, 0, 8
    desc DESC, 0, BYTES, 16, D_NEXT | D_WRITE, 8
    go 0
    done
case "split-drv-007", ENTROPY, LIVE, 0, 8
    desc DESC, 0, BYTES, 16, D_NEXT | D_WRITE, 1
    desc DESC, 1, BYTES, 16, D_NEXT | D_WRITE, 0
    go 0
    done
case "split-drv-004", ENTROPY, LIVE, 0, 8
    desc DESC, 0, BYTES, 16, D_NEXT | D_WRITE, 1
    desc DESC, 1, BYTES, 16, 0, 0
    go 0
    done
case "split-drv-006", ENTROPY, LIVE, INDIRECT, 8
    mov r8d, BASE                       ; 320 times 14 MiB
    mov r9d, 14 << 20
    mov ecx, 320
    call fill_table
    done
case "split-drv-005", BLOCK, LIVE, INDIRECT, 128
    call small_pieces
    done
case "split-drv-009", ENTROPY, LIVE, 0, 8
    mov r8d, BYTES
    mov r9d, 16
    mov ecx, 2
    call fill_table
    done
case "split-drv-010", ENTROPY, LIVE, INDIRECT, 8
    desc TABLE, 0, BYTES, 32, D_TABLE, 0
    desc DESC, 0, TABLE, 16, D_TABLE, 0
    go 0
    done
case "split-drv-011", ENTROPY, LIVE, INDIRECT, 8
    mov r8d, BYTES
    mov r9d, 16
    mov ecx, 9
    call fill_table
    done
case "split-drv-012", ENTROPY, LIVE, INDIRECT, 8
    desc TABLE, 0, BYTES, 16, D_WRITE, 0
    desc DESC, 0, TABLE, 16, D_TABLE | D_NEXT, 1
    go 0
    done
case "split-txt-005", ENTROPY, LIVE, INDIRECT, 8
    desc DESC, 0, TABLE, 40, D_TABLE, 0
    go 0
    done
case "split-txt-010", ENTROPY, LIVE, 0, 8
    desc DESC, 0, -8, 16, D_WRITE, 0
    go 0
    done
case "resv-drv-005", ENTROPY, LIVE, 0, 8
    desc DESC, 0, NOWHERE, 16, D_WRITE, 0
    go 0
    done
case "split-drv-015", ENTROPY, LIVE, 0, 8
    mov word [AVAIL], 2
    call entropy_once
    done
case "split-drv-017", ENTROPY, LIVE, EVENT_IDX, 8
    mov word [AVAIL], 1
    call entropy_once
    done
case "split-txt-008", ENTROPY, LIVE, 0, 8
    call entropy_once
    mov word [USED + 2], 9
    call entropy_once
    done
case "split-txt-009", ENTROPY, LIVE, 0, 8
    desc DESC, 0, BYTES, 16, D_WRITE, 0
    xor eax, eax
    call offer
    go 0
    done
case "cleanup-drv-001", BLOCK, LIVE, 0, 8
    ; What is read from the disk lands on the descriptors that say so.
    mov dword [HEADER], 0
    mov qword [HEADER + 8], 0
    desc DESC, 0, HEADER, 16, D_NEXT, 1
    desc DESC, 1, DESC, 512, D_NEXT | D_WRITE, 2
    desc DESC, 2, STATUS, 1, D_WRITE, 0
    go 0
    done

; ---- devices ----

case "blk-drv-012", BLOCK, LIVE, 0, 8
    request 0, 1 << 40, 512, D_WRITE
    done
case "blk-drv-014", BLOCK, LIVE, 0, 8
    mov dword [HEADER], 4               ; flush
    mov qword [HEADER + 8], 1
    desc DESC, 0, HEADER, 16, D_NEXT, 1
    desc DESC, 1, STATUS, 1, D_WRITE, 0
    go 0
    done
case "blk-drv-015", BLOCK, LIVE, 0, 8
    request 4, 0, 512, D_WRITE
    done
case "blk-drv-016", BLOCK, LIVE, 0, 8
    request 0, 0, 100, D_WRITE
    done
case "blk-drv-018", BLOCK, LIVE, 0, 8
    request 8, 0, 16, D_WRITE
    done
case "blk-txt-003", BLOCK, LIVE, SEG_MAX, 256
    call many_pieces
    done
case "blk-txt-006", BLOCK, LIVE, 0, 8
    request 8, 5, 20, D_WRITE
    done
case "blk-txt-007", BLOCK, LIVE, 0, 8
    desc DESC, 0, HEADER, 16, 0, 0
    go 0
    done
case "console-drv-002", CONSOLE, LIVE, 0, 8
    desc DESC + AREAS, 0, BYTES, 8, D_WRITE, 0
    xor eax, eax
    mov edi, AVAIL + AREAS
    call offer_at
    put 0x050, 1
    done
case "rng-drv-001", ENTROPY, LIVE, 0, 8
    desc DESC, 0, BYTES, 8, D_NEXT, 1
    desc DESC, 1, BYTES, 8, D_WRITE, 0
    go 0
    done

; ---- silence ----

case "feat-drv-007", BLOCK, DRIVER, 0, 8
    put 0x014, 0
    get 0x010
    mov eax, 9
    call wait_seconds
    done
case "init-drv-008", BLOCK, QUEUES, 0, 8
    mov eax, 9
    call wait_seconds
    done
case "init-drv-012", BLOCK, DRIVER, 0, 8
    mov eax, 9
    call wait_seconds
    done
case "split-drv-025", ENTROPY, LIVE, 0, 8
    desc DESC, 0, BYTES, 1, D_WRITE, 0
    xor eax, eax
    call offer
    mov eax, 5
    call wait_seconds
    done
case "split-drv-027", ENTROPY, LIVE, EVENT_IDX, 8
    desc DESC, 0, BYTES, 1, D_WRITE, 0
    xor eax, eax
    call offer
    mov eax, 5
    call wait_seconds
    done
case "mmio-drv-034", ENTROPY, LIVE, 0, 8
    call entropy_once
    get 0x060
    mov eax, 5
    call wait_seconds
    done
case "lintel-stall-001", CONSOLE, LIVE, 0, 8
    put 0x030, 0
    put 0x044, 0
    get 0x044
    put 0x050, 0
    mov eax, 5
    call wait_seconds
    done
case "lintel-stall-002", ENTROPY, LIVE, 0, 8
    call entropy_once
    mov eax, 5
    call wait_seconds
    done
case "lintel-stall-003", ENTROPY, LIVE, EVENT_IDX, 8
    mov word [AVAIL + 4 + 2 * 8], 100
    call entropy_once
    call entropy_once
    call entropy_once
    mov word [AVAIL + 4 + 2 * 8], 2
    mov eax, 5
    call wait_seconds
    done
case "lintel-stall-004", BLOCK, FEATURES_OK, 0, 8
    put 0x070, 15
    mov eax, 5
    call wait_seconds
    done
case "lintel-stall-005", ENTROPY, LIVE, 0, 8
    put 0x050, 0
    mov eax, 5
    call wait_seconds
    done

; ---- packed rings ----

case "packed-txt-001", ENTROPY, FEATURES_OK, PACKED, 8
    prepare
    put 0x038, 0
    put 0x044, 1
    done
case "packed-drv-001", ENTROPY, FEATURES_OK, PACKED, 8
    prepare
    put 0x080, DESC + 8
    put 0x044, 1
    done
case "packed-drv-002", ENTROPY, FEATURES_OK, PACKED, 8
    prepare
    put 0x090, AVAIL + 2
    put 0x044, 1
    done
case "packed-drv-003", ENTROPY, FEATURES_OK, PACKED, 8
    prepare
    put 0x0a0, USED + 2
    put 0x044, 1
    done
case "packed-txt-008", ENTROPY, FEATURES_OK, PACKED, 8
    prepare
    mov word [DESC + 3 * 16 + 14], D_AVAIL
    put 0x044, 1
    done
case "packed-txt-003", ENTROPY, LIVE, PACKED, 8
    packed 0, BYTES, 16, 0, D_WRITE | D_AVAIL | D_USED
    put 0x050, 0
    done
case "packed-drv-004", BLOCK, LIVE, PACKED, 8
    ; 8 zeros from the disk land on the first descriptor's address.
    mov r8d, DESC
    mov r9d, 8
    call packed_read
    done
case "packed-drv-005", BLOCK, LIVE, PACKED, 8
    mov r8d, DESC + 14
    mov r9d, 2
    call packed_read
    done
case "packed-drv-006", ENTROPY, LIVE, PACKED | NOTE_DATA, 8
    packed 0, BYTES, 16, 0, D_WRITE | D_AVAIL
    put 0x050, (2 | (1 << 15)) << 16
    done
case "packed-drv-009", ENTROPY, LIVE, PACKED, 8
%assign i 8
%rep 8
%assign i i - 1
    packed i, BYTES, 16, 0, D_NEXT | D_WRITE | D_AVAIL
%endrep
    put 0x050, 0
    done
case "packed-drv-010", ENTROPY, LIVE, PACKED, 8
    packed 1, BYTES, 16, 0, D_AVAIL
    packed 0, BYTES, 16, 0, D_NEXT | D_WRITE | D_AVAIL
    put 0x050, 0
    done
case "packed-drv-012", BLOCK, LIVE, PACKED, 8
    ; What makes a descriptor available in the next lap, to the disk and back
    ; onto the second request's first descriptor.
    mov edi, BYTES
    mov ecx, 256
    mov eax, D_USED
    cld
    rep stosw
    mov qword [HEADER], 1               ; write
    mov qword [HEADER + 8], 0
    packed 2, STATUS, 1, 0, D_WRITE | D_AVAIL
    packed 1, BYTES, 512, 0, D_NEXT | D_AVAIL
    packed 0, HEADER, 16, 0, D_NEXT | D_AVAIL
    put 0x050, 0
    mov qword [HEADER], 0               ; read
    packed 6, STATUS, 1, 0, D_WRITE | D_AVAIL
    packed 5, BYTES, 510, 0, D_NEXT | D_WRITE | D_AVAIL
    packed 4, DESC + 3 * 16 + 14, 2, 0, D_NEXT | D_WRITE | D_AVAIL
    packed 3, HEADER, 16, 0, D_NEXT | D_AVAIL
    put 0x050, 0
    done
case "packed-drv-013", ENTROPY, LIVE, PACKED, 8
    packed 0, BYTES, 16, 0, D_NEXT | D_WRITE | D_AVAIL
    put 0x050, 0
    done
case "packed-drv-014", ENTROPY, LIVE, PACKED, 8
    packed 0, TABLE, 32, 0, D_TABLE | D_AVAIL
    put 0x050, 0
    done
case "packed-drv-015", ENTROPY, LIVE, PACKED | INDIRECT, 8
    desc TABLE, 0, BYTES, 16, 0, D_NEXT | D_WRITE
    packed 0, TABLE, 16, 0, D_TABLE | D_AVAIL
    put 0x050, 0
    done
case "packed-drv-016", ENTROPY, LIVE, PACKED | INDIRECT, 8
%assign i 0
%rep 9
    desc TABLE, i, BYTES, 16, 0, D_WRITE
%assign i i + 1
%endrep
    packed 0, TABLE, 9 * 16, 0, D_TABLE | D_AVAIL
    put 0x050, 0
    done
case "packed-drv-017", ENTROPY, LIVE, PACKED | INDIRECT, 8
    packed 1, BYTES, 16, 0, D_WRITE | D_AVAIL
    packed 0, TABLE, 16, 0, D_NEXT | D_TABLE | D_AVAIL
    put 0x050, 0
    done
case "packed-txt-010", ENTROPY, LIVE, PACKED | INDIRECT, 8
    packed 0, TABLE, 40, 0, D_TABLE | D_AVAIL
    put 0x050, 0
    done
case "packed-txt-005", ENTROPY, LIVE, PACKED, 8
    mov word [AVAIL + 2], 3
    packed 0, BYTES, 16, 0, D_WRITE | D_AVAIL
    put 0x050, 0
    done
case "packed-txt-006", ENTROPY, LIVE, PACKED, 8
    mov word [AVAIL + 2], 2
    packed 0, BYTES, 16, 0, D_WRITE | D_AVAIL
    put 0x050, 0
    done
case "packed-txt-007", ENTROPY, LIVE, PACKED, 8
    mov word [AVAIL + 2], 1 << 15
    packed 0, BYTES, 16, 0, D_WRITE | D_AVAIL
    put 0x050, 0
    done
case "lintel-stall-006", ENTROPY, LIVE, PACKED, 8
    packed 0, BYTES, 16, 0, D_WRITE | D_AVAIL
    mov eax, 5
    call wait_seconds
    done

; ---- order, data, reset of queues ----

case "split-txt-004", ENTROPY, LIVE, IN_ORDER, 8
    desc DESC, 1, BYTES, 16, D_WRITE, 0
    go 1
    done
case "split-drv-008", ENTROPY, LIVE, IN_ORDER, 8
    desc DESC, 0, BYTES, 16, D_WRITE | D_NEXT, 2
    desc DESC, 2, BYTES, 16, D_WRITE, 0
    go 0
    done
case "split-drv-013", ENTROPY, LIVE, IN_ORDER | INDIRECT, 8
    desc TABLE, 0, BYTES, 16, D_WRITE | D_NEXT, 2
    desc TABLE, 2, BYTES, 16, D_WRITE, 0
    desc DESC, 0, TABLE, 48, D_TABLE, 0
    go 0
    done
case "kick-txt-002", ENTROPY, LIVE, NOTE_DATA, 8
    desc DESC, 0, BYTES, 16, D_WRITE, 0
    xor eax, eax
    call offer
    put 0x050, 2 << 16
    done
case "vqreset-drv-001", ENTROPY, LIVE, RING_RESET, 8
    put 0x030, 0
    put 0x0c0, 1
    prepare
    mov word [AVAIL + 2], 0
    put 0x044, 1
    done
case "vqreset-drv-003", ENTROPY, LIVE, RING_RESET, 8
    put 0x030, 0
    put 0x0c0, 1
    get 0x0c0
    put 0x080, DESC
    put 0x084, 0
    put 0x090, AVAIL
    put 0x094, 0
    put 0x0a0, USED
    put 0x0a4, 0
    put 0x044, 1
    done

; A read of sector 0 through a packed ring: R9D bytes to R8, the rest to BYTES.
packed_read:
    mov qword [HEADER], 0
    mov qword [HEADER + 8], 0
    packed 3, STATUS, 1, 0, D_WRITE | D_AVAIL
    packed 2, BYTES, 512, 0, D_NEXT | D_WRITE | D_AVAIL
    sub [DESC + 2 * 16 + 8], r9d
    packed 1, r8, 0, 0, D_NEXT | D_WRITE | D_AVAIL
    mov [DESC + 16 + 8], r9d
    packed 0, HEADER, 16, 0, D_NEXT | D_AVAIL
    put 0x050, 0
    ret

; An indirect table of ECX elements at R8, R9D bytes each, offered.
fill_table:
    mov r10d, ecx
    mov edi, TABLE
    mov edx, 1
.element:
    mov [rdi], r8
    mov [rdi + 8], r9d
    mov word [rdi + 12], D_NEXT | D_WRITE
    mov [rdi + 14], dx
    inc edx
    add edi, 16
    loop .element
    mov word [rdi - 4], D_WRITE
    mov word [rdi - 2], 0
    shl r10d, 4
    desc DESC, 0, TABLE, 0, D_TABLE, 0
    mov [DESC + 8], r10d
    go 0
    ret

; Everything of queue 0's setup but the reads.
addresses:
    mov eax, [queue_size]
    mov [rbx + 0x038], eax
    put 0x080, DESC
    put 0x084, 0
    put 0x090, AVAIL
    put 0x094, 0
    put 0x0a0, USED
    put 0x0a4, 0
    ret

; A sector in pieces of 5 bytes.
small_pieces:
    mov r9d, 5
    mov ecx, 103
    call pieces
    mov dword [DESC + 103 * 16 + 8], 2
    go 0
    ret

; 255 sectors, the last with the status byte behind it.
many_pieces:
    mov r9d, 512
    mov ecx, 255
    call pieces
    mov dword [DESC + 255 * 16 + 8], 513
    mov word [DESC + 255 * 16 + 12], D_WRITE
    go 0
    ret

; A read of sector 0 in descriptors 0 (header), ECX of R9D bytes, and status.
pieces:
    mov qword [HEADER], 0
    mov qword [HEADER + 8], 0
    desc DESC, 0, HEADER, 16, D_NEXT, 1
    mov edi, DESC + 16
    mov r8d, BYTES
    mov edx, 2
.piece:
    mov [rdi], r8
    mov [rdi + 8], r9d
    mov word [rdi + 12], D_NEXT | D_WRITE
    mov [rdi + 14], dx
    add r8d, r9d
    inc edx
    add edi, 16
    loop .piece
    cmp edx, 257
    jae .full
    mov qword [rdi], STATUS
    mov dword [rdi + 8], 1
    mov dword [rdi + 12], D_WRITE
.full:
    ret

CASES equ number
align 8
cases:
%assign i 0
%rep number
    dq case_ %+ i
%assign i i + 1
%endrep
finish
