/* A host process as the world of virtio/: guest memory, a disk, a terminal, an
 * interrupt line, and what was reported. Defines all of virtio/env.h. Shared by
 * the virtio tests and the fuzz target. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "virtio/block.h"
#include "virtio/console.h"
#include "virtio/entropy.h"

enum {
    RIG_RAM = 32 << 20,  /* at 0 */
    RIG_HIGH = 64 << 10, /* at 4 GiB */
    RIG_ROM = 4096,      /* at 8 GiB, read-only */
    RIG_DISK = 1 << 20,
    RIG_REPORTS = 256,
    RIG_TEXT = 1 << 16,
};

#define RIG_HIGH_BASE UINT64_C(0x100000000)
#define RIG_ROM_BASE  UINT64_C(0x200000000)

enum rig_kind {
    RIG_CONSOLE,
    RIG_BLOCK,
    RIG_BLOCK_RO,
    RIG_ENTROPY,
    RIG_OTHER,   /* virtio_other.c */
    RIG_NOQUEUE, /* the same without queues */
    RIG_EMPTY,
};

struct rig {
    uint8_t *ram;
    uint8_t *high;
    uint8_t *rom;
    uint8_t *disk;
    struct virtio_device *device;
    union {
        struct virtio_device bare;
        struct virtio_console console;
        struct virtio_block block;
        struct virtio_entropy entropy;
    };
    struct virtio_queue other_queues[1];

    bool line;
    unsigned edges; /* upward */
    uint32_t woken; /* a bit a queue */
    unsigned wakes;
    unsigned ranges; /* calls of env_guest_range() */

    struct virtio_report reports[RIG_REPORTS];
    unsigned report_count;

    char typed[RIG_TEXT];
    size_t typed_start;
    size_t typed_end;
    char printed[RIG_TEXT];
    size_t printed_count;
    bool disk_fails;
    unsigned flushes;
    uint8_t entropy_next;
    uint64_t now; /* of env_time() */
    bool entropy_empty;

    /* Called in the middle of env calls: what happens meanwhile. */
    void (*on_disk)(void);
    void (*on_print)(void);
    void (*on_range)(void);
    bool (*on_linger)(struct virtio_queue *queue); /* NULL: nobody does */
};

extern struct rig rig;

/* Features that rig_start() leaves out, whatever it is told: the layouts and
 * manners of rings that a test has not asked for. All of RIG_RINGS at first. */
#define RIG_RINGS                                                              \
    (UINT64_C(1) << 34 | UINT64_C(1) << 35 | UINT64_C(1) << 38 |               \
     UINT64_C(1) << 40)
extern uint64_t rig_without;

/* Set before the first rig_start() of a program that has one thread and starts
 * very often. */
extern bool rig_alone;

static inline bool rig_with(unsigned feature)
{
    return (rig_without >> feature & 1) == 0;
}

/* A type of device made for the tests (virtio_other.c): features that require
 * others, fields of all widths, a queue that copies what it reads to what it
 * may write. */
enum {
    OTHER_F_BASE = 0,
    OTHER_F_NEEDS_BASE = 7
};
extern const struct virtio_device_ops virtio_other_ops;
extern const struct virtio_device_ops virtio_noqueue_ops;

/* Fresh world and device. */
void rig_start(enum rig_kind kind, enum virtio_lint lint,
               uint64_t features_off);
void rig_stop(void);

/* Runs the service of each woken queue until none is. False if that did not
 * end within a bound. */
bool rig_run(void);

/* Machine time goes by, a second at a time, as the owner of the device sees
 * it: asks the watchdog while there is something to watch. */
void rig_wait(unsigned seconds);

/* Guest memory by guest-physical address; must be inside. */
uint8_t *rig_at(uint64_t gpa, size_t length);

/* Forgets the reports so far. */
void rig_forget(void);
bool rig_reported(enum clause_id id);
/* Clauses reported so far in this program, whatever was forgotten. */
bool rig_ever_reported(enum clause_id id);
void rig_print_reports(void);
