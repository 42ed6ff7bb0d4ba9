/* How a kernel file becomes a guest that can run: the boot protocols, told
 * apart by the file's content. A protocol judges the whole file and request
 * first, then writes guest memory, then says in `start` with what registers the
 * boot processor begins.
 *
 * Who calls it: vmm/vm/vm.c (boot_load, boot_set_registers). A new protocol is
 * a file of its own, a line here and one in the table of
 * vmm/boot/boot_protocol.c. The file is hostile: every field is checked before
 * it is used. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/vmx/guest.h"
#include "vmm/boot/boot_relocation.h"
#include "vmm/memory/guest_memory.h"
#include "vmm/memory/memory_map.h"

/* A file for the guest: a piece of the initrd, or a module with its command
 * line. */
struct boot_file {
    const uint8_t *bytes;
    uint64_t size;
    const char *command_line; /* a module's; never NULL there */
    const char *name;         /* its path; NULL: not known */
};

/* The VM's screen: a linear framebuffer of RGB pixels, as GRUB and firmware
 * describe one to a kernel. */
struct boot_screen {
    uint64_t address;
    uint32_t pitch;
    uint32_t width;
    uint32_t height;
    uint8_t bits; /* a pixel */
    struct {
        uint8_t position;
        uint8_t size;
    } red, green, blue;
};

/* Everything here is the caller's and is only read. */
struct boot_request {
    const uint8_t *kernel;
    uint64_t kernel_size;
    const char *kernel_name; /* its path, for protocols that pass it on */
    const struct boot_file *initrd; /* one after the other in memory */
    size_t initrd_count;
    const struct boot_file *module;
    size_t module_count;
    const char *command_line;
    const struct e820_entry *e820;
    size_t e820_count;
    gpa_t rsdp; /* 0: the guest has no ACPI */
    unsigned cpu_count;
    bool gib_pages;                   /* the processor has 1 GiB pages */
    const struct boot_screen *screen; /* NULL: none */
    const char *protocol; /* the key of the one to take; NULL: by content */
    bool only_judge;      /* see boot_load() */
};

/* What a kernel's file asks of the machine beforehand. */
struct boot_preference {
    bool screen;
    uint32_t width; /* pixels; 0: no preference */
    uint32_t height;
};

enum boot_mode {
    BOOT_LONG,      /* paging on, flat 64-bit segments */
    BOOT_PROTECTED, /* paging off, flat 32-bit segments */
    BOOT_REAL,
};

/* The part of the request that a refusal is about. */
enum boot_blame {
    BOOT_BLAME_KERNEL,   /* the kernel file, alone or with the other files */
    BOOT_BLAME_MODULES,  /* the kernel takes no modules */
    BOOT_BLAME_PROTOCOL, /* the kernel file is not for the protocol named */
};

#define BOOT_VERSION 80
#define BOOT_WRONG   256

/* The initial state of the boot processor, and what the log tells. Zeroed
 * before a protocol fills it. */
struct boot_start {
    enum boot_mode mode;
    uint64_t rip;
    uint64_t gprs[GPR_COUNT];
    uint64_t page_tables; /* CR3; long mode only */
    uint64_t gdt;         /* 0: no GDT */
    uint16_t gdt_limit;
    uint16_t code; /* selectors; in real mode CS, and DS ES SS FS GS */
    uint16_t data;

    const char *protocol;       /* "Linux, 64-bit entry" */
    char version[BOOT_VERSION]; /* the kernel's own text, printable; or "" */
    uint64_t kernel;            /* its lowest address */
    struct boot_relocation relocation;
    uint64_t initrd;
    uint64_t initrd_size; /* 0: none */

    bool physical_entry;    /* the file names its entry by a physical address,
                             * where its format has virtual ones */
    const char *contract;   /* what the kernel finds, where no document says it;
                             * NULL: one does */
    enum boot_blame blame;  /* valid after a refusal */
    char wrong[BOOT_WRONG]; /* where boot_refuse() writes */
};

struct boot_protocol {
    const char *key; /* what an entry's `protocol` calls it; NULL: nothing */
    const char *name;
    bool (*recognise)(const uint8_t *kernel, uint64_t size);

    /* NULL and *start filled; or the sentence of what is wrong and what would
     * do. Nothing is written before all has been judged, and nothing at all if
     * the request says so. */
    const char *(*load)(const struct guest_memory *memory,
                        const struct boot_request *request,
                        struct boot_start *start);
    bool takes_modules; /* `module` lines */

    /* NULL: such kernels ask for nothing. *preference is zeroed. */
    void (*prefers)(const uint8_t *kernel, uint64_t size,
                    struct boot_preference *preference);
};

/* What the kernel asks for, by the protocol that boot_load() would take; the
 * request's kernel and protocol are all that counts. */
void boot_prefers(const struct boot_request *request,
                  struct boot_preference *preference);

/* Loads by the first protocol that recognises the file. As `load` above; *start
 * need not be initialised, and what is returned may lie in it. If the request
 * says `only_judge`, the kernel is judged and placed, and no more: `memory` is
 * what the VM will have, whose bytes need not be there yet (but `host` is not
 * NULL), and *start is of no use. */
const char *boot_load(const struct guest_memory *memory,
                      const struct boot_request *request,
                      struct boot_start *start);

/* The boot processor's registers. Whatever `start` does not name is as after a
 * reset, interrupts off. */
void boot_set_registers(struct guest *guest, const struct boot_start *start);

/* ---- for the protocols ---- */

/* Formats a refusal; returns start->wrong. */
const char *boot_refuse(struct boot_start *start, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

extern const struct boot_protocol bzimage_protocol;
extern const struct boot_protocol bzimage_real_protocol;
extern const struct boot_protocol pvh_protocol;
extern const struct boot_protocol multiboot1_protocol;
extern const struct boot_protocol multiboot2_protocol;
extern const struct boot_protocol elf_plain_protocol;

/* What nobody boots but people try: compressed files, other machines' kernels,
 * programs. Each is refused with what it is and what would do. */
extern const struct boot_protocol boot_unknown_protocol;
