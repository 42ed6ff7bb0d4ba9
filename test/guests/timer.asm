; Time: the local APIC's timer in its three modes, the PIT through the IOAPIC,
; and HLT between them, each against the TSC.
%include "guest.inc"

TIMER_VECTOR equ 0x40
PIT_VECTOR   equ 0x41

; within LOW, HIGH, TEXT: RAX lies between.
%macro within 3+
    mov rcx, %1
    cmp rax, rcx
    jb %%bad
    mov rcx, %2
    cmp rax, rcx
    ja %%bad
    say "ok ", %3, 10
    jmp %%done
%%bad:
    say "not ok ", %3, " (got "
    call print_hex
    say ")", 10
%%done:
%endmacro

guest "timer"
    call pic_off
    call lapic_on
    on_interrupt TIMER_VECTOR, timer_interrupt
    on_interrupt PIT_VECTOR, pit_interrupt
    call tsc_khz
    mov r15d, eax                       ; ticks a millisecond
    mov ebx, LAPIC

    ; How fast the local APIC's timer counts, from its own count.
    mov dword [rbx + 0x3e0], 0xb        ; divide by 1
    mov dword [rbx + 0x320], 0x10000 | TIMER_VECTOR
    mov dword [rbx + 0x380], -1
    call ticks
    mov r12, rax
    mov eax, r15d
    imul rax, rax, 10
    add r12, rax
.spin:
    call ticks
    cmp rax, r12
    jb .spin
    mov r13d, -1
    sub r13d, [rbx + 0x390]             ; counted in 10 ms
    mov eax, r13d
    within 10000, 100000000, "the count runs"

    ; One shot of 10 ms, waited for in HLT.
    mov qword [count], 0
    mov dword [rbx + 0x320], TIMER_VECTOR
    call ticks
    mov r12, rax
    mov [rbx + 0x380], r13d
    call wait_one
    sub rax, r12
    xor edx, edx
    div r15
    within 9, 14, "one shot of 10 ms in HLT, in milliseconds of TSC"
    mov ebx, LAPIC
    cmp dword [rbx + 0x390], 0
    check e, "its count has ended"

    ; Periodic, 2 ms, ten times.
    mov qword [count], 0
    mov eax, r13d
    xor edx, edx
    mov ecx, 5
    div ecx
    mov dword [rbx + 0x320], 0x20000 | TIMER_VECTOR
    mov esi, eax
    call ticks
    mov r12, rax
    mov [rbx + 0x380], esi
.ten:
    call wait_one
    cmp qword [count], 10
    jb .ten
    sub rax, r12
    xor edx, edx
    div r15
    within 19, 26, "ten periods of 2 ms, in milliseconds"
    mov dword [rbx + 0x320], 0x10000
    mov dword [rbx + 0x380], 0
    sti                                 ; one may be on its way still
    nop
    cli

    ; TSC deadline.
    mov eax, 1
    cpuid
    mov ebx, LAPIC
    bt ecx, 24
    jnc .no_deadline
    mov dword [rbx + 0x320], 0x40000 | TIMER_VECTOR
    mfence
    mov qword [count], 0
    call ticks
    mov r12, rax
    imul rax, r15, 5
    add rax, r12
    mov rdx, rax
    shr rdx, 32
    mov ecx, MSR_TSC_DEADLINE
    wrmsr
    call wait_one
    sub rax, r12
    xor edx, edx
    div r15
    within 5, 9, "a deadline 5 ms ahead, in milliseconds"
    mov ecx, MSR_TSC_DEADLINE
    rdmsr
    or eax, edx
    check z, "it reads 0 when it has passed"
.no_deadline:
    mov ebx, LAPIC
    mov dword [rbx + 0x320], 0x10000

    ; The PIT, 1000 times a second, by IOAPIC pin 2.
    mov ecx, 2
    mov eax, PIT_VECTOR
    call ioapic_pin
    mov qword [count], 0
    mov al, 0x34                        ; channel 0, both bytes, mode 2
    out 0x43, al
    mov al, 1193 & 0xff
    out 0x40, al
    mov al, 1193 >> 8
    out 0x40, al
    call wait_one                       ; begin on an edge
    mov qword [count], 0
    mov r12, rax
.pit:
    call wait_one
    cmp qword [count], 20
    jb .pit
    sub rax, r12
    xor edx, edx
    div r15
    within 18, 24, "20 periods of the PIT, in milliseconds"
    mov ecx, 2
    mov eax, 0x10000
    call ioapic_pin
    sti                                 ; one may be on its way still
    nop
    nop
    cli

    ; A self-IPI to a task priority that holds it back, then lets it go.
    mov qword [count], 0
    mov ebx, LAPIC
    mov dword [rbx + 0x80], 0x50
    mov dword [rbx + 0x310], 0
    mov dword [rbx + 0x300], 0x40000 | TIMER_VECTOR
    sti
    nop
    nop
    cli
    cmp qword [count], 0
    check e, "the task priority holds a lower interrupt back"
    mov eax, [rbx + 0x200 + (TIMER_VECTOR / 32) * 0x10]
    bt eax, TIMER_VECTOR % 32
    check c, "it stands in the IRR"
    mov dword [rbx + 0x80], 0
    sti
    nop
    nop
    cli
    cmp qword [count], 1
    mov rax, [count]
    within 1, 1, "and comes once when the priority falls"
    jmp power_off

; Halts until an interrupt has come. RAX: the TSC then.
wait_one:
    mov rsi, [count]
.again:
    cli
    cmp [count], rsi
    jne .came
    sti
    hlt
    jmp .again
.came:
    call ticks
    ret

timer_interrupt:
pit_interrupt:
    inc qword [count]
    jmp lapic_eoi

count: dq 0
finish
