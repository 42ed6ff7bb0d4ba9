; The local APIC's interrupts: priorities, nesting, masking by TPR and CR8,
; self-IPIs, level-triggered pins, errors, what the registers read meanwhile.
; All of it by the page and then by the x2APIC's MSRs; test/boot runs it with
; the local APIC played by the processor and in software.
%include "guest.inc"
    jmp main
%include "apic.inc"

NESTING  equ 0x51
UART_PIN equ 4
UART_VECTOR equ 0x65
PIT_IRQ  equ 0xe0                       ; where pic_off puts line 0

main:
guest "apic"
    call pic_off
    call lapic_on
    on_interrupt 0x41, noted
    on_interrupt 0x55, noted
    on_interrupt 0x5f, noted
    on_interrupt 0x61, noted
    on_interrupt 0x71, nested
    on_interrupt 0x90, noted
    on_interrupt NESTING, nesting
    on_interrupt UART_VECTOR, uart_interrupt
    on_interrupt PIT_IRQ, pit_interrupt
    say "by the page", 10
    call all
    say "by MSR", 10
    call x2apic_on
    mov byte [x2apic], 1
    call all
    call msrs
    ; The way back is through "off", which forgets everything.
    set TPR, 0xf0
    ipi 0x61
    mov ecx, MSR_APIC_BASE
    rdmsr
    and eax, ~0xc00
    wrmsr
    or eax, 0x800
    wrmsr
    mov byte [x2apic], 0
    reads SVR, 0xff, "off and on again, it is as at power-up"
    call lapic_on
    window
    sequence "and has nothing left"
    ipi 0x61
    window
    sequence "and works", 0x61
    jmp power_off

all:
    call held_back
    call in_service
    call masked
    call halting
    call by_number
    call turned_off
    call errors
    call level
    call extint
    ret

; The subjects, in the order of `all`; the last is by MSR alone.
%include "apic_priority.inc"
%include "apic_ipi.inc"
%include "apic_lines.inc"
%include "apic_msr.inc"
finish
