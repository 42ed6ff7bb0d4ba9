; The BIOS for kernels that have only a 16-bit entry (Linux, boot.rst, "Kernel
; boot parameters" before protocol 2.12; iPXE's .lkrn): a few calls in real
; mode. It is guest code in the guest's memory, and Lintel has no part in it
; once the guest runs: characters go to the serial port, ticks come from the
; PIT. Calls for a disk, a network, PCI or a screen fail as they do on a machine
; that has none.
;
; Assembled to build/vmm/boot/bios.inc (vmm/boot/bios.mk). bzimage_real.c copies
; it to MAP_BIOS, fills in the memory map, and starts the processor at `boot`
; with DS at the kernel's real-mode code. Interrupt numbers and registers are
; the IBM PC's.

bits 16
org 0

COM1        equ 0x3f8
PM1_CONTROL equ 0x604
POWER_OFF   equ 0x2000 | (5 << 10)      ; SLP_EN, SLP_TYP of \_S5
BDA         equ 0x40                    ; segment of the BIOS data area
EQUIPMENT   equ 0x10                    ; in it
BASE_KIB    equ 0x13
TICKS       equ 0x6c
KEY         equ 0x72                    ; of ours: a key that was looked at
CARRY       equ 1
ZERO        equ 0x40

; ---- what vmm/boot/bzimage_real.c knows: this order ----

map_count: dw 0
extended:  dw 0                         ; KiB from 1 MiB, at most 0xfc00
map:       times 8 * 20 db 0            ; e820 entries

; DS: the kernel's real-mode code. Its first instruction is 0x200 bytes in.
boot:
    push ds
    xor ax, ax
    mov es, ax
    mov ds, ax
    xor di, di
    mov cx, 0x500 / 2
    cld
    rep stosw                           ; IVT and BDA
    mov cx, 256
    xor di, di
.vector:
    mov word [di], ignore
    mov word [di + 2], cs
    add di, 4
    loop .vector
    mov si, handlers
.handler:
    cs lodsw
    test ax, ax
    js .ready
    mov di, ax
    cs lodsw
    mov [di], ax
    jmp .handler
.ready:
    mov word [0x400 + BASE_KIB], 640
    mov word [0x400 + EQUIPMENT], 0x0200        ; one serial port
    mov word [0x400], COM1
    pop ax
    mov ds, ax
    mov es, ax
    add ax, 0x20
    push ax
    push 0
    xor ax, ax
    xor bx, bx
    xor cx, cx
    xor dx, dx
    xor si, si
    xor di, di
    retf

%macro vector 2
    dw (%1) * 4, %2
%endmacro
handlers:
    vector 0x00, exception0
    vector 0x04, ignore
    vector 0x05, exception5
    vector 0x06, exception6
    vector 0x07, exception7
    vector 0x08, tick
    vector 0x09, master
    vector 0x0a, master
    vector 0x0b, master
    vector 0x0c, fault12
    vector 0x0d, fault13
    vector 0x0e, master
    vector 0x0f, master
    vector 0x10, video
    vector 0x11, equipment
    vector 0x12, base_memory
    vector 0x13, absent
    vector 0x14, absent
    vector 0x15, system
    vector 0x16, keyboard
    vector 0x17, absent
    vector 0x18, off
    vector 0x19, off
    vector 0x1a, clock
    vector 0x70, slave
    vector 0x71, slave
    vector 0x72, slave
    vector 0x73, slave
    vector 0x74, slave
    vector 0x75, slave
    vector 0x76, slave
    vector 0x77, slave
    dw -1

; ---- results: the flags that the caller gets back lie on the stack ----

; Behind these the caller's BP has been pushed: IP, CS and flags follow it.
ignore:
    iret

succeed:
    push bp
    mov bp, sp
    and byte [bp + 6], ~CARRY
    pop bp
    iret

; AH: what a BIOS says to a function that it does not have.
absent:
    mov ah, 0x86
fail:
    push bp
    mov bp, sp
    or byte [bp + 6], CARRY
    pop bp
    iret

; ---- interrupts ----

tick:
    push ax
    push ds
    mov ax, BDA
    mov ds, ax
    inc dword [TICKS]
    pop ds
    int 0x1c
    mov al, 0x20
    out 0x20, al
    pop ax
    iret

slave:
    push ax
    mov al, 0x20
    out 0xa0, al
    jmp master.end
master:
    push ax
    mov al, 0x20
.end:
    out 0x20, al
    pop ax
    iret

; ---- exceptions: the kernel is lost; say so and stop ----

; A vector that IRQ %1 and an exception (its digit is %2) share. If the PIC has
; the IRQ in service (8259A, OCW3: read ISR), it was the IRQ.
%macro fault 2
    push ax
    mov al, 0x0b
    out 0x20, al
    in al, 0x20
    test al, 1 << %1
    pop ax
    jnz master
    push %2
    jmp short exception
%endmacro
fault12:
    fault 4, 'c'
fault13:
    fault 5, 'd'

exception0:
    push '0'
    jmp short exception
exception5:
    push '5'
    jmp short exception
exception6:
    push '6'
    jmp short exception
exception7:
    push '7'
exception:
    mov bp, sp
    mov si, .text
.next:
    cs lodsb
    test al, al
    jz .number
    call put
    jmp .next
.number:
    mov al, [bp]
    call put
    mov al, ' '
    call put
    mov ax, [bp + 4]
    call put_hex
    mov al, ':'
    call put
    mov ax, [bp + 2]
    call put_hex
    mov al, 13
    call put
    mov al, 10
    call put
    cli
    hlt
    jmp $ - 1
.text: db 13, 10, "BIOS: the kernel raised exception 0x", 0

put_hex:
    mov cx, 4
.digit:
    rol ax, 4
    push ax
    and al, 15
    add al, '0'
    cmp al, '9'
    jbe .out
    add al, 'a' - '9' - 1
.out:
    call put
    pop ax
    loop .digit
    ret

; AL to the serial port. Keeps all registers.
put:
    push dx
    push ax
    mov dx, COM1 + 5
.wait:
    in al, dx
    test al, 0x20                       ; THRE
    jz .wait
    pop ax
    mov dx, COM1
    out dx, al
    pop dx
    ret

; ---- services ----

; INT 10h. Text mode 3, 80 columns. The cursor is always reported at row 0,
; column 0.
video:
    cmp ah, 0x0e
    je .teletype
    cmp ah, 0x0f
    je .mode
    cmp ah, 0x03
    je .cursor
    iret
.teletype:
    call put
    iret
.mode:
    mov ax, 0x5003
    mov bh, 0
    iret
.cursor:
    mov cx, 0x0607
    xor dx, dx
    iret

equipment:
    mov ax, 0x0200
    iret

base_memory:
    push ds
    mov ax, BDA
    mov ds, ax
    mov ax, [BASE_KIB]
    pop ds
    iret

; INT 15h: memory, the A20 gate (which is always open).
system:
    cmp ax, 0xe820
    je .map
    cmp ax, 0xe801
    je .sizes
    cmp ah, 0x88
    je .extended
    cmp ah, 0x24
    je .gate
    jmp absent
.map:
    cmp edx, 0x534d4150                 ; "SMAP"
    jne absent
    cmp bx, [cs:map_count]
    jae absent
    cmp ecx, 20
    jb absent
    push ds
    push si
    push di
    push cs
    pop ds
    imul si, bx, 20
    add si, map
    mov cx, 20
    cld
    rep movsb
    pop di
    pop si
    pop ds
    mov ecx, 20
    mov eax, edx
    inc bx
    cmp bx, [cs:map_count]
    jb .more
    xor ebx, ebx
.more:
    jmp succeed
.sizes:
    mov ax, [cs:extended]
    cmp ax, 15 * 1024
    jbe .low
    mov ax, 15 * 1024
.low:
    xor bx, bx
    mov cx, ax
    mov dx, bx
    jmp succeed
.extended:
    mov ax, [cs:extended]
    jmp succeed
.gate:
    cmp al, 2
    jne .opened
    mov al, 1                           ; it is open
.opened:
    mov ah, 0
    jmp succeed

; INT 16h: keys are what comes over the serial port.
keyboard:
    and ah, ~0x10                       ; 10h, 11h, 12h are 0, 1, 2
    jz .wait
    cmp ah, 1
    je .look
    mov al, 0                           ; no shift key is down
    iret
.wait:
    sti
    call look
    jz .wait
    push ds
    push BDA
    pop ds
    mov byte [KEY], 0
    pop ds
    mov ah, 0
    iret
.look:
    call look
    push bp
    mov bp, sp
    jz .none
    and byte [bp + 6], ~ZERO
    pop bp
    mov ah, 0
    iret
.none:
    or byte [bp + 6], ZERO
    pop bp
    iret

; AL: the key that waits; ZF: there is none.
look:
    push ds
    push dx
    push BDA
    pop ds
    mov al, [KEY]
    test al, al
    jnz .done
    mov dx, COM1 + 5
    in al, dx
    and al, 1
    jz .done
    mov dx, COM1
    in al, dx
    mov [KEY], al
    test al, al
.done:
    pop dx
    pop ds
    ret

; INT 1Ah: ticks; the rest, PCI's functions among it, is absent.
clock:
    cmp ah, 0
    jne absent
    push ds
    mov ax, BDA
    mov ds, ax
    mov dx, [TICKS]
    mov cx, [TICKS + 2]
    pop ds
    mov ax, 0
    jmp succeed

; INT 18h, INT 19h: the kernel has given up, and there is nothing else to boot.
off:
    mov dx, COM1 + 5
.drain:
    in al, dx
    test al, 0x40                       ; TEMT
    jz .drain
    mov dx, PM1_CONTROL
    mov ax, POWER_OFF
    out dx, ax
    cli
    hlt
    jmp $ - 1
