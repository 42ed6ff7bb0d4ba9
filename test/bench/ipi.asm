; What an interrupt to another virtual processor costs, in ticks of the TSC: the
; least of many tries. Prints "bench NAME TICKS" lines like bench.asm; two
; processors, x2APIC.
%include "guest.inc"
    jmp main
%include "smp.inc"

TRIES equ 64
PING  equ 0x61
PONG  equ 0x62
TIMER equ 0x63

arrived: dq 0                           ; the TSC in the other's handler
least:   dq -1

; least_of: RAX is another try.
%macro least_of 0
    cmp rax, [least]
    jae %%not
    mov [least], rax
%%not:
%endmacro

%macro result 1
    say "bench ", %1, " 0x"
    mov rax, [least]
    call print_hex
    say 10
    mov qword [least], -1
%endmacro

; See bench.asm's.
backstop:
    mov ecx, MSR_X2APIC_TIMER
    mov eax, 0x40000 | TIMER            ; TSC deadline
    xor edx, edx
    wrmsr
    mov ecx, MSR_TSC_DEADLINE
    rdtsc
    add eax, 1000000
    adc edx, 0
    wrmsr
    ret

; A try that took so long is not the least.
too_late:
    mov qword [arrived], -1
    x2apic_eoi
    ret

; The other processor's.
ping:
    call ticks
    mov [arrived], rax
    x2apic_eoi
    ret

; It answers by an interrupt of its own.
ping_pong:
    x2apic_eoi
    mov ecx, MSR_X2APIC_ICR
    mov eax, 0x4000 | PONG
    xor edx, edx
    wrmsr
    ret

pong:
    call ticks
    mov [arrived], rax
    x2apic_eoi
    ret

; R14: before the interrupt is sent.
%macro to_other 1
    mov qword [arrived], 0
    call ticks
    mov r14, rax
    mov ecx, MSR_X2APIC_ICR
    mov eax, 0x4000 | %1
    mov edx, 1
    wrmsr
%endmacro

main:
guest "ipi"
    call smp_start
    lea rax, [x2apic_on]
    call all_others
    call x2apic_on
    mov qword [x2apic], 1
    mov eax, 2
    call pause_ms                       ; the other one is in HLT
    on_interrupt PING, ping
    on_interrupt PONG, pong
    on_interrupt TIMER, too_late

    ; To one in HLT, until its handler runs.
    mov r12d, TRIES
.handler:
    to_other PING
.spin:
    pause
    cmp qword [arrived], 0
    je .spin
    mov rax, [arrived]
    sub rax, r14
    least_of
    mov eax, 1
    call pause_ms
    dec r12d
    jnz .handler
    result "ipi"

    ; The same, until the sender has seen its answer.
    mov r12d, TRIES
.answer:
    to_other PING
.spin_again:
    pause
    cmp qword [arrived], 0
    je .spin_again
    call ticks
    sub rax, r14
    least_of
    mov eax, 1
    call pause_ms
    dec r12d
    jnz .answer
    result "ipi-answered"

    ; Both in HLT but for the handler: there and back by interrupts.
    on_interrupt PING, ping_pong
    mov r12d, TRIES
.both:
    call backstop
    to_other PING
.halt:
    sti
    hlt
    cli
    cmp qword [arrived], 0
    je .halt
    mov rax, [arrived]
    sub rax, r14
    least_of
    mov eax, 1
    call pause_ms
    dec r12d
    jnz .both
    result "ipi-and-back"
    jmp power_off
payload_end:
payload_size equ payload_end - payload
