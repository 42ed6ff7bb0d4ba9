; The local APIC turned off and in x2APIC mode: CPUID says that it is off (SDM
; 3A 11.4.3), its page is not there, and it does not move.
%include "guest.inc"

; base BITS: IA32_APIC_BASE with EXTD and EN as in BITS.
%macro base 1
    mov ecx, MSR_APIC_BASE
    rdmsr
    and eax, ~(APIC_BASE_EXTD | APIC_BASE_EN)
    or eax, %1
    wrmsr
%endmacro

; apic_flag CONDITION, TEXT: CPUID.1:EDX[9] is set (c) or not (nc).
%macro apic_flag 2+
    mov eax, 1
    cpuid
    bt edx, 9
    check %1, %2
%endmacro

guest "apicoff"
    call pic_off
    apic_flag c, "CPUID has an APIC"
    base 0
    apic_flag nc, "off, it has none"
    call no_page
    base APIC_BASE_EN
    apic_flag c, "on again, it has one"
    mov ebx, LAPIC
    mov eax, [rbx + 0x30]
    cmp al, 0x14
    check e, "and it has its page"
    call lapic_on
    cmp dword [rbx + 0xf0], 0x1ff
    check e, "which takes writes"
    base APIC_BASE_EN | APIC_BASE_EXTD
    apic_flag c, "CPUID has one in x2APIC mode"
    call no_page
    mov ecx, MSR_X2APIC + 0x0f          ; the spurious vector's register
    rdmsr
    cmp eax, 0x1ff
    check e, "where a write to the page has changed nothing"
    base 0
    base APIC_BASE_EN

    mov ecx, MSR_APIC_BASE
    rdmsr
    mov r8d, eax
    xor eax, 0x00100000
    expect 13, "a page elsewhere: #GP", wrmsr
    rdmsr
    cmp eax, r8d
    check e, "and it is where it was"
    mov ebx, LAPIC
    mov eax, [rbx + 0x30]
    cmp al, 0x14
    check e, "and answers"
    jmp power_off

; Reads of the page give ones, writes are lost.
no_page:
    mov ebx, LAPIC
    mov eax, [rbx + 0x30]
    cmp eax, -1
    check e, "its page reads as ones"
    mov al, [rbx + 0x21]
    cmp al, 0xff
    check e, "a byte of it too"
    mov rax, [rbx + 0xff8]
    cmp rax, -1
    check e, "and its last eight"
    mov dword [rbx + 0xf0], 0
    mov byte [rbx + 0xb0], 0
    xor ecx, ecx
    lock xadd [rbx + 0x80], ecx
    cmp ecx, -1
    check e, "writes to it are lost"
    ret
finish
