; Multiboot 2, an ELF32 file that may be loaded anywhere from 3 MiB to 12 MiB
; and prefers the top.
%define NAME "mb2_reloc"
%define FILE "mb2_reloc.elf"
%define VERSION 2
%define ELF 32
%define RELOCATABLE
%define TAGS 0x0020c25f                 ; 0 to 4, 6, 9, 14, 15, 21
LINKED    equ 0x100000
LOWEST    equ 0x300000
HIGHEST   equ 0xc00000
ALIGNMENT equ 0x10000
bits 32
%include "header2.inc"

section .text
    header2
    tag 10, 0, LOWEST, HIGHEST, ALIGNMENT, 2
    end2

%include "check.inc"

check_place:
    mov ecx, [saved_delta]
    add ecx, LINKED
    test ecx, ALIGNMENT - 1
    check z, "the load base is aligned"
    cmp ecx, LOWEST
    check ae, "the load base is not too low"
    mov eax, ecx
    add eax, stack_top - LINKED
    cmp eax, HIGHEST
    check be, "the image does not end too high"
    add eax, ALIGNMENT
    cmp eax, HIGHEST
    check a, "a place above would be too high"
    ret

%include "elf.inc"
