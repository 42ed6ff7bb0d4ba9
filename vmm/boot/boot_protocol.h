/* How a kernel file becomes a guest that can run: the boot protocols, which the
 * file's content decides. A protocol judges the whole file and request first,
 * then writes guest memory, then sets the registers with which the boot
 * processor begins in `start`.
 *
 * Who calls it: vmm/vm/vm.c (boot_load, boot_set_registers). A new protocol
 * is a file of its own, a line here, and one in the table of
 * vmm/boot/boot_protocol.c. The file is hostile: every field is checked
 * before it is used. */
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
    const char *
        command_line; /* a module's command line, never NULL; NULL for others */
    const char *name; /* the file's path; NULL: not known */
};

/* The VM's screen: a linear framebuffer of RGB pixels, as GRUB and firmware
 * describe one to a kernel. */
struct boot_screen {
    uint64_t address;
    uint32_t pitch;
    uint32_t width;
    uint32_t height;
    uint8_t bits; /* bits of a pixel */
    struct {
        uint8_t position;
        uint8_t size;
    } red, green, blue;
};

/* What a protocol is asked. The caller owns everything here; a protocol only
 * reads it. */
struct boot_request {
    const uint8_t *kernel;
    uint64_t kernel_size;
    const char
        *kernel_name; /* the kernel's path, for protocols that pass it on */
    const struct boot_file
        *initrd; /* the pieces, one after the other in memory */
    size_t initrd_count;
    const struct boot_file *module;
    size_t module_count;
    const char *command_line;
    const struct e820_entry *e820;
    size_t e820_count;
    gpa_t rsdp; /* 0: the guest has no ACPI */
    unsigned cpu_count;
    bool gib_pages; /* the guest's processor has 1 GiB pages */
    const struct boot_screen *screen; /* NULL: none */
    const char *protocol; /* the key of the protocol to take; NULL: the content
                             decides */
    bool only_judge;      /* see boot_load() */
};

/* What a kernel's file asks of the machine before it is built. */
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
    BOOT_BLAME_KERNEL,   /* the kernel file, alone or together with the other
                            files */
    BOOT_BLAME_MODULES,  /* the kernel takes no modules */
    BOOT_BLAME_PROTOCOL, /* the kernel file is not one for the protocol that was
                            named */
};

#define BOOT_VERSION 80
#define BOOT_WRONG   256

/* The initial state of the boot processor, and facts for the log. The caller
 * zeroes it before a protocol fills it. */
struct boot_start {
    enum boot_mode mode;
    uint64_t rip;
    uint64_t gprs[GPR_COUNT];
    uint64_t page_tables; /* CR3; long mode only */
    uint64_t gdt;         /* 0: no GDT */
    uint16_t gdt_limit;
    uint16_t code; /* CS: a selector, or a segment in real mode */
    uint16_t data; /* the same for DS, ES, SS, FS and GS */

    const char *protocol;       /* "Linux, 64-bit entry" */
    char version[BOOT_VERSION]; /* the kernel's own text, printable; or "" */
    uint64_t kernel;            /* the lowest address of the kernel */
    struct boot_relocation relocation;
    uint64_t initrd;
    uint64_t initrd_size; /* 0: none */

    bool physical_entry;    /* the file gives its entry as a physical address,
                               though its format has virtual ones */
    const char *contract;   /* a description of what the kernel finds, where no
                               document gives one; NULL otherwise */
    enum boot_blame blame;  /* valid after a refusal */
    char wrong[BOOT_WRONG]; /* where boot_refuse() writes */
};

struct boot_protocol {
    const char *key; /* the word of an entry's `protocol`; NULL: none */
    const char *name;
    bool (*recognise)(const uint8_t *kernel, uint64_t size);

    /* Loads the kernel. NULL, and *start is filled; or a sentence that says
     * what is wrong and what would do. Writes nothing before all has been
     * judged, and nothing at all if the request says so. */
    const char *(*load)(const struct guest_memory *memory,
                        const struct boot_request *request,
                        struct boot_start *start);
    bool takes_modules; /* the protocol passes `module` lines on */

    /* Fills in what the kernel asks for; *preference is zeroed. NULL:
     * kernels of this protocol ask for nothing. */
    void (*prefers)(const uint8_t *kernel, uint64_t size,
                    struct boot_preference *preference);
};

/* Sets *preference to what the kernel asks for, by the protocol that
 * boot_load() would take. Only the request's kernel and protocol are read. */
void boot_prefers(const struct boot_request *request,
                  struct boot_preference *preference);

/* Loads by the first protocol that recognises the file; otherwise like
 * `load` above. *start need not be initialised, and the sentence that is
 * returned may lie in it. If the request says `only_judge`, the kernel is
 * judged and placed, and nothing is written: `memory` describes what the VM
 * will have (`host` is not NULL, but need not point to memory), and *start
 * is of no use afterwards. */
const char *boot_load(const struct guest_memory *memory,
                      const struct boot_request *request,
                      struct boot_start *start);

/* Sets the boot processor's registers. Those that `start` does not name are
 * as after a reset. Interrupts are off. */
void boot_set_registers(struct guest *guest, const struct boot_start *start);

/* ---- for the protocols ---- */

/* Writes a refusal into start->wrong, and returns that. */
const char *boot_refuse(struct boot_start *start, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

extern const struct boot_protocol bzimage_protocol;
extern const struct boot_protocol bzimage_real_protocol;
extern const struct boot_protocol pvh_protocol;
extern const struct boot_protocol multiboot1_protocol;
extern const struct boot_protocol multiboot2_protocol;
extern const struct boot_protocol elf_plain_protocol;

/* Files that are no kernels: compressed files, kernels of other machines,
 * programs. Each is refused with a sentence that says what the file is and
 * what would do. */
extern const struct boot_protocol boot_unknown_protocol;
