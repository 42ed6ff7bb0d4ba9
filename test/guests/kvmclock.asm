; KVM's clock: its page, its wall clock, its rate against TSC, PIT and RTC, TSCs
; that move, and addresses that are none.
%include "guest.inc"

PAGE     equ SCRATCH                    ; of the clock
WALL     equ SCRATCH + 0x100
CROSSING equ SCRATCH + 0x1000 - 12      ; a page's last bytes

guest "kvmclock"
    mov eax, 0x40000001
    cpuid
    and eax, ~2                         ; no delays at ports
    cmp eax, 1 << 0 | 1 << 3 | 1 << 24
    check e, "CPUID: CLOCKSOURCE, CLOCKSOURCE2, CLOCKSOURCE_STABLE_BIT"
    call register
    cmp qword [PAGE + 16], 0
    check ne, "the page's time is not 0"
    call now
    mov rbp, rax
    cmp byte [PAGE + 29], 1
    check e, "PVCLOCK_TSC_STABLE_BIT"
    test byte [PAGE], 1
    check z, "the version is even"
    mov ecx, 0x12
    rdmsr
    cmp eax, PAGE | 1
    check e, "the old MSR reads the same"

    ; It never goes back.
    mov esi, 20000
.again:
    call now
    cmp rax, rbp
    jb .back
    mov rbp, rax
    dec esi
    jnz .again
.back:
    test esi, esi
    check z, "20000 reads, each no less than the one before"

    ; The same MSR once more.
    mov r14, [PAGE + 16]
    call register
    cmp [PAGE + 16], r14
    check a, "written again, the page has a later time"
    call now
    cmp rax, rbp
    check ae, "that goes on from what was read before"

    ; Ticks between two reads, by leaf 0x40000010 and by leaf 0x15.
    call ticks
    mov r12, rax
    call now
    mov r13, rax
    mov ecx, 1000000
.spin:
    loop .spin
    call ticks
    sub rax, r12
    mov r12, rax                        ; ticks
    call now
    sub rax, r13
    mov r13, rax                        ; nanoseconds
    call tsc_khz
    mov ecx, eax
    mov rax, r12
    mov edx, 1000000
    mul rdx
    div rcx                             ; ticks in ns
    mov rcx, r13
    mov edx, 10000
    call close
    check e, "as fast as leaf 0x40000010 says"
    mov eax, 0x15
    cpuid
    mov esi, eax                        ; TSC / crystal = EBX / EAX
    mov edi, ebx
    mov eax, ecx
    mov ecx, 1000000000
    cmp eax, ecx
    check e, "leaf 0x15: a crystal of 1 GHz"
    mov rax, r12
    mul rsi
    div rdi
    mov rcx, r13
    mov edx, 10000
    call close
    check e, "as fast as leaf 0x15 says"

    ; A second of the RTC.
    call next_second
    call now
    mov r12, rax
    call next_second
    call now
    sub rax, r12
    mov ecx, 1000000000
    mov edx, 1000
    call close
    check e, "a second of the RTC is one of this clock"

    ; The wall clock.
    mov ecx, MSR_WALL
    mov rax, WALL
    call write_msr
    test byte [WALL], 1
    check z, "the wall clock's version is even"
    call next_second
    mov edi, eax                        ; 0 to 59
    call now
    mov ecx, [WALL + 8]
    add rax, rcx
    mov ecx, 1000000000
    xor edx, edx
    div rcx
    mov ecx, [WALL + 4]
    add rax, rcx                        ; seconds since 1970
    cmp rax, [january_2020]
    check a, "the wall clock knows the year"
    mov ecx, 60
    xor edx, edx
    div rcx
    cmp edx, edi
    check e, "and the RTC's second"

    ; The TSC is set: time goes on.
    call now
    mov r12, rax
    mov ecx, 0x10
    mov rax, 0x123456789abcdef
    call write_msr
    call now
    sub rax, r12
    cmp rax, 1000000
    check b, "time goes on when the TSC is set"
    mov ecx, MSR_TSC_ADJUST
    xor eax, eax
    call write_msr
    call now
    sub rax, r12
    cmp rax, 1000000
    check b, "and when it is adjusted"

    ; Elsewhere, across a page's end; the old place is plain memory again.
    mov ecx, 0x12
    mov rax, CROSSING | 1
    call write_msr
    mov eax, [CROSSING + 24]
    cmp eax, [PAGE + 24]
    check e, "a structure across two pages"
    mov dword [PAGE], 0x55
    mov ecx, MSR_TSC_ADJUST
    mov rax, 12345
    call write_msr
    cmp dword [PAGE], 0x55
    check e, "the place it was at before is left alone"
    mov ecx, MSR_TIME
    xor eax, eax
    call write_msr
    mov dword [CROSSING], 0x55
    mov ecx, MSR_TSC_ADJUST
    xor eax, eax
    call write_msr
    cmp dword [CROSSING], 0x55
    check e, "turned off, it writes nothing"

    ; Where there is no memory.
    mov ecx, MSR_TIME
    mov rax, 0xd0000001
    call write_msr
    mov rax, -1
    call write_msr
    mov rax, (16 << 20) - 16 + 1
    call write_msr
    mov ecx, MSR_WALL
    mov rax, 0xfffffffffffffffc
    call write_msr
    say "ok addresses without memory", 10
    jmp power_off

january_2020: dq 1577836800

; Registers PAGE: it has the TSC of that moment.
register:
    call ticks
    mov r12, rax
    mov ecx, MSR_TIME
    mov rax, PAGE | 1
    call write_msr
    call ticks
    mov rcx, [PAGE + 8]
    sub rcx, r12                        ; from 0 to what passed meanwhile
    sub rax, r12
    cmp rcx, rax
    check be, "the page's TSC is that of the write"
    ret

now:
    push rbx
    mov ebx, PAGE
    call now_at
    pop rbx
    ret

%include "kvmclock.inc"

; ZF: RAX and RCX differ by less than an EDXth part of RCX.
close:
    push rbx
    mov ebx, edx
    sub rax, rcx
    jns .positive
    neg rax
.positive:
    mul rbx
    cmp rax, rcx
    mov eax, 0
    jb .out
    inc eax
.out:
    test eax, eax
    pop rbx
    ret

; Waits until the RTC's second changes; EAX: it, in binary.
next_second:
    call second
    mov ebx, eax
.wait:
    call second
    cmp eax, ebx
    je .wait
    mov ebx, eax
    shr eax, 4
    imul eax, 10
    and ebx, 15
    add eax, ebx
    ret

second:
    mov al, 0x0b                        ; BCD, 24 hours
    out 0x70, al
    mov al, 2
    out 0x71, al
    mov al, 0x0a
    out 0x70, al
.updating:
    in al, 0x71
    test al, 0x80
    jnz .updating
    xor eax, eax
    out 0x70, al
    in al, 0x71
    ret
finish
