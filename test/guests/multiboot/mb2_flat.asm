; Multiboot 2, no ELF: by address and entry tags, the whole file.
%define NAME "mb2_flat"
%define FILE "mb2_flat.bin"
%define VERSION 2
%define TAGS 0x0000c05f                 ; 0 to 4, 6, 14, 15
LINKED equ 0x180000
DELTA  equ 0
bits 32
%include "header2.inc"

org LINKED
    dd 0xcccccccc                       ; the header is not the first thing
    header2
    tag 2, 0, header_begin, -1, 0, stack_top
    tag 3, 0, start
    end2
%include "check.inc"
%include "flat.inc"
