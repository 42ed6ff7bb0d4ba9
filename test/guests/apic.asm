; The local APIC's interrupts: priorities, nesting, masking by TPR and CR8,
; self-IPIs, level-triggered pins, errors, what the registers read meanwhile.
; All of it by the page and then by the x2APIC's MSRs; test/boot runs it with
; the local APIC played by the processor and in software.
%include "guest.inc"

; Registers, by offset / 16 (SDM 3A Table 11-1); the MSR is 0x800 above.
ID       equ 0x02
VERSION  equ 0x03
TPR      equ 0x08
PPR      equ 0x0a
EOI      equ 0x0b
LDR      equ 0x0d
SVR      equ 0x0f
ISR      equ 0x10
TMR      equ 0x18
IRR      equ 0x20
ESR      equ 0x28
ICR      equ 0x30
ICR_HIGH equ 0x31
LVT_TIMER equ 0x32
LVT_LINT0 equ 0x35
LVT_ERROR equ 0x37
INITIAL  equ 0x38
CURRENT  equ 0x39
DIVIDE   equ 0x3e
SELF     equ 0x3f

NESTING  equ 0x51
UART_PIN equ 4
UART_VECTOR equ 0x65
PIT_IRQ  equ 0xe0                       ; where pic_off puts line 0

%macro get 1                            ; EAX
    mov ecx, %1
    call apic_read
%endmacro

%macro set 2
    mov ecx, %1
    mov eax, %2
    call apic_write
%endmacro

%macro ipi 1
    mov eax, %1
    call self_ipi
%endmacro

; Lets in what may come.
%macro window 0
    sti
    nop
    nop
    cli
%endmacro

; bit_is STATE, REGISTER SET, VECTOR, TEXT: STATE is c (set) or nc.
%macro bit_is 4+
    get (%2) + (%3) / 32
    bt eax, (%3) % 32
    check %1, %4
%endmacro

; reads REGISTER, VALUE, TEXT
%macro reads 3+
    get %1
    cmp eax, %2
    check e, %3
%endmacro

; sequence TEXT [, VECTOR...]: these have come, in this order, and no others.
%macro sequence 1-*
    jmp %%over
%define %%text %1
%%bytes:
%assign %%count 0
%rep %0 - 1
    %rotate 1
    db %1
    %assign %%count %%count + 1
%endrep
%%over:
    lea rsi, [%%bytes]
    mov ecx, %%count
    call same_sequence
    check e, %%text
    call show_sequence
%endmacro

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
    mov ecx, 0x1b
    rdmsr
    or eax, 0x400
    wrmsr
    mov byte [x2apic], 1
    call all
    call msrs
    ; The way back is through "off", which forgets everything.
    set TPR, 0xf0
    ipi 0x61
    mov ecx, 0x1b
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

; ---- TPR and CR8 ----

held_back:
    set TPR, 0x50
    ipi 0x41
    ipi 0x55
    ipi 0x61
    bit_is c, IRR, 0x61, "a self-IPI stands in the IRR"
    window
    sequence "TPR lets a higher class through alone", 0x61
    bit_is nc, IRR, 0x61, "and it has left the IRR"
    bit_is c, IRR, 0x55, "its own class waits"
    bit_is c, IRR, 0x41, "as does a lower one"
    reads PPR, 0x50, "PPR is TPR"
    mov rax, cr8
    cmp rax, 5
    check e, "CR8 is TPR's class"
    mov eax, 4
    mov cr8, rax
    window
    sequence "CR8 lets the next class through", 0x55
    reads TPR, 0x40, "CR8 has written TPR"
    sti
    xor eax, eax
    mov cr8, rax                        ; delivered behind this instruction
    nop
    cli
    sequence "and at 0 the rest", 0x41
    reads PPR, 0, "PPR is 0 again"
    set EOI, 0
    reads PPR, 0, "EOI of nothing does nothing"
    ret

; ---- nesting and EOI ----

in_service:
    ipi NESTING
    window
    sequence "higher nests, the same class waits for EOI", NESTING, 0x71, \
        0xe1, 0x5f, 0xe5
    cmp qword [wrong], 0
    check e, "ISR, IRR and PPR were right meanwhile"
    mov qword [wrong], 0
    bit_is nc, ISR, NESTING, "nothing is left in service"
    ipi 0x61
    ipi 0x41
    ipi 0x55
    window
    sequence "three at once come by priority", 0x61, 0x55, 0x41
    ipi 0x55
    ipi 0x55
    window
    sequence "twice requested is once delivered", 0x55
    ret

; must REGISTER SET, VECTOR, c or nc: counts in `wrong`.
%macro must 3
    get (%1) + (%2) / 32
    bt eax, (%2) % 32
    j%+3 %%good
    inc qword [wrong]
%%good:
%endmacro

nesting:
    mov al, NESTING
    call note
    ipi 0x5f
    window                              ; the same class: not yet
    ipi 0x71
    window                              ; nests
    must ISR, NESTING, c
    must ISR, 0x71, nc
    must IRR, 0x5f, c
    get PPR
    cmp eax, 0x50
    je .eoi
    inc qword [wrong]
.eoi:
    call apic_eoi
    window                              ; 0x5f
    must ISR, 0x5f, nc
    mov al, 0xe5
    jmp note

nested:
    mov al, 0x71
    call note
    must ISR, NESTING, c
    must ISR, 0x71, c
    must IRR, 0x71, nc
    get PPR
    cmp eax, 0x70
    je .eoi
    inc qword [wrong]
.eoi:
    call apic_eoi
    mov al, 0xe1
    jmp note

; ---- RFLAGS.IF ----

; One that is requested while interrupts are off waits, whatever else happens
; on the processor meanwhile: here a timer's end, without an exit of the guest's
; own.
masked:
    set DIVIDE, 0xb
    set LVT_TIMER, 0x41
    set INITIAL, 1000000                ; 1 ms
    ipi 0x61
    call tsc_khz
    imul r9, rax, 3
    call ticks
    add r9, rax
.spin:
    call ticks
    cmp rax, r9
    jb .spin
    sequence "with interrupts off nothing comes"
    bit_is c, IRR, 0x41, "the timer's stands in the IRR"
    window
    sequence "and all of it when they are on", 0x61, 0x41
    set LVT_TIMER, 0x10000
    ret

; ---- HLT ----

halting:
    ipi 0x61
    sti
    hlt
    cli
    sequence "HLT ends with what was requested before", 0x61
    ; One that TPR holds back does not end it; the timer does.
    set TPR, 0x50
    ipi 0x41
    set DIVIDE, 0xb
    set LVT_TIMER, 0x61
    set INITIAL, 200000
    sti
    hlt
    cli
    sequence "HLT waits for one that TPR lets through", 0x61
    reads CURRENT, 0, "the timer's count reads 0"
    set LVT_TIMER, 0x10000
    set TPR, 0
    window
    sequence "and the other comes when it may", 0x41
    ret

; ---- IPIs to itself by number and shorthand ----

by_number:
    get ID
    cmp byte [x2apic], 0
    jne .wide
    shr eax, 24
.wide:
    mov [own_id], eax
    mov edx, eax
    mov eax, 0x55
    call send
    window
    sequence "fixed, to its own number", 0x55
    mov edx, 0
    mov eax, 0x40061                    ; self
    call send
    window
    sequence "fixed, to itself by shorthand", 0x61
    mov eax, 0x80041                    ; all including self
    call send
    window
    sequence "fixed, to all", 0x41
    mov eax, 0xc0041                    ; all but self
    call send
    window
    sequence "to all but itself: nobody"
    reads ICR, 0xc0041, "the ICR reads what was written"
    mov edx, [own_id]
    mov eax, 0x155                      ; lowest priority
    call send
    window
    sequence "lowest priority, to its own number", 0x55
    mov edx, [own_id]
    expect 2, "an NMI to itself", call send_nmi
    ret

send_nmi:
    mov eax, 0x400
    call send
    nop
    nop
    ret

; ---- software-disabled ----

turned_off:
    set TPR, 0x50
    ipi 0x41
    set LVT_ERROR, 0x90
    set SVR, 0xff
    set TPR, 0
    reads LVT_ERROR, 0x10090, "turned off, LVT entries are masked"
    ipi 0x61
    window
    sequence "turned off, nothing comes"
    bit_is nc, IRR, 0x61, "and nothing is taken"
    bit_is c, IRR, 0x41, "what was requested before is kept"
    set SVR, 0x1ff
    window
    sequence "and comes when it is turned on", 0x41
    set LVT_LINT0, 0x700                ; it was masked, too
    ret

; ---- errors ----

errors:
    set LVT_ERROR, 0x90
    set ESR, 0
    ipi 0x0f
    window
    sequence "an illegal vector is an error interrupt", 0x90
    reads ESR, 0, "the ESR is read after it is written"
    set ESR, 0
    reads ESR, 0x20, "send of an illegal vector"
    set ESR, 0
    reads ESR, 0, "and is clean then"
    set LVT_ERROR, 0x10000
    ret

; ---- a level-triggered pin: the UART's line, asserted while it has THRE to
; tell ----

level:
    mov byte [uart_left], 3
    mov ecx, UART_PIN
    mov eax, 0x8000 | UART_VECTOR
    call ioapic_pin
    mov dx, COM1 + 4
    mov al, 0x0b                        ; OUT2 lets the interrupt out
    out dx, al
    mov dx, COM1 + 1
    mov al, 2                           ; THRE
    out dx, al
    window
    mov dx, COM1 + 1
    xor eax, eax
    out dx, al
    sequence "a level comes again until its line falls", UART_VECTOR, \
        UART_VECTOR, UART_VECTOR
    cmp qword [wrong], 0
    check e, "remote IRR and TMR were set, and remote IRR fell at EOI"
    mov qword [wrong], 0
    ; The same vector as an edge, which has no remote IRR.
    mov byte [uart_left], 0
    mov ecx, UART_PIN
    mov eax, UART_VECTOR
    call ioapic_pin
    mov dx, COM1 + 1
    mov al, 2
    out dx, al
    bit_is c, IRR, UART_VECTOR, "an edge of the same vector is taken"
    mov dx, COM1 + 1
    xor eax, eax
    out dx, al
    bit_is nc, TMR, UART_VECTOR, "and clears its TMR bit"
    window
    sequence "it comes once", UART_VECTOR
    mov qword [wrong], 0
    mov ecx, UART_PIN
    mov eax, 0x10000
    call ioapic_pin
    ret

; The pin's remote IRR is set until EOI. The line falls the last time.
uart_interrupt:
    mov al, UART_VECTOR
    call note
    call remote_irr
    jc .set
    inc qword [wrong]
.set:
    must TMR, UART_VECTOR, c
    dec byte [uart_left]
    jg .asserted
    mov dx, COM1 + 2
    in al, dx                           ; IIR: THRE has been told
    call apic_eoi
    call remote_irr
    jnc .clear
    inc qword [wrong]
.clear:
    ret
.asserted:
    jmp apic_eoi

remote_irr:                             ; CF
    mov ebx, IOAPIC
    mov dword [rbx], 0x10 + 2 * UART_PIN
    bt dword [rbx + 0x10], 14
    ret

; ---- the PIC pair, through LINT0 ----

extint:
    mov al, 0xfe
    out 0x21, al                        ; line 0 alone
    mov al, 0x30                        ; channel 0, both bytes, mode 0
    out 0x43, al
    mov al, 100
    out 0x40, al
    xor eax, eax
    out 0x40, al
    ; Its own end, not an edge that has waited in the IRR since before.
.wait:
    mov al, 0xe2                        ; read back: status of channel 0
    out 0x43, al
    in al, 0x40
    test al, 0x80                       ; OUT
    jz .wait
    ipi 0x61
    window
    ; Hardware takes the ExtINT first; Bochs 2.7 does not where it plays the
    ; APIC.
    movzx eax, byte [come]
    movzx ecx, byte [come + 1]
    add eax, ecx
    cmp eax, PIT_IRQ + 0x61
    jne .missing
    cmp dword [come_count], 2
.missing:
    check e, "an ExtINT and one of the APIC's own both come"
    mov byte [different], 0
    call show_sequence
    mov al, 0xff
    out 0x21, al
    ret

pit_interrupt:
    mov al, 0x20
    out 0x20, al
    mov al, PIT_IRQ
    jmp note

; ---- by MSR only ----

%macro refuses 3+                       ; MSR, EAX, TEXT: WRMSR raises #GP
    mov ecx, 0x800 + (%1)
    mov eax, %2
    xor edx, edx
    expect 13, %3, wrmsr
%endmacro

msrs:
    refuses TPR, 0x100, "TPR has eight bits"
    refuses EOI, 1, "EOI takes 0 alone"
    refuses SELF, 0x100, "SELF IPI has eight bits"
    refuses ID, 0, "the id is read-only"
    refuses PPR, 0, "PPR is read-only"
    refuses IRR, 0, "IRR is read-only"
    refuses ICR_HIGH, 0, "there is no second ICR"
    mov ecx, 0x800 + TPR
    mov eax, 0x20
    mov edx, 1
    expect 13, "TPR has no high half", wrmsr
    reads TPR, 0, "a TPR that was refused has not changed"
    mov r8d, EOI
    call unreadable
    check e, "EOI cannot be read"
    mov r8d, SELF
    call unreadable
    check e, "nor SELF IPI"
    mov r8d, 0x0e
    call unreadable
    check e, "there is no DFR"
    mov r8d, 0x2f
    call unreadable
    check e, "nor a CMCI entry"
    mov r8d, 0x40
    call unreadable
    check e, "nor anything at 0x840"
    mov ecx, 0x800 + ICR
    mov eax, 0xc4055
    mov edx, 0x12345678
    wrmsr
    rdmsr
    cmp eax, 0xc4055
    check e, "the ICR reads back"
    cmp edx, 0x12345678
    check e, "with its destination"
    reads VERSION, 0x01050014, "version"
    get LDR
    mov ecx, [own_id]
    mov edx, 1
    and ecx, 15
    shl edx, cl
    mov ecx, [own_id]
    shr ecx, 4
    shl ecx, 16
    or edx, ecx
    cmp eax, edx
    check e, "the LDR follows from the id"
    mov ecx, 0x800 + SELF               ; one more, without the page's routines
    mov eax, 0x61
    xor edx, edx
    sti
    wrmsr
    nop
    cli
    sequence "a SELF IPI comes at the next instruction", 0x61
    ret

; ZF: RDMSR of register R8 raises #GP.
unreadable:
    lea ecx, [r8 + 0x800]
    attempt rdmsr
    cmp qword [vector], 13
    ret

; ---- the registers, in either mode; keep all but RCX and RAX ----

apic_read:
    cmp byte [x2apic], 0
    jne .msr
    shl ecx, 4
    add rcx, [page]
    mov eax, [rcx]
    ret
.msr:
    push rdx
    add ecx, 0x800
    rdmsr
    pop rdx
    ret

apic_write:
    cmp byte [x2apic], 0
    jne .msr
    shl ecx, 4
    add rcx, [page]
    mov [rcx], eax
    ret
.msr:
    push rdx
    add ecx, 0x800
    xor edx, edx
    wrmsr
    pop rdx
    ret

apic_eoi:
    set EOI, 0
    ret

; EAX: the vector.
self_ipi:
    cmp byte [x2apic], 0
    jne .msr
    or eax, 0x40000
    mov ecx, ICR
    jmp apic_write
.msr:
    mov ecx, SELF
    jmp apic_write

; EAX: the ICR's low half, EDX: the destination.
send:
    cmp byte [x2apic], 0
    jne .msr
    push rax
    mov eax, edx
    shl eax, 24
    mov ecx, ICR_HIGH
    call apic_write
    pop rax
    mov ecx, ICR
    jmp apic_write
.msr:
    mov ecx, 0x800 + ICR
    wrmsr
    ret

; ---- what has come ----

noted:
    mov eax, [rsp + 56]                 ; the vector, under guest.inc's pushes
    call note
    jmp apic_eoi

note:                                   ; AL
    push rbx
    mov ebx, [come_count]
    and ebx, 31
    mov [come + rbx], al
    inc dword [come_count]
    pop rbx
    ret

; RSI: ECX vectors. ZF: they are what has come.
same_sequence:
    cmp ecx, [come_count]
    jne .done
    lea rdi, [come]
    cmp eax, eax                        ; ZF, should ECX be 0
    repe cmpsb
.done:
    setne [different]
    ret

; Prints what has come if it was not the same, and forgets it.
show_sequence:
    cmp byte [different], 0
    je .forget
    xor r9d, r9d
.next:
    cmp r9d, [come_count]
    jae .printed
    movzx eax, byte [come + r9]
    say " "
    call print_hex
    inc r9d
    jmp .next
.printed:
    say 10
.forget:
    mov dword [come_count], 0
    ret

x2apic:     db 0
uart_left:  db 0
different:  db 0
align 8
page:       dq LAPIC
own_id:     dq 0
wrong:      dq 0
come_count: dq 0
come:       times 32 db 0
finish
