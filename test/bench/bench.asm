; What Lintel's hot paths cost, in ticks of the TSC: the least of many tries,
; less what reading the TSC costs. Prints "bench NAME TICKS" lines.
; test/bench/bench.py boots it and prints the table.
%include "guest.inc"
%include "virtio.inc"

TRIES        equ 64
IRQ_VECTOR   equ 0x50
SELF_VECTOR  equ 0x51
TIMER_VECTOR equ 0x52
BACKSTOP     equ 1000000                ; ticks, far more than a try takes

DESC  equ SCRATCH + 0x1000
AVAIL equ SCRATCH + 0x2000
USED  equ SCRATCH + 0x3000
HEAD  equ SCRATCH + 0x4000
DONE  equ SCRATCH + 0x4100
DATA  equ SCRATCH + 0x5000
QUEUE equ 8

; The same as a packed ring of 3: each request is a lap.
RING         equ SCRATCH + 0x6000
DRIVER_EVENT equ SCRATCH + 0x6100
DEVICE_EVENT equ SCRATCH + 0x6200
LAP          equ 3

; start_clock, stop_clock: R8 = ticks between them; keep RCX, RBX, RSI, RDI.
%macro start_clock 0
    rdtsc
    shl rdx, 32
    or rax, rdx
    mov r9, rax
%endmacro

%macro stop_clock 0
    rdtsc
    shl rdx, 32
    or rax, rdx
    sub rax, r9
    mov r8, rax
%endmacro

; best: keeps the least R8 in R10.
%macro best 0
    cmp r8, r10
    cmovb r10, r8
%endmacro

; result NAME: prints R10 less the clock's own cost.
%macro result 1
    say "bench ", %1, " 0x"
    mov rax, r10
    sub rax, r11
    call print_hex
    say 10
%endmacro

; measure NAME, CODE: a loop round it, with the backstop or what is named in its
; place before each try.
%macro measure 2-3 backstop
    mov r10, -1
    mov r12d, TRIES
%%again:
    call %3
    call %2
    best
    dec r12d
    jnz %%again
%ifdef PROFILE                          ; for a trace: Bochs' magic breakpoints
    xchg bx, bx
    call %2
    xchg bx, bx
%endif
    result %1
%endmacro

guest "bench"
    call pic_off
    call lapic_on
    call x2apic_on
    on_interrupt IRQ_VECTOR, block_interrupt
    on_interrupt SELF_VECTOR, self_interrupt
    on_interrupt TIMER_VECTOR, timer_interrupt
    xor r11d, r11d
    mov r10, -1
    mov r12d, TRIES
.clock:
    start_clock
    stop_clock
    best
    dec r12d
    jnz .clock
    mov r11, r10

    measure "cpuid", one_cpuid
    measure "vmcall", one_vmcall
    measure "msr", one_msr
    measure "port", one_port
    driver_find ID_BLOCK, "there is no block device"
    measure "mmio", one_mmio
    measure "self-ipi", one_self
    measure "deadline", one_deadline, nothing
    call start_packed
    measure "packed-read", one_read
    measure "packed-interrupt", one_interrupt
    call start_block
    measure "read", one_read
    measure "interrupt", one_interrupt
    say "bench kick 0x"
    mov rax, [kicked]
    call print_hex
    say 10
    jmp power_off

nothing:
    ret

; Bochs 2.7 delivers a virtual interrupt while IF is clear, if one of the host's
; comes just then; the HLT behind it would wait for ever. A timer ends that one,
; and the next tries tell.
backstop:
    mov ecx, MSR_X2APIC_TIMER
    mov eax, 0x40000 | TIMER_VECTOR     ; TSC deadline
    xor edx, edx
    wrmsr
    mov ecx, MSR_TSC_DEADLINE
    rdtsc
    add eax, BACKSTOP
    adc edx, 0
    wrmsr
    ret

one_cpuid:
    xor eax, eax
    start_clock
    mov r14, rbx
    xor eax, eax
    cpuid
    mov rbx, r14
    stop_clock
    ret

one_vmcall:
    start_clock
    mov eax, 12345                      ; no such hypercall
    vmcall
    stop_clock
    ret

one_msr:
    mov ecx, MSR_X2APIC_TPR
    start_clock
    rdmsr
    stop_clock
    ret

one_port:
    start_clock
    mov dx, 0x608                       ; PM timer
    in eax, dx
    stop_clock
    ret

one_mmio:
    start_clock
    get STATUS
    stop_clock
    ret

; To a halted processor and awake again.
one_self:
    mov ecx, MSR_X2APIC_SELF
    start_clock
    mov eax, SELF_VECTOR
    xor edx, edx
    wrmsr
    sti
    hlt
    cli
    stop_clock
    ret

self_interrupt:
    x2apic_eoi
    ret

; From arming a deadline that is now to its handler's first instruction.
one_deadline:
    mov ecx, MSR_TSC_DEADLINE
    start_clock
    mov rdx, r9                         ; EAX is the low half already
    shr rdx, 32
    mov eax, r9d
    wrmsr
    sti
    hlt
    cli
    mov r8, [stamp]
    sub r8, r9
    ret

timer_interrupt:
    rdtsc
    shl rdx, 32
    or rax, rdx
    mov [stamp], rax
    x2apic_eoi
    ret

; ---- the block device ----

; Up to the queue's addresses, accepting VERSION_1 and what is in R13D of the
; features from bit 32 on. R14D descriptors; keeps neither.
set_up_block:
    mov eax, ebx
    sub eax, VIRTIO
    shr eax, 12
    lea ecx, [rax + 16]                 ; its IOAPIC pin
    mov eax, 0x8000 | IRQ_VECTOR        ; level
    push rbx
    call ioapic_pin
    pop rbx
    driver_negotiate 0, r13d
    driver_queue 0, r14d
    ret

start_block:
    mov qword [offer_way], offer
    mov r13d, HIGH_VERSION_1
    mov r14d, QUEUE
    call set_up_block
    driver_areas DESC, AVAIL, USED
    driver_go
    ; Header, 4 KiB of data, status.
    descriptor DESC, 0, HEAD, 16, DESC_NEXT, 1
    descriptor DESC, 1, DATA, 4096, DESC_NEXT | DESC_WRITE, 2
    descriptor DESC, 2, DONE, 1, DESC_WRITE, 0
    ret

start_packed:
    mov qword [offer_way], offer_packed
    mov r13d, HIGH_VERSION_1 | HIGH_RING_PACKED
    mov r14d, LAP
    call set_up_block
    mov edi, RING
    xor eax, eax
    mov ecx, 0x300 / 8
    rep stosq
    driver_areas RING, DRIVER_EVENT, DEVICE_EVENT
    driver_go
    mov word [avail_bits], DESC_AVAIL   ; and USED its inverse
    ret

; Makes the list available in the next lap and kicks, as below.
offer_packed:
    mov byte [DONE], 0xff
    mov qword [RING], HEAD
    mov qword [RING + 8], 16
    mov qword [RING + 16], DATA
    mov qword [RING + 24], 4096
    mov qword [RING + 32], DONE
    mov qword [RING + 40], 1
    movzx eax, word [avail_bits]
    xor word [avail_bits], DESC_AVAIL | DESC_USED
    lea ecx, [rax + 2]
    mov [RING + 46], cx
    inc ecx
    mov [RING + 30], cx
    inc eax
    mov [RING + 14], ax
    start_clock
    mov [kicked], r9
    put QUEUE_NOTIFY, 0
    ret

; Offers the chain again and kicks; interrupts are off. RBX: the device.
offer:
    mov byte [DONE], 0xff
    movzx eax, word [AVAIL + RING_IDX]
    mov ecx, eax
    and ecx, QUEUE - 1
    mov word [AVAIL + RING_LIST + rcx * 2], 0
    inc eax
    mov [AVAIL + RING_IDX], ax
    start_clock
    mov [kicked], r9
    put QUEUE_NOTIFY, 0
    ret

; The whole request: offered, and its interrupt handled.
one_read:
    mov qword [stamp], 0
    call [offer_way]
.wait:
    sti
    hlt
    cli
    cmp qword [stamp], 0
    je .wait
    stop_clock
    cmp byte [DONE], 0
    je .good
    say "not ok the read failed", 10
    jmp power_off
.good:
    ret

; From the kick to the interrupt handler's first instruction.
one_interrupt:
    call one_read
    mov r8, [stamp]
    sub r8, r9
    ret

block_interrupt:
    rdtsc
    shl rdx, 32
    or rax, rdx
    mov [stamp], rax
    get INTERRUPT_STATUS
    mov [rbx + REG_INTERRUPT_ACK], eax
    x2apic_eoi
    ret

stamp:      dq 0
kicked:     dq 0
offer_way:  dq 0
avail_bits: dw 0
finish
