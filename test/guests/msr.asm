; RDMSR and WRMSR: those that exist, those that do not (#GP), and a sweep.
%include "guest.inc"

%macro expect_gp_read 1
    mov ecx, %1
    attempt rdmsr
    cmp qword [vector], 13
%endmacro

guest "msr"
    mov ecx, MSR_EFER
    rdmsr
    and eax, 0x500
    cmp eax, 0x500
    check e, "EFER has LME and LMA"
    mov ecx, MSR_APIC_BASE
    rdmsr
    and eax, 0xfffff900
    cmp eax, 0xfee00900
    check e, "APIC_BASE: enabled, boot processor, 0xfee00000"
    mov ecx, 0x10                       ; IA32_TIME_STAMP_COUNTER
    rdmsr
    mov ebx, eax
    mov esi, 100                        ; Bochs' clock stands for some
.tsc:                                   ; instructions where it has processors
    rdmsr
    cmp eax, ebx
    ja .grown
    dec esi
    jnz .tsc
.grown:
    cmp eax, ebx
    check a, "the TSC grows"
    mov ecx, MSR_KERNEL_GS_BASE
    mov eax, 0x12345678
    mov edx, 0x7fff
    wrmsr
    xor eax, eax
    rdmsr
    cmp eax, 0x12345678
    check e, "KERNEL_GS_BASE keeps what is written"
    mov edx, 0x80000000
    expect 13, "a base that is not canonical: #GP", wrmsr
    expect_gp_read 0x00003fff
    check e, "MSR 0x3fff does not exist"
    expect_gp_read 0xc0001fff
    check e, "MSR 0xc0001fff does not exist"
    expect_gp_read 0x12345678
    check e, "MSR 0x12345678 does not exist"
    mov ecx, 0x12345678
    expect 13, "nor can it be written", wrmsr
    expect_gp_read 0x480
    check e, "no VMX capability MSRs"
    mov ecx, MSR_EFER
    rdmsr
    or eax, 1 << 20
    expect 13, "a reserved bit of EFER: #GP", wrmsr
    mov ecx, 0x277                      ; IA32_PAT
    mov eax, 2                          ; not a memory type
    xor edx, edx
    expect 13, "PAT with a reserved type: #GP", wrmsr

    ; Every MSR of the architectural ranges, read and written back.
    xor ebp, ebp                        ; that were readable
    xor esi, esi
.low:
    call try_one
    inc esi
    cmp esi, 0x2000
    jb .low
    mov esi, 0xc0000000
.high:
    call try_one
    inc esi
    cmp esi, 0xc0002000
    jb .high
    cmp ebp, 10
    check a, "a sweep over 16384 MSRs: some are there"
    cmp ebp, 2000
    check b, "and most are not"
    jmp power_off

; ESI: read it, and write back what was read.
try_one:
    mov ecx, esi
    attempt rdmsr
    cmp qword [vector], NOTHING
    jne .out
    inc ebp
    cmp esi, 0x10                       ; not the clock
    je .out
    cmp esi, 0x6e0                      ; nor its alarm
    je .out
    attempt wrmsr
.out:
    ret
finish
