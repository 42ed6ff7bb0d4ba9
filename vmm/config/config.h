/* Lintel's configuration as it stands on the ESP: the Boot Loader
 * Specification's Type #1 files, loader/loader.conf and loader/entries/ *.conf.
 *
 * Parsing is pure: text in, structure and errors out.
 *
 * Who calls it: vmm/load_config.c before ExitBootServices; vmm/load_files.c
 * compares paths. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "virtio/lint.h"
#include "vmm/config/virtio_kind.h"

struct errors;

/* Where the entries lie on the ESP. */
#define CONFIG_FOLDER "\\loader\\entries"
#define CONFIG_SUFFIX ".conf"

#define CONFIG_ENTRIES 256
#define CONFIG_PATHS   8
#define CONFIG_PATH    256
#define CONFIG_OPTIONS 2048
#define CONFIG_PINS    64

#define CONFIG_DEVICES     16
#define CONFIG_DEVICE_NAME 16

enum config_console {
    CONSOLE_VIRTIO, /* hvc0 */
    CONSOLE_SERIAL, /* ttyS0 only; no virtio console */
};

/* How a kernel is told of its virtio devices. */
enum config_discover {
    DISCOVER_ACPI,    /* nodes in the DSDT */
    DISCOVER_CMDLINE, /* virtio_mmio.device= on the command line */
    DISCOVER_BOTH,
};

enum config_screen {
    SCREEN_AUTO, /* for a kernel that asks for one */
    SCREEN_OFF,
    SCREEN_ON,
};

/* The sizes that a screen may have, in pixels. */
#define CONFIG_SCREEN_WIDTH_LEAST  320U
#define CONFIG_SCREEN_WIDTH_MOST   2560U
#define CONFIG_SCREEN_HEIGHT_LEAST 200U
#define CONFIG_SCREEN_HEIGHT_MOST  1600U

/* A memory disk: a file on the ESP, or `size` bytes of zero. */
struct config_disk {
    char path[CONFIG_PATH]; /* "" for zero:SIZE */
    uint64_t size;
    bool read_only;
    unsigned line;
};

/* A device as reports name it, "block1", and what is said of it alone. */
struct config_device {
    char name[CONFIG_DEVICE_NAME];
    bool has_lint;
    enum virtio_lint lint;
    uint64_t features_off; /* bits never offered, beside the entry's */
    unsigned line;         /* the first line that names it */
};

/* A file for kernels that are booted with modules (PVH, multiboot, ELF). */
struct config_module {
    char path[CONFIG_PATH];
    char words[CONFIG_PATH]; /* its command line; "" */
    unsigned line;
};

/* A line that is wrong leaves a fact of the machine unknown. vmm/plan/
 * concludes nothing from the default that then stands in its place. Bits: */
enum config_lost {
    CONFIG_LOST_KERNEL = 1,  /* the kernel's path */
    CONFIG_LOST_MEMORY = 2,  /* the size of RAM and disks */
    CONFIG_LOST_DEVICES = 4, /* the list of virtio devices */
};

/* One VM. Each ..._line is the line of a key in the file; 0: it is not there.
 */
struct config_entry {
    char id[64]; /* the file's name without .conf */
    char title[128];
    char linux_path[CONFIG_PATH];
    unsigned linux_line;
    char initrd[CONFIG_PATHS][CONFIG_PATH];
    unsigned initrd_line[CONFIG_PATHS];
    size_t initrd_count;
    char symbols[CONFIG_PATH]; /* "": none but the kernel's own */
    unsigned symbols_line;
    struct config_module module[CONFIG_PATHS];
    size_t module_count;
    char options[CONFIG_OPTIONS]; /* several lines are joined by a space */
    uint64_t memory;              /* bytes, multiple of 2 MiB */
    unsigned memory_line;
    unsigned cpus;
    unsigned pin[CONFIG_PINS]; /* processors of the machine, in order */
    size_t pin_count;          /* 0: any */
    bool pin_roam;             /* to and fro between all, to test that */
    unsigned pin_line;
    enum config_console console;
    const char *protocol; /* a boot_protocol's key; NULL: by content */
    unsigned protocol_line;
    enum config_discover discover;
    struct config_disk disk[CONFIG_PATHS];
    size_t disk_count;
    bool rng;
    enum config_screen screen;
    unsigned screen_width; /* pixels, for SCREEN_ON */
    unsigned screen_height;
    unsigned screen_line;
    bool apicv;            /* local APICs by the processor, where it can */
    bool posting;          /* and interrupts posted to them, where it can */
    enum virtio_lint lint; /* of devices that have none of their own */
    uint64_t features_off[VIRTIO_KINDS]; /* bits never offered, by kind */
    struct config_device device[CONFIG_DEVICES];
    size_t device_count;
    uint32_t timeout; /* seconds of machine time; 0: none */
    unsigned lost;    /* bits of enum config_lost: facts that are unknown */
};

/* Which entries run, and when. */
enum config_run {
    RUN_DEFAULT,  /* one: `default`, or what the menu's user takes */
    RUN_ALL,      /* every one, each machine gone before the next begins */
    RUN_TOGETHER, /* every one, at the same time */
};

struct config_loader {
    char default_pattern[64]; /* glob of entry ids; "" : the first */
    unsigned default_line;
    enum config_run run;
    uint32_t timeout; /* the menu's, seconds */
    int log_level;    /* enum log_level */
    bool choice_lost; /* a line is wrong that says which entries run */
};

void config_loader_defaults(struct config_loader *loader);
void config_entry_defaults(struct config_entry *entry);

/* Parse a whole file's text. False: errors were added, and nothing may start.
 * The structure then holds the values of the lines that are right. Unknown keys
 * of other loaders are skipped as the specification wants, but one that looks
 * like a misspelling of ours is an error. Only what the text names is set: call
 * the _defaults first; `id` is never touched. */
bool config_parse_loader(const char *file, const char *text, size_t length,
                         struct config_loader *loader, struct errors *errors);
bool config_parse_entry(const char *file, const char *text, size_t length,
                        struct config_entry *entry, struct errors *errors);

/* The path of the entry's file on the ESP. */
void config_entry_file(const char *id, char path[CONFIG_PATH]);

/* Do two paths, as config_parse_entry() leaves them, name the same file? As on
 * an ESP, letters of either case are the same. */
bool config_same_path(const char *a, const char *b);

/* Does `id` match `pattern` (glob: * and ?)? Letters match in either case, as
 * file names on an ESP do. */
bool config_match(const char *pattern, const char *id);
