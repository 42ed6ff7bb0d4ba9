; Multiboot 1, an ELF32 file.
%define NAME "mb1_elf"
%define FILE "mb1_elf.elf"
%define VERSION 1
%define ELF 32
LINKED equ 0x100000
DELTA  equ 0
bits 32
%include "header1.inc"

section .text
    header1 3                           ; page-aligned modules, memory map
%include "check.inc"
%include "elf.inc"
