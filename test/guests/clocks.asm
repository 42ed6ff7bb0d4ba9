; KVM's clock on two processors: one time, whichever of them reads it, from its
; own page or, as kernels do for their programs, from the first's; the flag that
; allows that goes when their TSCs differ; INIT turns a processor's clock off.
%include "guest.inc"

START    equ 0x90000                    ; where the second processor starts
PAGE     equ SCRATCH
PAGE2    equ SCRATCH + 0x40
LOCK_    equ SCRATCH + 0x100
LAST     equ SCRATCH + 0x108            ; time that was read last
BACK     equ SCRATCH + 0x110            ; how often it went back
ORDER    equ SCRATCH + 0x118            ; what the second is to do, by number
DONE     equ SCRATCH + 0x120            ; what it has done
STACK2   equ SCRATCH + 0x2000
ROUNDS   equ 3000
ICR      equ LAPIC + 0x300
ICR_HIGH equ LAPIC + 0x310

guest "clocks"
    call lapic_on
    mov ecx, MSR_TIME
    mov rax, PAGE | 1
    call write_msr
    call start_second
    mov ecx, 1
    call order                          ; it registers PAGE2
    test byte [PAGE + 29], 1
    check nz, "the first's clock is stable"
    test byte [PAGE2 + 29], 1
    check nz, "the second's clock is stable"
    mov rax, [PAGE + 8]
    cmp rax, [PAGE2 + 8]
    check b, "the second's was written later"
    call ticks
    mov r12, rax
    mov ebx, PAGE
    call time_at
    mov r13, rax
    mov rax, r12
    mov ebx, PAGE2
    call time_at
    sub rax, r13
    add rax, 1
    cmp rax, 2
    check be, "and they agree to the nanosecond"

    mov dword [ORDER], 2
    call race
    call wait_done
    cmp dword [BACK], 0
    check e, "no time goes back, whoever reads the first's page"

    mov ecx, 3
    call order                          ; its TSC moves
    mov al, [PAGE + 29]
    or al, [PAGE2 + 29]
    test al, 1
    check z, "with TSCs that differ, neither is stable"
    mov dword [ORDER], 4
    call race
    call wait_done
    cmp dword [BACK], 0
    check e, "no time goes back, each from its own page"
    mov ecx, 5
    call order                          ; and back
    mov al, [PAGE + 29]
    and al, [PAGE2 + 29]
    test al, 1
    check nz, "with the same TSCs, both are stable again"

    mov eax, 0x4500                     ; INIT, assert
    call send
    mov ecx, 100000
.settle:
    pause
    loop .settle
    mov dword [PAGE2 + 4], 0x55
    mov dword [PAGE2 + 24], 0x55
    mov ecx, MSR_TSC_ADJUST
    mov rax, 1 << 40
    call write_msr
    test byte [PAGE + 29], 1
    check z, "the first's TSC moves"
    cmp dword [PAGE2 + 24], 0x55
    check e, "and the second's page is left alone after its INIT"
    jmp power_off

; ECX: an order; returns when it is carried out.
order:
    mov [ORDER], ecx
wait_done:
    pause
    mov eax, [ORDER]
    cmp [DONE], eax
    jne wait_done
    ret

; ROUNDS times, in turn with the other: a time that is not before the last.
; EBX: the page.
race:
    mov ebx, PAGE
race_at:
    mov ebp, ROUNDS
.again:
    mov eax, 1
    xchg [LOCK_], eax
    test eax, eax
    jz .taken
    pause
    jmp .again
.taken:
    call now_at
    cmp rax, [LAST]
    jae .forward
    inc dword [BACK]
.forward:
    mov [LAST], rax
    mov dword [LOCK_], 0
    dec ebp
    jnz .again
    ret

; EAX: the ICR's low half, to processor 1.
send:
    mov ebx, ICR_HIGH
    mov dword [rbx], 1 << 24
    mov ebx, ICR
    mov [rbx], eax
    ret

start_second:
    mov rax, cr3
    mov [second_cr3 - second + second_text], eax
    mov esi, second_text
    mov edi, START
    mov ecx, second_end - second
    cld
    rep movsb
    mov eax, 0x4500
    call send
    mov eax, 0x4600 | START >> 12       ; SIPI
    call send
    ret

; The second processor in 64-bit mode: orders, one after the other.
second_main:
    mov rsp, STACK2
    lidt [idt_pointer]
    xor edi, edi
.next:
    inc edi
.wait:
    pause
    cmp [ORDER], edi
    jne .wait
    mov ecx, MSR_TIME
    mov rax, PAGE2 | 1
    cmp edi, 1
    je .write
    mov ecx, MSR_TSC_ADJUST
    mov rax, 1 << 41
    cmp edi, 3
    je .write
    xor eax, eax
    cmp edi, 5
    je .write
    mov ebx, PAGE
    cmp edi, 2
    je .race
    mov ebx, PAGE2
.race:
    call race_at
    jmp .done
.write:
    call write_msr
.done:
    mov [DONE], edi
    jmp .next

%include "kvmclock.inc"

; From real mode to 64-bit mode, at START (SDM 3A 9.8.5).
second_text:
bits 16
second:
    cli
    mov eax, cs
    mov ds, ax
    lgdt [second_gdtr - second]
    mov eax, cr4
    or eax, 1 << 5                      ; PAE
    mov cr4, eax
    mov eax, [second_cr3 - second]
    mov cr3, eax
    mov ecx, MSR_EFER                   ; LME, NXE
    rdmsr
    or eax, 1 << 8 | 1 << 11
    wrmsr
    mov eax, cr0
    and eax, ~(1 << 30 | 1 << 29)       ; CD, NW
    or eax, 1 << 31 | 1                 ; PG, PE
    mov cr0, eax
    jmp dword 8:second_long - second + START
bits 64
second_long:
    mov ax, 16
    mov ds, ax
    mov es, ax
    mov ss, ax
    mov rax, second_main
    jmp rax
align 8
second_gdt:
    dq 0, 0x00209b0000000000, 0x00cf93000000ffff
second_gdtr:
    dw 23
    dd second_gdt - second + START
second_cr3: dd 0
second_end:
finish
