; Control registers and XSETBV: what is allowed works, what is not is #GP
; (SDM 3A 2.5, 2A MOV CR, XSETBV).
%include "guest.inc"
guest "cr"
    mov rax, cr0
    mov rbx, rax
    xor rax, 1 << 16                    ; WP
    mov cr0, rax
    mov rcx, cr0
    cmp rax, rcx
    check e, "CR0.WP can be changed"
    mov cr0, rbx
    mov rax, rbx
    or rax, 1 << 30                     ; CD
    mov cr0, rax
    mov rcx, cr0
    bt rcx, 30
    check c, "CR0.CD reads back"
    mov cr0, rbx
    mov rax, rbx
    bts rax, 32
    expect 13, "CR0 with a bit above 31: #GP", mov cr0, rax
    mov rax, rbx
    btr rax, 0
    expect 13, "PG without PE: #GP", mov cr0, rax
    mov rax, rbx
    btr rax, 31
    expect 13, "PG off in 64-bit mode: #GP", mov cr0, rax
    mov rax, rbx
    or rax, 1 << 3
    mov cr0, rax                        ; TS
    clts
    mov rax, cr0
    bt rax, 3
    check nc, "CLTS clears CR0.TS"
    smsw rax
    mov rcx, cr0
    cmp rax, rcx
    check e, "SMSW tells CR0"
    mov ax, cx
    or ax, 8
    lmsw ax
    mov rax, cr0
    bt rax, 3
    check c, "LMSW sets TS"
    clts
    mov rbx, cr4
    mov rax, rbx
    or rax, 1 << 13                     ; VMXE
    expect 13, "CR4.VMXE: #GP", mov cr4, rax
    mov rax, rbx
    bts rax, 31
    expect 13, "a reserved bit of CR4: #GP", mov cr4, rax
    mov rax, rbx
    btr rax, 5
    expect 13, "PAE off in 64-bit mode: #GP", mov cr4, rax
    mov rax, rbx
    or rax, 1 << 7                      ; PGE
    mov cr4, rax
    mov rcx, cr4
    cmp rax, rcx
    check e, "CR4.PGE can be set"
    mov cr4, rbx
    mov rax, cr4
    bt rax, 13
    check nc, "CR4.VMXE reads 0"
    mov eax, 5
    mov cr8, rax
    mov rcx, cr8
    cmp rcx, 5
    check e, "CR8 reads back"
    mov edx, LAPIC
    cmp dword [rdx + 0x80], 0x50
    check e, "and is the task priority"
    mov eax, 0x10
    expect 13, "CR8 above 15: #GP", mov cr8, rax
    xor eax, eax
    mov cr8, rax
    mov rbx, cr3
    mov rax, rbx
    bts rax, 62
    expect 13, "CR3 with a reserved bit: #GP", mov cr3, rax
    mov cr3, rbx
    expect 6, "no VMX instructions: #UD", vmlaunch
    expect NOTHING, "but KVM's hypercall", vmcall
    mov eax, 12345
    vmcall
    cmp rax, -1000                      ; -KVM_ENOSYS
    check e, "which knows no number"
    mov eax, 1
    cpuid
    bt ecx, 26
    jnc .no_xsave
    mov rax, cr4
    btr rax, 18
    mov cr4, rax
    xor ecx, ecx
    mov eax, 1
    xor edx, edx
    expect 6, "XSETBV without OSXSAVE: #UD", xsetbv
    mov rax, cr4
    bts rax, 18
    mov cr4, rax
    mov eax, 1
    cpuid
    bt ecx, 27
    check c, "CPUID follows CR4.OSXSAVE"
    xor ecx, ecx
    mov eax, 3
    xor edx, edx
    expect NOTHING, "XCR0 = x87 and SSE", xsetbv
    xgetbv
    cmp eax, 3
    check e, "XGETBV tells it"
    xor ecx, ecx
    xor edx, edx
    mov eax, 2
    expect 13, "XCR0 without x87: #GP", xsetbv
    mov eax, 5
    expect 13, "AVX without SSE: #GP", xsetbv
    mov eax, 3
    mov edx, 0x40000000
    expect 13, "a reserved bit of XCR0: #GP", xsetbv
    xor edx, edx
    mov ecx, 1
    expect 13, "XCR1: #GP", xsetbv
.no_xsave:
finish
