; CPUID, intercepted: a hypervisor's answers (SDM 2A CPUID).
%include "guest.inc"
LIMIT_CPUID equ 1 << 22
XD_DISABLE  equ 1 << 2                  ; of EDX: bit 34
NXE         equ 1 << 11

guest "cpuid"
    xor eax, eax
    cpuid
    cmp eax, 7
    check ae, "the highest basic leaf is at least 7"
    mov eax, 1
    cpuid
    bt ecx, 31
    check c, "the hypervisor bit is set"
    bt ecx, 5
    check nc, "no VMX is offered"
    bt ecx, 27
    setc al
    mov rbx, cr4
    bt rbx, 18
    setc bl
    cmp al, bl
    check e, "OSXSAVE is CR4's"
    mov eax, 0x40000000
    cpuid
    cmp ebx, "KVMK"
    check e, "KVM's signature at 0x40000000"
    mov eax, 0x40000100
    cpuid
    cmp ebx, "Lint"
    check e, "Lintel's at 0x40000100"
    mov eax, 0x40000010
    cpuid
    cmp eax, 1000
    check a, "leaf 0x40000010 tells a TSC rate"
    mov rax, 0xdeadbeef00000001
    mov rcx, -1
    cpuid
    mov rsi, 0xffffffff00000000
    or rax, rbx
    or rax, rcx
    or rax, rdx
    test rax, rsi
    check z, "upper halves of the four registers are cleared"
    mov eax, 0x7fffffff
    cpuid
    say "ok a leaf far out of range does no harm", 10

    ; What IA32_MISC_ENABLE turns off (SDM 4 Table 2-2).
    mov ecx, MSR_MISC_ENABLE
    rdmsr
    mov r12d, eax                       ; as firmware leaves it
    mov r13d, edx
    test eax, LIMIT_CPUID
    check z, "firmware does not limit CPUID"
    test edx, XD_DISABLE
    check z, "nor turn XD off"
    mov ecx, MSR_EFER
    rdmsr
    and eax, ~NXE
    wrmsr
    mov ecx, MSR_MISC_ENABLE
    mov eax, r12d
    mov edx, r13d
    or eax, LIMIT_CPUID
    or edx, XD_DISABLE
    wrmsr
    rdmsr
    xor eax, r12d
    xor edx, r13d
    cmp eax, LIMIT_CPUID
    check e, "Limit CPUID Maxval can be set"
    cmp edx, XD_DISABLE
    check e, "and XD Bit Disable"
    xor eax, eax
    cpuid
    cmp eax, 2
    check e, "then the highest basic leaf is 2"
    mov eax, 2
    cpuid
    mov r8d, eax
    mov r9d, edx
    mov eax, 7
    xor ecx, ecx
    cpuid
    cmp eax, r8d
    check e, "and leaf 7 is as leaf 2"
    cmp edx, r9d
    check e, "in EDX too"
    mov eax, 0x80000001
    cpuid
    bt edx, 20
    check nc, "and there is no NX"
    mov ecx, MSR_EFER
    rdmsr
    or eax, NXE
    expect 13, "EFER.NXE: #GP", wrmsr
    mov ecx, MSR_MISC_ENABLE
    mov eax, r12d
    mov edx, r13d
    wrmsr
    mov eax, 7
    xor ecx, ecx
    cpuid
    cmp eax, 1
    check be, "cleared, leaf 7 is itself again"
    mov eax, 0x80000001
    cpuid
    bt edx, 20
    check c, "and there is NX"
    mov ecx, MSR_EFER
    rdmsr
    or eax, NXE
    expect NOTHING, "which EFER takes", wrmsr
    mov ecx, MSR_MISC_ENABLE
    rdmsr
    or edx, XD_DISABLE
    expect 13, "XD Bit Disable under NXE: #GP", wrmsr

    ; A 2 MiB page of free memory at the end of the lower canonical half.
    mov rdi, cr3
    and rdi, -0x1000
    mov qword [rdi + 255 * 8], TABLES | 3
    mov qword [TABLES + 511 * 8], (TABLES + 0x1000) | 3
    mov qword [TABLES + 0x1000 + 511 * 8], LAST_PAGE | 0x83
    mov word [LAST_PAGE + 0x1ffffe], 0xa20f ; CPUID
    mov rdi, 0x7ffffffffffe
    expect 13, "CPUID ends at the last canonical address: #GP", jmp rdi
    mov rax, 0x800000000000
    cmp [fault_rip], rax
    check e, "its RIP is the address behind"
finish

TABLES    equ SCRATCH                   ; a PDPT and a page directory
LAST_PAGE equ 0x200000                  ; with IDT and FREE at its start

