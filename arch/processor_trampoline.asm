; The first code of another processor. arch/processor_start.c copies it into a
; page below 1 MiB and fills in struct words at its end. The processor enters it
; in real mode (SDM 3A 9.4), and leaves it in 64-bit mode on a stack of its own.

%include "arch/asm_constants.inc"

; Selectors of the table below.
%define CODE32          0x08
%define DATA            0x10
%define CODE64          0x18

%define AT(label)       ((label) - processor_start_page)

section .rodata

global processor_start_page:data hidden
global processor_start_words:data hidden
global processor_start_end:data hidden

align 16
bits 16
processor_start_page:
        cli
        cld
        mov     ax, cs
        mov     ds, ax
        movzx   ebx, ax
        shl     ebx, 4                  ; the page's address

        ; A processor that starts too late finds the claim taken back: the words
        ; belong to another one.
        xor     eax, eax
        xchg    eax, [AT(claim)]
        test    eax, eax
        jz      .late

        o32 lgdt [AT(gdt_pointer)]
        mov     eax, cr0
        and     eax, ~(CR0_CD | CR0_NW)
        or      eax, CR0_PE
        mov     cr0, eax
        jmp     dword far [AT(far32)]
.late:
        hlt
        jmp     .late

bits 32
protected:
        mov     eax, DATA
        mov     ds, eax
        mov     es, eax
        mov     ss, eax
        mov     eax, [ebx + AT(cr4_value)]
        mov     cr4, eax
        mov     eax, [ebx + AT(cr3_value)]
        mov     cr3, eax
        ; The firmware may have turned NX off on each processor: EFER.NXE would
        ; fault (SDM 4 table 2-2).
        mov     esi, [ebx + AT(limits_low)]
        mov     edi, [ebx + AT(limits_high)]
        mov     eax, esi
        or      eax, edi
        jz      .no_limits
        mov     ecx, MSR_MISC_ENABLE
        rdmsr
        not     esi
        not     edi
        and     eax, esi
        and     edx, edi
        wrmsr
.no_limits:
        mov     ecx, MSR_EFER
        rdmsr
        or      eax, EFER_LME | EFER_NXE
        wrmsr
        mov     eax, cr0
        or      eax, CR0_PG
        mov     cr0, eax
        jmp     dword far [ebx + AT(far64)]

bits 64
long_mode:
        mov     rsp, [rbx + AT(stack)]
        mov     rdi, [rbx + AT(argument)]
        xor     ebp, ebp                ; the last frame for backtraces
        call    [rbx + AT(entry)]
        ud2                             ; it does not return

        ; struct words
        align   8
processor_start_words:
claim:          dd 0
cr3_value:      dd 0
cr4_value:      dd 0
limits_low:     dd 0                    ; bits of IA32_MISC_ENABLE to clear
limits_high:    dd 0
far32:          dd AT(protected)        ; plus the page's address
                dw CODE32, 0
far64:          dd AT(long_mode)        ; plus the page's address
                dw CODE64, 0
gdt_pointer:    dw gdt_end - gdt - 1
gdt_base:       dd AT(gdt)              ; plus the page's address
                dw 0
                align 8
stack:          dq 0
argument:       dq 0
entry:          dq 0
gdt:            dq 0
                dq DESCRIPTOR_CODE_32
                dq DESCRIPTOR_DATA
                dq DESCRIPTOR_CODE_64
gdt_end:
processor_start_end:

section .note.GNU-stack noalloc noexec nowrite progbits
