; The way into a guest and out of it again: one function that returns when the
; guest has exited. Called by guest_run() with the guest's VMCS current.
; SDM 3C 27 (entries) and 28 (exits).

%include "arch/vmx/guest_offsets.inc"

default rel

%define GPR(index) [rdi + GUEST_GPR + 8 * (index)]
%define MITIGATIONS_AFTER (MITIGATION_SPEC_CTRL | MITIGATION_FILL_RSB | \
                           MITIGATION_ONE_RSB)

%macro LOAD_GUEST 0
    mov rax, GPR(0)
    mov rcx, GPR(1)
    mov rdx, GPR(2)
    mov rbx, GPR(3)
    mov rbp, GPR(5)
    mov rsi, GPR(6)
    mov r8, GPR(8)
    mov r9, GPR(9)
    mov r10, GPR(10)
    mov r11, GPR(11)
    mov r12, GPR(12)
    mov r13, GPR(13)
    mov r14, GPR(14)
    mov r15, GPR(15)
    mov rdi, GPR(7)
%endmacro

section .text

global guest_entry:function hidden
global guest_entry_exit:function hidden

; enum vmx_status guest_entry(struct guest *guest);
;
; All general registers except RSP hold the guest's values from LOAD_GUEST
; until guest_entry_exit has stored them. This function exchanges no other
; state. The processor exchanges the state in the VMCS. guest_switch.c exchanges
; the rest when another guest takes the processor.
align 16
guest_entry:
    push rbp
    push rbx
    push r12
    push r13
    push r14
    push r15
    push rdi

    ; Each task has a stack of its own, so this seldom changes.
    cmp [rdi + GUEST_HOST_RSP], rsp
    jne .new_stack
.stack_known:
    ; Launched, and no mitigations: both words in one.
    cmp qword [rdi + GUEST_LAUNCHED], 1
    jne .special
.resume:
    LOAD_GUEST
    vmresume
    jmp .failed

.special:
    test byte [rdi + GUEST_MITIGATIONS], MITIGATION_VERW
    jz .buffers_clear
    mov [rsp - 8], ds
    verw [rsp - 8]
.buffers_clear:
    cmp dword [rdi + GUEST_LAUNCHED], 0
    jne .resume
    mov dword [rdi + GUEST_LAUNCHED], 1
    LOAD_GUEST
    vmlaunch

    ; The entry failed. CF: there is no VMCS. ZF: the VMCS has the reason
    ; (SDM 3C 31.2).
.failed:
    mov eax, STATUS_VALID
    mov ecx, STATUS_INVALID
    cmovc eax, ecx
    add rsp, 8
    jmp guest_entry_restore

.new_stack:
    mov [rdi + GUEST_HOST_RSP], rsp
    mov eax, FIELD_HOST_RSP
    vmwrite rax, rsp
    jmp .stack_known

align 16
guest_entry_exit:
    push rdi
    mov rdi, [rsp + 8]
    mov GPR(0), rax
    mov GPR(1), rcx
    mov GPR(2), rdx
    mov GPR(3), rbx
    mov GPR(5), rbp
    mov GPR(6), rsi
    mov GPR(8), r8
    mov GPR(9), r9
    mov GPR(10), r10
    mov GPR(11), r11
    mov GPR(12), r12
    mov GPR(13), r13
    mov GPR(14), r14
    mov GPR(15), r15
    pop qword GPR(7)

    ; What the pops below do not overwrite is cleared, so that no value of the
    ; guest's can steer what the host speculates on.
    xor eax, eax
    xor ecx, ecx
    xor edx, edx
    xor esi, esi
    xor r8d, r8d
    xor r9d, r9d
    xor r10d, r10d
    xor r11d, r11d

    test byte [rdi + GUEST_MITIGATIONS], MITIGATIONS_AFTER
    jnz guest_entry_mitigations
.return:
    add rsp, 8                          ; eax is STATUS_OK already
guest_entry_restore:
    pop r15
    pop r14
    pop r13
    pop r12
    pop rbx
    pop rbp
    ret

; Comes before the host's first indirect branch or RET. It loads the host's
; IA32_SPEC_CTRL, and fills the return stack buffer so that nothing of the guest
; is left in it. On some processors IBRS clears all of the buffer but the entry
; of the guest's last CALL. There a CALL of the host's own replaces that entry.
guest_entry_mitigations:
    test byte [rdi + GUEST_MITIGATIONS], MITIGATION_ONE_RSB
    jz .none_left
    call .over
    int3                                ; where only speculation can go
.over:
    add rsp, 8
.none_left:
    test byte [rdi + GUEST_MITIGATIONS], MITIGATION_FILL_RSB
    jz .filled
    mov ecx, 32
.fill:
    call .landed
    int3                                ; where only speculation can go
.landed:
    dec ecx
    jnz .fill
    add rsp, 32 * 8
.filled:
    test byte [rdi + GUEST_MITIGATIONS], MITIGATION_SPEC_CTRL
    jz .done
    mov ecx, MSR_SPEC_CTRL
    rdmsr
    mov [rdi + GUEST_SPEC_GUEST], eax
    mov eax, [rdi + GUEST_SPEC_HOST]
    xor edx, edx
    wrmsr
.done:
    lfence
    xor eax, eax
    xor edx, edx
    jmp guest_entry_exit.return
