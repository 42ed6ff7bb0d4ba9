/* A virtio device as its owner sees it: vmm/ makes one (console.h, block.h,
 * entropy.h), forwards the accesses of its register window, runs one service
 * task a queue, and prints its reports. VIRTIO 1.4, section 4.2 (MMIO), 2.7
 * and 2.8 (split and packed queues). What the device asks of its owner is in
 * env.h.
 *
 * Any function here may be called from any task of any processor. Inside, a
 * spin lock a device guards the registers; env_interrupt(), env_queue_wake()
 * and env_guest_range() may be called with it held and must neither sleep nor
 * call back. All other env functions are called without it and may sleep.
 *
 * Reading order: registers.def, transport.c, status.c, features.c,
 * queue_setup.c, life.c, queue.c, queue_split.c, queue_packed.c, then a
 * device. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "virtio/clause.h"
#include "virtio/env.h"
#include "virtio/lint.h"

/* Bytes of guest-physical space a device answers to (configuration space from
 * 0x100). */
#define VIRTIO_MMIO_WINDOW 0x200u

enum {
    VIRTIO_CONFIG_MAX = 0x100,   /* bytes of configuration space */
    VIRTIO_QUEUE_SIZE_MAX = 256, /* largest queue any device here offers */
    VIRTIO_SEGMENTS = 512,       /* elements of a chain; Linux may exceed the
                                    queue's size when it goes indirect */
    VIRTIO_HISTORY = 16,         /* accesses remembered a device */
    VIRTIO_WATCH_QUEUES = 4,     /* of a device, looked at by the watchdog */
    VIRTIO_WATCH_ITEMS = 4 + 4 * VIRTIO_WATCH_QUEUES,
    VIRTIO_OUTBOX = 4, /* reports one access can make */
};

struct virtio_device_ops;
struct virtio_type;

struct virtio_device_options {
    enum virtio_lint lint;
    uint64_t features_off[2]; /* bits 0..63, 64..127 not to be offered */
    unsigned index;           /* the owner's number for it, for names */
};

/* One access to the window, the newest last. Same accesses in a row are one
 * entry with a count. */
struct virtio_history_entry {
    uint64_t value;
    uint32_t count;
    uint32_t selected; /* by the selector that the register has, if any */
    uint16_t offset;
    uint8_t size;
    bool write;
};

struct virtio_history {
    struct virtio_history_entry entries[VIRTIO_HISTORY];
    uint32_t total; /* entries ever begun; the newest is total - 1 */
};

/* A piece of guest memory, checked; its bytes may change at any time. */
struct virtio_segment {
    uint8_t *bytes;
    uint32_t length;
};

/* One chain of descriptors: `readable` segments, then `writable` ones. */
struct virtio_chain {
    uint64_t readable_bytes;
    uint64_t writable_bytes;
    uint16_t head;  /* where in the descriptor table or ring it begins */
    uint16_t id;    /* by which the driver knows it */
    uint16_t slots; /* descriptors it takes there */
    uint16_t readable;
    uint16_t writable;
    struct virtio_segment segments[VIRTIO_SEGMENTS];
};

/* What a driver has exposed in a ring, as it was when the device first saw it:
 * what is altered later shows (shadow.h). */
struct virtio_shadow {
    bool on;              /* not with lint off */
    bool walked;          /* `sum`, `descriptors` are of the chain in work */
    uint16_t descriptors; /* read in that chain, indirect ones too */
    uint64_t sum;
    const uint8_t *table; /* its indirect table, if it has one */
    uint32_t entries;     /* of that */
    uint32_t used_word;   /* flags and idx of the used ring as last written;
                             packed: the device's event suppression */
    uint64_t used_last;   /* its newest entry */
    uint64_t exposed[VIRTIO_QUEUE_SIZE_MAX / 64]; /* heads not given back */
    uint16_t heads[VIRTIO_QUEUE_SIZE_MAX];        /* by slot of the ring */
    uint64_t sums[VIRTIO_QUEUE_SIZE_MAX]; /* of their first descriptors */
    /* Packed: the ids of the lists that were not given back, the oldest first
     * (in `heads`, from `first` on), and how many of each, by lowest byte. */
    uint16_t next; /* behind the last of them */
    bool next_wrap;
    uint16_t first;
    uint16_t lists;
    uint8_t ids[VIRTIO_QUEUE_SIZE_MAX];
};

/* What the watchdog saw of one kind of stall at one place. */
struct virtio_watch_item {
    uint64_t since; /* env_time() */
    uint64_t state; /* what would have changed, had anything moved */
    bool waiting;
    bool told;
};

struct virtio_watch {
    /* Of the device, and of the queues that are looked at. */
    struct virtio_watch_item items[VIRTIO_WATCH_ITEMS];
};

/* What the driver has written of a queue's setup. */
struct virtio_queue_setup {
    uint16_t written;    /* which registers, bits of queue_areas.h */
    uint64_t address[3]; /* descriptor, driver, device area */
};

/* What the clauses need to remember of a queue between two resets. */
struct virtio_queue_session {
    bool seen_ready;    /* QueueReady was read */
    bool seen_size_max; /* QueueSizeMax was read */
    bool was_ready;     /* QueueReady was 1 */
    bool stop_unread;   /* stopped, and QueueReady not yet read back */
    bool was_reset;     /* by QueueReset, and not enabled since */
    bool reset_unread;  /* and QueueReset not yet read back as 0 */
};

struct virtio_queue {
    struct virtio_device *device;
    void *host; /* the owner's */
    uint16_t index;
    uint16_t size_max; /* 0: not available */

    /* Setup, under the device's lock (queue_setup.c). */
    uint16_t size; /* set if VIRTIO_WROTE_SIZE is */
    bool ready;
    struct virtio_queue_setup setup;     /* forgotten at its reset, too */
    struct virtio_queue_session session; /* forgotten at the device's reset */

    /* Life, under the device's lock (life.c); `halt` is read without it. */
    bool serving;  /* virtio_queue_service() is inside */
    bool stopping; /* QueueReady=0 waits for `serving` to end */
    bool resets;   /* so does QueueReset=1 */
    bool halt;     /* the service has to leave */

    /* The ring: the service's alone while `serving` (queue.c). */
    uint8_t *desc;  /* descriptor table, or packed ring */
    uint8_t *avail; /* available ring, or driver's event suppression */
    uint8_t *used;  /* used ring, or device's event suppression */
    bool packed;
    bool event_idx;
    bool indirect;
    bool in_order;
    bool quiet;           /* the driver is told not to kick */
    bool lingers;         /* the owner's wish: env_queue_linger() */
    bool idle;            /* empty, and still quiet: linger now */
    bool pushed;          /* anything, since enabled */
    bool again;           /* the next chain was popped before, and put back */
    uint16_t last_avail;  /* next entry, packed: descriptor, to take */
    uint16_t used_idx;    /* as last written; packed: next to write */
    uint16_t unsignalled; /* chains pushed since the last interrupt decision */
    uint16_t budget;      /* chains left in this call */
    uint16_t batch;       /* chains pushed to one interrupt decision */
    /* Split (queue_split.c): */
    uint16_t avail_shadow; /* avail.idx as last read */
    uint16_t next_desc;    /* IN_ORDER: where the next chain has to begin */
    /* Packed (queue_packed.c): */
    bool avail_wrap;            /* the driver's wrap counter at last_avail */
    bool used_wrap;             /* the device's at used_idx */
    uint16_t unsignalled_slots; /* descriptors, at most the queue's size */
    uint64_t taken[2];          /* first descriptor of the chain, as taken */
    uint64_t exercised[CLAUSE_WORDS];
    struct virtio_shadow shadow;
    uint32_t kicks_quiet; /* in vain, while `quiet`; written under the lock */
    uint16_t kick_idx;    /* avail.idx at the last one while `quiet` */

    /* Figures, for dumps and the stall watchdog. */
    uint64_t kicks;
    uint64_t kicks_ignored;
    uint64_t kicks_taken;   /* since it was enabled */
    bool kick_lost;         /* the last one was ignored, and still matters */
    bool looked;            /* the service saw what waits for it, to no use */
    bool suppressed;        /* the last decision was against an interrupt */
    uint16_t event_decided; /* used_event at that decision */
    uint64_t chains;
    uint64_t interrupts;
    uint64_t interrupts_suppressed;

    struct virtio_chain chain;
};

/* What a device knows of its driver between two resets, and forgets at a reset:
 * registers, and what the clauses need to remember. */
struct virtio_session {
    uint64_t accepted[2];
    bool accepted_beyond; /* bits above 127 */
    uint32_t device_features_sel;
    uint32_t driver_features_sel;
    uint32_t queue_sel;
    uint32_t status;
    uint32_t interrupt_read; /* of the events that are up, those shown */
    bool wrote_device_sel;
    bool wrote_driver_sel;
    bool wrote_queue_sel;
    bool read_features;
    bool wrote_features;
    bool features_ok_unread; /* set, Status not read since */
    bool features_refused;
    bool reset_unread; /* begun by a reset, 0 not read from Status since */
    /* Wide fields of the configuration space: */
    bool generation_read;
    bool wide_read;
    bool torn_read;            /* a wide field changed while it was read */
    uint32_t generation_shown; /* by ConfigGeneration, last */
    bool reread_due;           /* a field changed that is to be read again */
};

struct virtio_device {
    const struct virtio_type *type;
    const struct virtio_device_ops *ops;
    void *host; /* the owner's */
    unsigned index;
    enum virtio_lint lint;
    struct virtio_queue *queues;
    unsigned queue_count;
    uint64_t offered[2];
    unsigned config_size;

    uint32_t lock;

    /* Registers, under the lock. */
    struct virtio_session session;
    uint32_t interrupt_status;
    uint32_t generation;
    bool resetting; /* Status=0 waits for services to leave */
    uint8_t config[VIRTIO_CONFIG_MAX];

    /* What the clauses need to remember from power-on, under the lock: */
    bool seen_magic;
    bool seen_version;
    bool identified; /* the order of the first reads is judged; not if empty */
    bool status_written;
    bool ever_read_features;
    uint64_t acknowledgements;
    uint32_t interrupt_seen; /* shown by InterruptStatus, not acknowledged */

    struct virtio_watch watch; /* watchdog.c */

    /* Reports (clause.c), under the lock. */
    struct virtio_history history;
    uint32_t broken[CLAUSE_COUNT];
    uint64_t exercised[CLAUSE_WORDS];
    struct virtio_report outbox[VIRTIO_OUTBOX];
    unsigned outbox_count;
};

/* Makes `device` as it is at power-on. `queues` has as many members as the
 * type has queues and, like `ops` and `host`, outlives the device. NULL, or
 * what is wrong with `ops` or its type (a fault of ours, found before a guest
 * sees the device). A second call on the same storage is a power cycle; the
 * cookies of the queues are kept. */
const char *virtio_device_init(struct virtio_device *device,
                               const struct virtio_device_ops *ops,
                               const struct virtio_device_options *options,
                               struct virtio_queue *queues, void *host);

/* A placeholder: a slot of the machine without a device in it, DeviceID 0. */
void virtio_placeholder_init(struct virtio_device *device,
                             const struct virtio_device_options *options,
                             void *host);

/* One access of the guest; offset < VIRTIO_MMIO_WINDOW, size 1, 2, 4 or 8. */
uint64_t virtio_mmio_read(struct virtio_device *device, uint32_t offset,
                          unsigned size);
void virtio_mmio_write(struct virtio_device *device, uint32_t offset,
                       unsigned size, uint64_t value);

/* Called by the queue's service task when woken: does the work there is, up to
 * a budget (then wakes itself), and returns. One caller a queue at a time. */
void virtio_queue_service(struct virtio_queue *queue);

/* False while a reset or a stop waits for a service task to leave. The task of
 * the vCPU that wrote Status=0 or QueueReady=0 should wait until it is true:
 * Linux does not poll. Status and QueueReady read as before until then. */
bool virtio_device_settled(const struct virtio_device *device);

/* The stall watchdog (watchdog.c): to be called about once a second while it
 * returns true, and again from the next write of the guest or the next
 * interrupt on. False: nothing is pending. */
bool virtio_device_watch(struct virtio_device *device);

/* The device's own change of its configuration space: takes effect, with a new
 * ConfigGeneration and an interrupt, if any byte differs. */
void virtio_device_changed_config(struct virtio_device *device, uint32_t offset,
                                  const void *bytes, size_t length);

/* Enters the error state: DEVICE_NEEDS_RESET, and its interrupt. */
void virtio_device_needs_reset(struct virtio_device *device);

/* How often the driver broke a clause, and whether any act of it was judged by
 * that clause at all. */
uint32_t virtio_device_broken(const struct virtio_device *device,
                              enum clause_id id);
bool virtio_device_exercised(const struct virtio_device *device,
                             enum clause_id id);

/* The access `age` ago (0: the newest); false if there is none. */
bool virtio_history_get(const struct virtio_device *device, unsigned age,
                        struct virtio_history_entry *entry);

/* Names for dumps. NULL where a bit or offset has none. */
const char *virtio_device_name(const struct virtio_device *device);
const char *virtio_register_name(uint32_t offset);
const char *virtio_feature_name(const struct virtio_device *device,
                                unsigned bit);
const char *virtio_status_bit_name(unsigned bit);
/* Of the configuration space, at or around `offset` from its start. */
const char *virtio_field_name(const struct virtio_device *device,
                              uint32_t offset);
/* "ACKNOWLEDGE|DRIVER", or "0"; cut to fit, always ended. Returns `text`. */
char *virtio_status_describe(uint32_t status, char *text, size_t size);
