; Device memory through the decoder: operand sizes, a fetch across two pages,
; string instructions, read-modify-write, an access across two pages.
%include "guest.inc"
guest "mmio"
    call lapic_on
    mov rbx, VIRTIO
    mov eax, [rbx]
    cmp eax, "virt"
    check e, "the first virtio window says virt"
    mov rax, -1
    mov eax, [rbx]
    shr rax, 32
    check z, "a 32-bit load clears the upper half"
    mov ebx, LAPIC
    mov dword [rbx + 0xe0], -1          ; DFR: flat
    mov dword [rbx + 0xd0], 0x5a000000  ; LDR
    mov eax, [rbx + 0xd0]
    cmp eax, 0x5a000000
    check e, "MOV to and from the local APIC"
    and dword [rbx + 0xd0], 0x0f000000
    cmp dword [rbx + 0xd0], 0x0a000000
    check e, "AND and CMP with it"
    or dword [rbx + 0xd0], 0x70000000
    mov r9d, [rbx + 0xd0]
    cmp r9d, 0x7a000000
    check e, "OR, and a load into R9"
    mov eax, 0x11000000
    xchg [rbx + 0xd0], eax
    cmp eax, 0x7a000000
    check e, "XCHG reads"
    test dword [rbx + 0xd0], 0x10000000
    check nz, "XCHG wrote; TEST with an immediate"
    bt dword [rbx + 0xd0], 24
    check c, "BT"
    push qword [SCRATCH]
    pop rax
    mov edi, LAPIC + 0xd0
    mov eax, 0x22000000
    mov ecx, 1
    cld
    rep stosd
    cmp dword [rbx + 0xd0], 0x22000000
    check e, "REP STOSD"
    mov esi, LAPIC + 0xd0
    mov edi, SCRATCH
    movsd
    cmp dword [SCRATCH], 0x22000000
    check e, "MOVSD to memory"

    ; The same load, at each place where it straddles two pages.
    mov r12d, 1
.straddle:
    mov edi, SCRATCH + 0x4000
    sub rdi, r12
    lea rsi, [piece]
    mov ecx, piece_size
    rep movsb
    mov edi, SCRATCH + 0x4000
    sub rdi, r12
    mov ebx, LAPIC
    xor eax, eax
    call rdi
    cmp eax, 0x22000000
    jne .straddled
    inc r12d
    cmp r12d, load_size
    jb .straddle
.straddled:
    check e, "a fetch across two pages, wherever it is cut"
    jmp power_off

piece:
    mov eax, [rbx + 0xd0]
load_size equ $ - piece
    ret
piece_size equ $ - piece
finish
