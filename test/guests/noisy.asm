; All processors break the clauses of VIRTIO at random: they read and write the
; registers of all devices with any width, at any even offset, with any value.
; So devices are reset, and many clauses are reported.
%include "guest.inc"
    jmp main
%include "smp.inc"

WINDOWS equ 4

main:
guest "noisy"
    call smp_start
    check e, "all processors start"
    lea rax, [break]
    call begin_others

; R12 is a xorshift generator, with a seed a processor.
break:
    me
    inc rax
    mov rcx, 0x9e3779b97f4a7c15
    imul rax, rcx
    mov r12, rax
.again:
    mov rax, r12
    shl rax, 13
    xor r12, rax
    mov rax, r12
    shr rax, 7
    xor r12, rax
    mov rax, r12
    shl rax, 17
    xor r12, rax
    mov ebx, r12d
    and ebx, (WINDOWS - 1) << 12 | 0x1fe
    or ebx, VIRTIO
    mov rax, r12
    shr rax, 40
    and eax, 0xff
    bt r12, 32
    jc .odd
    and ebx, ~3
    bt r12, 33
    jc .read
    mov [rbx], eax
    jmp .again
.read:
    mov eax, [rbx]
    jmp .again
.odd:
    bt r12, 33
    jc .read_odd
    mov [rbx], al
    jmp .again
.read_odd:
    movzx eax, word [rbx]
    jmp .again
payload_end:
payload_size equ payload_end - payload
