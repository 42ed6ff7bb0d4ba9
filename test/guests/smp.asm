; Several processors, 2 to 64: start, interrupts in every destination mode and
; shorthand with an answer from exactly those they are for, NMIs, a processor
; that starts again, storms, time, and processors that will not let go.
%include "guest.inc"
    jmp main
%include "smp.inc"
%include "kvmclock.inc"

everybody: dq 0                         ; a bit for each processor
others:    dq 0                         ; all but the first
acked:     dq 0                         ; how many have found what they should

main:
guest "smp"
    call smp_start
    check e, "all processors start"
    call starts_are_one
    check z, "each of them once, with two SIPIs"
    mov rcx, [smp_count]
    mov rax, -1
    neg cl
    shr rax, cl
    mov [everybody], rax
    and al, 0xfe
    mov [others], rax

    call topology
    call xapic_physical
    call xapic_logical
    call lowest
    call by_nmi
    call by_ioapic
    call again
    call to_x2apic
    call x2apic_modes
    call storm
    call time
    call greedy
    jmp power_off

; ZF: every processor but the first has started once.
starts_are_one:
    mov rcx, [smp_count]
    mov ebx, 1
    xor edx, edx
.next:
    cmp rbx, rcx
    jae .done
    mov rax, [starts + rbx * 8]
    dec rax
    or rdx, rax
    inc rbx
    jmp .next
.done:
    test rdx, rdx
    ret

; A fixed interrupt to each in turn, by its number. ZF: that one answered,
; alone. What is wrong gathers in R13.
each_alone:
    xor r13d, r13d
    xor r14d, r14d
.next:
    mov qword [answered], 0
    xor r8d, r8d
    bts r8, r14
    mov eax, 0x4000 | ANSWER
    mov edx, r14d
    sti
    call send_to
    call await_answers
    cli
    mov rax, [answered]
    xor rax, r8
    or r13, rax
    inc r14
    cmp r14, [smp_count]
    jb .next
    test r13, r13
    ret

; ---- what each is told of itself ----

check_ids:
    me
    mov r8, rax
    mov eax, 1
    cpuid
    shr ebx, 24
    cmp ebx, r8d
    jne .wrong
    mov eax, 0xb
    xor ecx, ecx
    cpuid
    cmp edx, r8d
    jne .wrong
    mov ebx, LAPIC
    mov eax, [rbx + 0x20]
    shr eax, 24
    cmp eax, r8d
    jne .wrong
    mov ecx, MSR_APIC_BASE              ; BSP, of the first alone
    rdmsr
    bt eax, 8
    sbb eax, eax
    test r8d, r8d
    setz cl
    neg cl
    cmp al, cl
    jne .wrong
    lock inc qword [acked]
.wrong:
    ret

topology:
    mov qword [acked], 0
    lea rax, [check_ids]
    call all_others
    call check_ids
    mov rax, [acked]
    cmp rax, [smp_count]
    check e, "CPUID and local APIC agree on every id"
    ret

; The subjects, in their order.
%include "smp_xapic.inc"
%include "smp_restart.inc"
%include "smp_x2apic.inc"
%include "smp_storm.inc"
%include "smp_time.inc"
%include "smp_greedy.inc"
payload_end:
payload_size equ payload_end - payload
