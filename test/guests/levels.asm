; Level-triggered interrupts on several processors: whichever of them ends one,
; the IOAPIC hears of it, and of nothing else. By the page, then by the x2APIC's
; MSRs.
%include "guest.inc"
    jmp main
%include "smp.inc"

PIN    equ 4                            ; the 16550's
VECTOR equ 0x65
IER    equ COM1 + 1
IIR    equ COM1 + 2
LEVEL  equ 0x8000
SET    equ 0x0800                       ; a logical destination
MASKED equ 0x10000

taken   equ SCRATCH + 0x1800            ; a processor's interrupts, 8 bytes each

left:    dq 0                           ; times that it comes
over:    dq 0                           ; it has come for the last time
hold:    dq 0                           ; its handler waits for `release`
holding: dq 0                           ; and does so now
release: dq 0
edge:    dq 0                           ; whom it comes to as an edge
edges:   dq 0
many:    dq 0                           ; it goes to several
wrong:   dq 0

; ---- the line ----

; EAX the low half of the pin's entry, EDX its destination.
route:
    push rbx
    mov ebx, IOAPIC
    shl edx, 24
    mov dword [rbx], 0x11 + 2 * PIN
    mov [rbx + 0x10], edx
    mov dword [rbx], 0x10 + 2 * PIN
    mov [rbx + 0x10], eax
    pop rbx
    ret

; CF: the IOAPIC waits for its end.
remote_irr:
    push rbx
    mov ebx, IOAPIC
    mov dword [rbx], 0x10 + 2 * PIN
    bt dword [rbx + 0x10], 14
    pop rbx
    ret

line_up:
    mov dx, COM1 + 4
    mov al, 0x0b                        ; OUT2 lets the interrupt out
    out dx, al
    mov dx, IER
    mov al, 2                           ; THRE, which is so
    out dx, al
    ret

; Its cause has been told.
line_down:
    push rax
    push rdx
    mov dx, IIR
    in al, dx
    pop rdx
    pop rax
    ret

no_line:
    mov eax, MASKED
    xor edx, edx
    call route
    mov dx, IER
    xor eax, eax
    out dx, al
    ret

; ---- its handler ----

level:
    me
    cmp rax, [edge]
    je .edge
    lock inc qword [taken + rax * 8]
    cmp qword [many], 0
    jne .many
    call remote_irr
    jc .waits
    lock inc qword [wrong]
.waits:
    cmp qword [hold], 0
    jne .hold
    dec qword [left]
    jg .again
    call line_down
    call eoi
    call remote_irr
    jnc .ended
    lock inc qword [wrong]
.ended:
    mov qword [over], 1
    ret
.hold:
    mov qword [holding], 1
.held:
    pause
    cmp qword [release], 0
    je .held
.again:
    jmp eoi
.many:
    call line_down
    jmp eoi
.edge:
    lock inc qword [edges]
    jmp eoi

; R14 is the only one that it has come to, RAX times since the counts were
; cleared; what is not so gathers in R13.
came_to:
    xor ecx, ecx
.next:
    mov rdx, [taken + rcx * 8]
    cmp rcx, r14
    jne .other
    sub rdx, rax
.other:
    or r13, rdx
    inc ecx
    cmp rcx, [smp_count]
    jb .next
    ret

clear:
    mov edi, taken
    mov rcx, [smp_count]
    xor eax, eax
    rep stosq
    mov [over], rax
    mov [hold], rax
    mov [holding], rax
    mov [release], rax
    mov [edges], rax
    mov [many], rax
    mov qword [edge], -1
    ret

; One that is not the second, and the last if there are more.
another:
    mov rdx, [smp_count]
    dec edx
    cmp edx, 1
    jne .is
    xor edx, edx
.is:
    ret

await_end:
    sti
    lea rdi, [over]
    mov edx, 1
    call wait_for
    cli
    ret

; ---- the tests ----

in_turn:
    xor r13d, r13d
    xor r14d, r14d
.next:
    call clear
    mov qword [left], 3
    mov eax, LEVEL | VECTOR
    mov edx, r14d
    call route
    call line_up
    call await_end
    call no_line
    mov eax, 3
    call came_to
    inc r14
    cmp r14, [smp_count]
    jb .next
    or r13, [wrong]
    check z, "to each in turn, as often as it ends it while the line is up"
    ret

; The second one is in its handler, and the pin leads to another one by then.
moved:
    call held
    call another
    mov r14d, edx
    mov eax, LEVEL | VECTOR
    call route
    mov qword [hold], 0
    mov qword [left], 1
    mov qword [release], 1
    call await_end
    call no_line
    xor r13d, r13d
    cmp qword [taken + 8], 1
    setne r13b
    mov qword [taken + 8], 0
    mov eax, 1
    call came_to
    or r13, [wrong]
    check z, "the end by one brings it to another, where the pin leads now"
    ret

; The second one has it in service until it is released.
held:
    call clear
    mov qword [hold], 1
    mov eax, LEVEL | VECTOR
    mov edx, 1
    call route
    call line_up
    lea rdi, [holding]
    mov edx, 1
    jmp wait_for

; Nothing is printed until the line is no more: it would come again.

; The same vector comes to another one as an edge, and its end is nobody's.
as_an_edge:
    call held
    call another
    mov [edge], rdx
    mov eax, 0x4000 | VECTOR
    sti
    call send_to
    lea rdi, [edges]
    mov edx, 1
    call wait_for
    cli
    setne r13b
    call remote_irr
    setnc r14b
    call line_down
    mov qword [release], 1
    mov eax, 1
    call pause_ms
    call remote_irr
    setc r15b
    call no_line
    test r13b, r13b
    check z, "its vector comes to another one as an edge"
    test r14b, r14b
    check z, "whose end the IOAPIC does not hear"
    test r15b, r15b
    check z, "as it hears that of the level"
    ret

; Of two, either may be the first to end it.
set_of_two:
    call clear
    mov qword [many], 1
    mov eax, LEVEL | SET | VECTOR
    mov edx, 3
    call route
    call line_up
    sti
    mov eax, 2
    call pause_ms
    cli
    call remote_irr
    setc r13b
    call no_line
    mov rax, [taken]
    and rax, [taken + 8]
    cmp rax, 1
    check e, "to a set of two, once to both"
    test r13b, r13b
    check z, "and ended"
    ret

main:
guest "levels"
    call smp_start
    check e, "all processors start"
    on_interrupt VECTOR, level
    say "by the page", 10
    call in_turn
    call moved
    call as_an_edge
    say "by MSR", 10
    lea rax, [x2apic_on]
    call all_others
    call x2apic_on
    mov qword [x2apic], 1
    call in_turn
    call moved
    call as_an_edge
    call set_of_two
    finish
