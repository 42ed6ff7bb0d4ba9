; A vector that waits with interrupts off, while the machine under this one has
; interrupts of its own (this guest's timer, by which it exits). It is about the
; emulator, too: Bochs' virtual-interrupt delivery fails it, up to 3.1 at least.
%include "guest.inc"
    jmp main

WAITS equ 0x71
TIMER equ 0x61

taken:  dq 0
timers: dq 0

take:
    inc qword [taken]
    jmp end_it

count_timer:
    inc qword [timers]
end_it:
    x2apic_eoi
    ret

; The timer's interrupt comes in half a millisecond, and this takes one. The
; vector is requested meanwhile, with no exit from then to the timer's.
one_timer:
    call tsc_khz
    mov r9d, eax
    call ticks
    lea r10, [rax + r9]
    shr r9d, 1
    add rax, r9
    mov rdx, rax
    shr rdx, 32
    mov ecx, MSR_TSC_DEADLINE
    wrmsr
    sti                                 ; nothing waits yet
    nop
    cli
    mov ecx, MSR_X2APIC_SELF
    mov eax, WAITS
    xor edx, edx
    wrmsr
.wait:
    call ticks
    cmp rax, r10
    jb .wait
    ret

main:
guest "held"
    call pic_off
    call lapic_on
    on_interrupt WAITS, take
    on_interrupt TIMER, count_timer
    call x2apic_on
    mov ecx, MSR_X2APIC_TIMER
    mov eax, 0x40000 | TIMER            ; TSC-deadline
    xor edx, edx
    wrmsr
    call one_timer
    mov rax, [taken]
    or rax, [timers]
    check z, "with interrupts off nothing is delivered"
    sti
    nop
    nop
    nop
    cli
    cmp qword [taken], 1
    check e, "what has waited comes with STI"
    cmp qword [timers], 1
    check e, "and the timer's once"
    finish
