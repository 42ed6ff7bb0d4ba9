; Multiboot 1 with a screen that shows its four quarters until a byte is typed.
%define NAME "mb1_screen"
%define FILE "mb1_screen.elf"
%define VERSION 1
%define ELF 32
%define WIDTH 640
%define HEIGHT 400
%define WAITS
LINKED equ 0x100000
DELTA  equ 0
bits 32
%include "header1.inc"

section .text
    header1 7                           ; page-aligned modules, map, screen
    times 5 dd 0                        ; no addresses
    dd 0, WIDTH, HEIGHT, 32             ; graphics
%include "check.inc"
%include "elf.inc"
