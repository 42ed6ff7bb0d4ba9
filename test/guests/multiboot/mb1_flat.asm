; Multiboot 1, no ELF: by the header's address fields, and not from the file's
; beginning. It would like a screen.
%define NAME "mb1_flat"
%define FILE "mb1_flat.bin"
%define VERSION 1
%define WIDTH 640
%define HEIGHT 400
LINKED equ 0x200000
DELTA  equ 0
bits 32
%include "header1.inc"

org LINKED - 64
    times 64 db 0xcc                    ; not loaded
header:
    header1 0x10007
    dd header                           ; header_addr
    dd header                           ; load_addr
    dd file_end                         ; load_end_addr
    dd stack_top                        ; bss_end_addr
    dd start                            ; entry_addr
    dd 0                                ; mode_type: graphics
    dd WIDTH
    dd HEIGHT
    dd 16                               ; depth, and it is given another
%include "check.inc"
%include "flat.inc"
    times 1000 db 0xcc                  ; nor is this, where the bss is
