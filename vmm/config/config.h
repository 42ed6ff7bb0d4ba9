/* Lintel's configuration on the ESP: the Boot Loader Specification's Type #1
 * files, loader/loader.conf and loader/entries/ *.conf.
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

/* The folder of the entries on the ESP. */
#define CONFIG_FOLDER "\\loader\\entries"
#define CONFIG_SUFFIX ".conf"

#define CONFIG_ENTRIES 256
#define CONFIG_PATHS   8
#define CONFIG_PATH    256
#define CONFIG_OPTIONS 2048
#define CONFIG_PINS    64

/* A machine's share of the processors' time, beside others. */
#define CONFIG_SHARE      100
#define CONFIG_SHARE_MOST 1000

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
    SCREEN_AUTO, /* a screen if the kernel asks for one */
    SCREEN_OFF,
    SCREEN_ON,
};

/* The sizes that a screen may have, in pixels. */
#define CONFIG_SCREEN_WIDTH_LEAST  320U
#define CONFIG_SCREEN_WIDTH_MOST   2560U
#define CONFIG_SCREEN_HEIGHT_LEAST 200U
#define CONFIG_SCREEN_HEIGHT_MOST  1600U

/* A disk in memory: a file of the ESP, or `size` zero bytes. */
struct config_disk {
    char path[CONFIG_PATH]; /* "" for zero:SIZE */
    uint64_t size;
    bool read_only;
    unsigned line;
};

/* What the entry says for a single device, which it names as reports do:
 * "block1". */
struct config_device {
    char name[CONFIG_DEVICE_NAME];
    bool has_lint;
    enum virtio_lint lint;
    uint64_t
        features_off; /* features that it never offers; adds to the entry's */
    unsigned line;    /* the first line that names it */
};

/* A file for kernels that take modules (PVH, Multiboot, plain ELF). */
struct config_module {
    char path[CONFIG_PATH];
    char words[CONFIG_PATH]; /* its command line, or "" */
    unsigned line;
};

/* Facts of the machine that are unknown because their line is wrong.
 * vmm/plan/ concludes nothing from the default that then stands in their
 * place. Bits: */
enum config_lost {
    CONFIG_LOST_KERNEL = 1,  /* the kernel's path */
    CONFIG_LOST_MEMORY = 2,  /* the size of RAM and disks */
    CONFIG_LOST_DEVICES = 4, /* the list of virtio devices */
};

/* One VM. Each member ..._line is the line of a key in the file; 0: the file
 * does not have the key */
struct config_entry {
    char id[64]; /* the file's name without .conf */
    char title[128];
    char linux_path[CONFIG_PATH];
    unsigned linux_line;
    char initrd[CONFIG_PATHS][CONFIG_PATH];
    unsigned initrd_line[CONFIG_PATHS];
    size_t initrd_count;
    char symbols[CONFIG_PATH]; /* "": only the kernel's own symbols */
    unsigned symbols_line;
    struct config_module module[CONFIG_PATHS];
    size_t module_count;
    char options[CONFIG_OPTIONS]; /* several lines are joined by a space */
    uint64_t memory;              /* bytes, multiple of 2 MiB */
    unsigned memory_line;
    unsigned cpus;
    unsigned share;            /* 1 to CONFIG_SHARE_MOST */
    unsigned pin[CONFIG_PINS]; /* vCPU n runs on processor pin[n % pin_count] */
    size_t pin_count;          /* 0: the vCPUs may be on any processor */
    bool pin_roam; /* the vCPUs move between all processors, for tests */
    unsigned pin_line;
    enum config_console console;
    const char *protocol; /* the key of a boot protocol; NULL: the file's
                             content decides */
    unsigned protocol_line;
    enum config_discover discover;
    struct config_disk disk[CONFIG_PATHS];
    size_t disk_count;
    bool rng;
    enum config_screen screen;
    unsigned screen_width; /* pixels, for SCREEN_ON */
    unsigned screen_height;
    unsigned screen_line;
    bool apicv;        /* the processor plays the local APICs, where it can */
    bool posting;      /* interrupts are posted to them, where that can be */
    bool posting_said; /* the entry says so; if not, a hypervisor below Lintel
                          prevents posting */
    enum virtio_lint lint; /* for devices without a level of their own */
    uint64_t features_off[VIRTIO_KINDS]; /* features that are never offered, by
                                            kind of device */
    struct config_device device[CONFIG_DEVICES];
    size_t device_count;
    uint32_t timeout; /* seconds of machine time; 0: none */
    unsigned lost;    /* bits of enum config_lost */
};

/* Which entries run, and in which order. */
enum config_run {
    RUN_DEFAULT,  /* one entry: `default`, or the one that the user takes from
                     the menu */
    RUN_ALL,      /* all entries, each machine gone before the next begins */
    RUN_TOGETHER, /* all entries at the same time */
};

/* When the menu is shown. */
enum config_menu {
    MENU_HIDDEN,   /* if a key is held at the start */
    MENU_SHOWN,    /* always */
    MENU_DISABLED, /* never */
};

/* What the machine does when a run has failed. */
enum config_after {
    AFTER_POWEROFF,
    AFTER_RESET, /* the next start saves the run's log, and powers off */
    AFTER_WAIT,  /* it stays on */
};

struct config_loader {
    char default_pattern[64]; /* a pattern for the entries' ids; "": the first
                                 entry */
    unsigned default_line;
    enum config_run run;
    enum config_menu menu;
    uint32_t timeout; /* seconds that the menu waits; 0: for ever */
    int log_level;    /* an enum log_level */
    bool hold; /* at the end the screen stays for a minute, or until a key is
                  pressed */
    enum config_after after;
    bool choice_lost; /* a line that says which entries run is wrong */
};

void config_loader_defaults(struct config_loader *loader);
void config_entry_defaults(struct config_entry *entry);

/* Parse the text of a whole file. False: errors were added, and nothing may
 * start; the structure then has the values of the lines that are right. The
 * specification wants unknown keys skipped; but a key that looks like a
 * misspelled one of ours is an error. Only what the text names is set, so
 * call the _defaults function first; `id` is not changed. */
bool config_parse_loader(const char *file, const char *text, size_t length,
                         struct config_loader *loader, struct errors *errors);
bool config_parse_entry(const char *file, const char *text, size_t length,
                        struct config_entry *entry, struct errors *errors);

/* The path of the entry's file on the ESP. */
void config_entry_file(const char *id, char path[CONFIG_PATH]);

/* True if two paths, as config_parse_entry() leaves them, name the same
 * file. The case of letters does not matter, as on an ESP. */
bool config_same_path(const char *a, const char *b);

/* True if `id` matches `pattern` (with * and ?). The case of letters does
 * not matter, as in file names of an ESP. */
bool config_match(const char *pattern, const char *id);
