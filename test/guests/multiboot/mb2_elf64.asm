; Multiboot 2, an ELF64 file whose virtual addresses are not the physical ones,
; entered at 32-bit code.
%define NAME "mb2_elf64"
%define FILE "mb2_elf64.elf"
%define VERSION 2
%define ELF 64
%define TAGS 0x0000c35f                 ; 0 to 4, 6, 8, 9, 14, 15
%define WIDTH 1024
%define HEIGHT 768
LINKED equ 0x40100000
DELTA  equ -0x40000000
bits 32
%include "header2.inc"

section .text
    header2
    tag 1, 0, 1, 2, 3, 4, 6, 8, 9, 14, 15, 21
    tag 1, OPTIONAL, 4711               ; nobody's type
    tag 5, 0, 0, 0, 0                   ; a framebuffer, whichever
    tag 4, 0, 3                         ; or EGA text, but one of them
    tag 6, 0
    tag 7, OPTIONAL
    tag 9, 0, 0x12345678                ; counts on EFI alone
    tag 4711, OPTIONAL, 1
    end2
%include "check.inc"
%include "elf.inc"
