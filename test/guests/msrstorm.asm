; Nonsense into every MSR. The guest may live or die of it; Lintel may not, and
; the next guest must find a sound machine.
%include "guest.inc"
guest "msrstorm"
    mov esi, 0x40000000
    call storm
    mov esi, 0x4b564d00
    call storm
    xor esi, esi
    call storm
    mov esi, 0xc0000000
    call storm
    jmp power_off

; 4096 MSRs from ESI on, with three values each.
storm:
    mov r12d, 4096
.next:
    mov ecx, esi
    mov eax, -1
    mov edx, -1
    attempt wrmsr
    mov ecx, esi
    mov eax, 0xa5a5a5a5
    mov edx, 0x00005a5a
    attempt wrmsr
    mov ecx, esi
    xor eax, eax
    xor edx, edx
    attempt wrmsr
    inc esi
    dec r12d
    jnz .next
    ret
finish
