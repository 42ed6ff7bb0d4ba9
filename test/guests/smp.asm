; Several processors, 2 to 64: start, interrupts in every destination mode and
; shorthand with an answer from exactly those they are for, NMIs, a processor
; that starts again, storms, time, and processors that will not let go.
%include "guest.inc"
    jmp main
%include "smp.inc"
%include "kvmclock.inc"

PIT_VECTOR equ 0x52
STORM      equ 0x53

everybody: dq 0                         ; a bit for each processor
others:    dq 0                         ; all but the first
last_time: dq 0
time_lock: dq 0
time_back: dq 0                         ; times that the clock went back
clock:     dq ticks                     ; which one: returns RAX
stop:      dq 0
acked:     dq 0
saved:     dq 0

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
    mov ecx, 0x1b                       ; BSP, of the first alone
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

; ---- the memory-mapped local APIC ----

xapic_physical:
    ; Each one alone; what is wrong gathers in R13.
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
    check z, "physical: each one alone"
    ipi 0x4000 | ANSWER, 0xff, [everybody], "physical broadcast"
    ipi 0x44000 | ANSWER, 0, 1, "shorthand: self"
    ipi 0x84000 | ANSWER, 0, [everybody], "shorthand: all"
    ipi 0xc4000 | ANSWER, 0, [others], "shorthand: all but self"
    ipi 0x4000 | ANSWER, 0x80, 0, "a destination that is nobody"
    ret

; Each sets its own logical id by the function in RAX.
set_logical:
    push rax
    call all_others
    pop rax
    jmp rax

; Flat: the first eight have a bit each.
flat:
    me
    mov ebx, LAPIC
    mov dword [rbx + 0xe0], -1
    xor edx, edx
    cmp eax, 8
    jae .set
    bts edx, eax
    shl edx, 24
.set:
    mov [rbx + 0xd0], edx
    ret

; Clusters of four; the sixteenth is not to be had.
cluster:
    me
    mov ebx, LAPIC
    mov dword [rbx + 0xe0], 0x0fffffff
    xor edx, edx
    cmp eax, 60
    jae .set
    mov ecx, eax
    and ecx, 3
    bts edx, ecx
    shr eax, 2
    shl eax, 4
    or edx, eax
    shl edx, 24
.set:
    mov [rbx + 0xd0], edx
    ret

xapic_logical:
    lea rax, [flat]
    call set_logical
    mov r9, [everybody]
    and r9, 0xaa
    ipi 0x4800 | ANSWER, 0xaa, r9, "logical, flat: a set"
    ipi 0x4800 | ANSWER, 0xff, [everybody], "logical, flat: broadcast"
    lea rax, [cluster]
    call set_logical
    mov r9, [everybody]
    and r9, 0x60
    ipi 0x4800 | ANSWER, 0x16, r9, "logical, cluster: two of the second"
    mov r9, [everybody]
    and r9, 3
    ipi 0x4800 | ANSWER, 0x03, r9, "logical, cluster: two of the first"
    ipi 0x4800 | ANSWER, 0xff, [everybody], "logical, cluster: broadcast"
    lea rax, [flat]
    jmp set_logical

; ---- lowest priority ----

busy:
    me
    cmp eax, 1
    je .not
    mov ebx, LAPIC
    mov dword [rbx + 0x80], 0x40
.not:
    ret

not_busy:
    mov ebx, LAPIC
    mov dword [rbx + 0x80], 0
    ret

lowest:
    mov qword [answered], 0
    mov eax, 0x4900 | ANSWER
    mov edx, 0xff
    sti
    call send_to
    mov eax, 2
    call pause_ms
    cli
    popcnt rax, [answered]
    cmp eax, 1
    check e, "lowest priority: one of all"
    lea rax, [busy]
    call set_logical
    ipi 0x4900 | ANSWER, 0xff, 2, "lowest priority: the one that is"
    lea rax, [not_busy]
    jmp set_logical

; ---- NMI ----

by_nmi:
    ipi 0x4400, 1, 2, "NMI to one"
    ipi 0xc4400, 0, [others], "NMI to all others"
    ipi 0x4400, 0xff, [everybody], "NMI by physical broadcast"
    ret

; ---- the IOAPIC ----

; Pin 2, the PIT, to a set of processors.
by_ioapic:
    on_interrupt PIT_VECTOR, answer
    mov al, 0x30                        ; counter 0, once, from about 1 ms
    out 0x43, al
    mov ebx, IOAPIC
    mov dword [rbx], 0x15
    mov dword [rbx + 0x10], 0x06000000
    mov dword [rbx], 0x14
    mov dword [rbx + 0x10], 0x0800 | PIT_VECTOR
    mov r9, [everybody]
    and r9, 6
    mov qword [answered], 0
    mov r8, r9
    mov al, 0xa9
    out 0x40, al
    mov al, 4
    out 0x40, al
    sti
    call await_answers
    cli
    cmp [answered], r8
    check e, "IOAPIC: a logical set"
    mov ebx, IOAPIC
    mov dword [rbx], 0x14
    mov dword [rbx + 0x10], 0x10000
    ret

; ---- INIT of a processor that runs ----

dig_in:
    me
    cmp eax, 1
    jne .not
    lock inc qword [acked]
    cli
    jmp $
.not:
    ret

again:
    mov qword [acked], 0
    mov qword [worked], 0
    lea rax, [dig_in]
    mov [work], rax
    lock inc qword [work_turn]
    mov eax, 0x000c4000 | ANSWER
    call send
    mov edx, 1
    lea rdi, [acked]
    call wait_for
    mov rdx, [smp_count]
    sub edx, 2
    lea rdi, [worked]
    call wait_for
    mov eax, 0x4500                     ; INIT
    mov edx, 1
    call send_to
    mov eax, 2
    call pause_ms
    ipi 0x4000 | ANSWER, 1, 0, "one that waits for SIPI answers nothing"
    mov eax, 0x4600 | SIPI
    mov edx, 1
    call send_to
    mov eax, 0x4600 | SIPI
    mov edx, 1
    call send_to
    mov edx, 2
    lea rdi, [starts + 8]
    call wait_for
    check e, "INIT of a processor that spins, and SIPI: it starts again"
    ipi 0x4000 | ANSWER, 1, 2, "and answers"
    mov eax, 0x4600 | SIPI                     ; means nothing to one that runs
    mov edx, 1
    call send_to
    mov eax, 3
    call pause_ms
    cmp qword [starts + 8], 2
    check e, "a SIPI to one that runs does nothing"
    ret

; ---- x2APIC ----

enter_x2apic:
    mov ecx, 0x1b
    rdmsr
    or eax, 0xc00
    wrmsr
    me
    mov ebx, eax
    mov ecx, 0x802
    rdmsr
    cmp eax, ebx
    jne .wrong
    mov ecx, 0x80d                      ; LDR
    rdmsr
    mov ecx, ebx
    shr ecx, 4
    shl ecx, 16
    and ebx, 15
    bts ecx, ebx
    cmp eax, ecx
    jne .wrong
    lock inc qword [acked]
.wrong:
    ret

; Those that are woken end their interrupt by the old way before they go over.
to_x2apic:
    mov qword [acked], 0
    lea rax, [enter_x2apic]
    call all_others
    call enter_x2apic
    mov qword [x2apic], 1
    mov rax, [acked]
    cmp rax, [smp_count]
    check e, "x2APIC: ids and logical ids"
    ret

x2apic_modes:
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
    check z, "x2APIC physical: each one alone"
    ipi 0x4000 | ANSWER, -1, [everybody], "x2APIC physical broadcast"
    ipi 0x4000 | ANSWER, 0xff, 0, "x2APIC: 0xff is nobody"
    ipi 0x4800 | ANSWER, -1, [everybody], "x2APIC logical broadcast"
    mov r9, [everybody]
    and r9, 0x5
    ipi 0x4800 | ANSWER, 0x5, r9, "x2APIC cluster 0: a set"
    mov r9, [everybody]
    mov r10, 0xc0030000
    and r9, r10
    ipi 0x4800 | ANSWER, 0x1c003, r9, "x2APIC cluster 1: a set"
    ipi 0x44000 | ANSWER, 0, 1, "x2APIC shorthand: self"
    ipi 0x84000 | ANSWER, 0, [everybody], "x2APIC shorthand: all"
    ipi 0xc4000 | ANSWER, 0, [others], "x2APIC shorthand: all but self"
    ipi 0xc4400, 0, [others], "x2APIC: NMI to all others"
    mov qword [answered], 0
    mov ecx, 0x83f
    mov eax, ANSWER
    xor edx, edx
    sti
    wrmsr
    nop
    cli
    cmp qword [answered], 1
    check e, "SELF IPI"
    ret

; ---- storms ----

; Everybody asks everybody else, and waits for all of them, again and again:
; what kernels do to each other's TLBs.
requests equ SCRATCH + 0x1800           ; the number of the last, 8 bytes each
acks     equ SCRATCH + 0x1a00           ; how many have answered it
done     equ SCRATCH + 0x2000           ; a byte a pair: the last one answered

; RAX: how many times each does.
rounds:
    mov rax, 128
    xor edx, edx
    div qword [smp_count]
    ret

shoot:
    call rounds
    mov rcx, rax
    me
    mov rsi, rax
    mov rdi, [smp_count]
    dec rdi
.round:
    mov qword [acks + rsi * 8], 0
    inc qword [requests + rsi * 8]
    mov eax, 0x000c4000 | STORM
    call send
.wait:
    cmp [acks + rsi * 8], rdi
    je .all
    pause
    jmp .wait
.all:
    lock inc qword [acked]
    loop .round
    ret

; One interrupt may be several requests'.
shot:
    xor esi, esi
    me
    mov rdx, rax
    mov ebx, eax
    shl ebx, 6
.each:
    cmp rsi, rdx
    je .next
    mov rax, [requests + rsi * 8]
    cmp [done + rbx + rsi], al
    je .next
    mov [done + rbx + rsi], al
    lock inc qword [acks + rsi * 8]
.next:
    inc esi
    cmp rsi, [smp_count]
    jb .each
    jmp eoi

storm:
    on_interrupt STORM, shot
    mov qword [acked], 0
    lea rax, [shoot]
    call begin_others
    sti
    call shoot
    call end_others
    cli
    check e, "a storm: all have come to its end"
    call rounds
    mul qword [smp_count]
    cmp rax, [acked]
    check e, "with every answer"
    ret

; ---- time ----

; Reads the clock in turn with the others, many times.
look_at_clock:
    mov edi, 200
.again:
    xor eax, eax
    mov ecx, 1
    lock cmpxchg [time_lock], rcx
    jnz .busy
    call [clock]
    cmp rax, [last_time]
    jae .on
    lock inc qword [time_back]
.on:
    mov [last_time], rax
    mov qword [time_lock], 0
    dec edi
    jnz .again
    ret
.busy:
    pause
    jmp .again

; ZF: it never goes back from one to the other, the first one's included.
clock_is_one:
    mov [clock], rax
    mov qword [last_time], 0
    mov qword [time_back], 0
    lea rax, [look_at_clock]
    call begin_others
    call look_at_clock
    call end_others
    jne .late
    cmp qword [time_back], 0
.late:
    ret

; Each has KVM's, by a page's part of its own.
CLOCKS equ SCRATCH                      ; 32 bytes each

start_kvmclock:
    me
    shl eax, 5
    add rax, CLOCKS | 1
    mov ecx, MSR_TIME
    jmp write_msr

kvmclock_here:
    me
    shl eax, 5
    lea rbx, [rax + CLOCKS]
    jmp now_at

; The second processor moves its own.
move_tsc:
    me
    cmp eax, 1
    jne .not
    mov ecx, 0x3b                       ; IA32_TSC_ADJUST
    xor eax, eax
    mov edx, 0x100
    wrmsr
    call ticks
    mov [saved], rax
.not:
    ret

move_it_back:
    me
    cmp eax, 1
    jne .not
    mov ecx, 0x3b
    rdmsr
    cmp edx, 0x100
    jne .not
    xor eax, eax
    xor edx, edx
    wrmsr
    lock inc qword [acked]
.not:
    ret

time:
    lea rax, [ticks]
    call clock_is_one
    check e, "the TSC never goes back from one to the other"
    lea rax, [start_kvmclock]
    call all_others
    call start_kvmclock
    lea rax, [kvmclock_here]
    call clock_is_one
    check e, "nor does KVM's clock"
    lea rax, [move_tsc]
    call all_others
    call ticks
    mov rcx, [saved]
    shr rcx, 40
    cmp ecx, 1
    check e, "TSC_ADJUST moves a processor's own TSC"
    shr rax, 40
    check z, "and nobody else's"
    mov ecx, 0x3b
    rdmsr
    or eax, edx
    check z, "nor their TSC_ADJUST"
    lea rax, [kvmclock_here]
    call clock_is_one
    check e, "nor KVM's clock"
    mov qword [acked], 0
    lea rax, [move_it_back]
    call all_others
    cmp qword [acked], 1
    check e, "and it goes back"
    lea rax, [ticks]
    call clock_is_one
    check e, "to the same time"
    ret

; ---- processors that will not let go ----

begun equ SCRATCH + 0x1c00              ; what `turns` were then

; Without PAUSE and with interrupts off, until told to stop.
spin:
    me
    cli
.again:
    inc qword [turns + rax * 8]
    cmp qword [stop], 0
    je .again
    sti
    ret

; The same, but for the last one, which waits in HLT.
spin_but_last:
    me
    inc eax
    cmp rax, [smp_count]
    jne spin
    ret

; Since `begun` was noted. ZF: the least that one has counted is more than half
; of the most.
counted_alike:
    mov rcx, [smp_count]
    mov ebx, 1
    mov rsi, -1
    xor edi, edi
.next:
    cmp rbx, rcx
    jae .done
    mov rax, [turns + rbx * 8]
    sub rax, [begun + rbx * 8]
    cmp rax, rsi
    cmovb rsi, rax
    cmp rax, rdi
    cmova rdi, rax
    inc rbx
    jmp .next
.done:
    shr rdi, 1
    xor eax, eax
    cmp rsi, rdi
    setbe al
    test eax, eax
    ret

greedy:
    lea rax, [spin]
    call begin_others
    ; Those that were woken first have more of the time until all have begun.
    mov rax, [smp_count]
    lea eax, [rax * 2 + 2]
    call pause_ms
    lea rsi, [turns]
    lea rdi, [begun]
    mov ecx, CPUS_MOST
    rep movsq
    mov rax, [smp_count]
    imul eax, eax, 6                    ; six turns of a millisecond for each
    call pause_ms
    mov qword [stop], 1
    call end_others
    check e, "processors that spin with interrupts off let others run"
    call counted_alike
    check z, "and each has its share"

    mov qword [stop], 0
    lea rax, [spin_but_last]
    call begin_others
    mov rax, [smp_count]
    imul eax, eax, 2
    call pause_ms
    mov qword [answered], 0
    xor r8d, r8d
    mov rdx, [smp_count]
    dec edx
    bts r8, rdx
    call ticks
    mov r14, rax
    mov eax, 0x4000 | ANSWER
    call send_to
.wait:
    cmp [answered], r8
    jne .wait
    mov rcx, [answer_at]
    sub rcx, r14
    call tsc_khz
    xchg rax, rcx
    xor edx, edx
    div rcx                             ; milliseconds
    ; Moved to the other processor at every exit (`pin roam`), it may find
    ; another's turn begun each time; with 64 it is far from 64 turns.
    cmp eax, 8
    check be, "one that waits is woken within some turns"
    mov qword [stop], 1
    call end_others
    check e, "and all come to their end"
    ret
payload_end:
payload_size equ payload_end - payload
