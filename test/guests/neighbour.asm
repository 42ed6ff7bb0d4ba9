; A machine that only works: it fills 8 MiB of its memory page by page, again
; and again, for 2 s of its TSC after a first second in which the machines
; beside it come up. It prints how many pages it has filled, and the longest
; time between two of them in microseconds, both in hex (test/boot/together.py).
%include "guest.inc"

DATA      equ 0x400000
DATA_END  equ DATA + 0x800000
PAGE      equ 0x1000
COMES_UP  equ 1000                      ; ms
MEASURES  equ 2000                      ; ms
GAP_MOST  equ 20000                     ; us

guest "neighbour"
    call tsc_khz
    mov r8d, eax                        ; ticks a ms
    call ticks
    imul r9, r8, COMES_UP
    add r9, rax                         ; when the measurement begins
    imul r10, r8, MEASURES
    add r10, r9                         ; when it ends
    mov r11d, DATA
.begin:
    xor r13d, r13d                      ; the longest gap
    xor r14d, r14d                      ; pages
    call ticks
    mov r15, rax
.page:
    mov rdi, r11
    mov ecx, PAGE / 8
    mov rax, r14
    rep stosq
    mov r11, rdi
    cmp r11, DATA_END
    jb .filled
    mov r11d, DATA
.filled:
    call ticks
    mov rdx, rax
    sub rdx, r15
    mov r15, rax
    cmp rdx, r13
    cmova r13, rdx
    inc r14
    cmp rax, r9
    jb .begin
    cmp rax, r10
    jb .page
    mov rax, r13
    mov ecx, 1000
    mul rcx
    div r8
    mov r13, rax
    say "pages "
    mov rax, r14
    call print_hex
    say " gap_us "
    mov rax, r13
    call print_hex
    say 10
    cmp r13, GAP_MOST
    check be, "it had the processor every 20 ms"
finish
