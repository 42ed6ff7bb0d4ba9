; The guest's 16550 and its interrupt through the IOAPIC, edge-triggered as ISA
; lines are; masked pins keep quiet.
%include "guest.inc"

UART_VECTOR equ 0x50

guest "uart"
    call pic_off
    call lapic_on
    on_interrupt UART_VECTOR, uart_interrupt
    mov dx, COM1 + 7
    mov al, 0x5a
    out dx, al
    in al, dx
    cmp al, 0x5a
    check e, "the scratch register keeps its byte"
    mov ecx, 4
    mov eax, 0x10000 | UART_VECTOR
    call ioapic_pin
    mov dx, COM1 + 4
    mov al, 0x0b                        ; DTR, RTS, OUT2
    out dx, al
    mov dx, COM1 + 1
    mov al, 2                           ; THR empty
    out dx, al
    sti
    mov ecx, 1000
.masked:
    pause
    loop .masked
    cli
    cmp qword [count], 0
    check e, "a masked pin delivers nothing"
    mov dx, COM1 + 1
    xor eax, eax
    out dx, al
    mov ecx, 4
    mov eax, UART_VECTOR
    call ioapic_pin
    mov dx, COM1 + 1
    mov al, 2
    out dx, al
    sti
    mov ecx, 10000
.wait:
    pause
    cmp qword [count], 0
    jne .came
    loop .wait
.came:
    cli
    cmp qword [count], 1
    check e, "THR empty interrupts once"
    cmp byte [cause], 0xc2
    je .cause
    cmp byte [cause], 2
.cause:
    check e, "and says so in IIR"
    mov dx, COM1 + 1
    xor eax, eax
    out dx, al
    jmp power_off

uart_interrupt:
    inc qword [count]
    mov dx, COM1 + 2
    in al, dx
    mov [cause], al
    jmp lapic_eoi

count: dq 0
cause: db 0
finish
