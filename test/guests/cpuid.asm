; CPUID, intercepted: a hypervisor's answers (SDM 2A CPUID).
%include "guest.inc"
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
    xor eax, eax
    xor ecx, ecx
    cpuid
    mov r8d, ebx
    mov eax, 0x7fffffff
    cpuid
    check nc, "a leaf far out of range does no harm"
finish
