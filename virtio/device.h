/* A virtio device as its owner sees it. The owner, vmm/, makes a device
 * (console.h, block.h, entropy.h), forwards the accesses to its register
 * window, runs one service task for each queue, and prints its reports. VIRTIO
 * 1.4 sections 4.2 (MMIO), 2.7 and 2.8 (split and packed queues). What a device
 * asks of its owner is in env.h.
 *
 * Any task on any processor may call any function here. Inside, one spin lock
 * for each device guards its registers. The device may call env_interrupt(),
 * env_queue_wake() and env_guest_range() while it holds the lock, so these must
 * neither sleep nor call back. It calls all other env functions without the
 * lock, and they may sleep.
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

/* Bytes of guest-physical space that a device answers to. The configuration
 * space begins at 0x100. */
#define VIRTIO_MMIO_WINDOW 0x200u

enum {
    VIRTIO_CONFIG_MAX = 0x100, /* bytes of configuration space */
    VIRTIO_QUEUE_SIZE_MAX =
        256,               /* the largest queue that any device here offers */
    VIRTIO_SEGMENTS = 512, /* elements of a chain; Linux may exceed the queue's
                              size with an indirect table */
    VIRTIO_HISTORY = 16,   /* accesses that a device remembers */
    VIRTIO_WATCH_QUEUES = 4, /* queues of a device that the watchdog looks at */
    VIRTIO_WATCH_ITEMS = 4 + 4 * VIRTIO_WATCH_QUEUES,
    VIRTIO_OUTBOX = 4, /* reports that one access can make */
};

struct virtio_device_ops;
struct virtio_type;

struct virtio_device_options {
    enum virtio_lint lint;
    uint64_t features_off[2]; /* bits 0 to 63 and 64 to 127 that the device
                                 never offers */
    unsigned index; /* the owner's number for the device, for its name */
};

/* One access to the window. Equal accesses in a row are one entry with a
 * count. The newest entry is the last. */
struct virtio_history_entry {
    uint64_t value;
    uint32_t count;
    uint32_t selected; /* the value of the register's selector, if it has one */
    uint16_t offset;
    uint8_t size;
    bool write;
};

struct virtio_history {
    struct virtio_history_entry entries[VIRTIO_HISTORY];
    uint32_t total; /* entries that were ever begun; the newest is total - 1 */
};

/* A piece of guest memory that was checked. The guest may change its bytes
 * at any time. */
struct virtio_segment {
    uint8_t *bytes;
    uint32_t length;
};

/* One chain of descriptors: `readable` segments, then `writable` ones. */
struct virtio_chain {
    uint64_t readable_bytes;
    uint64_t writable_bytes;
    uint16_t head;  /* where the chain begins in the descriptor table or ring */
    uint16_t id;    /* the driver knows the chain by this number */
    uint16_t slots; /* descriptors that the chain takes in the table or ring */
    uint16_t readable;
    uint16_t writable;
    struct virtio_segment segments[VIRTIO_SEGMENTS];
};

/* What a driver has exposed in a ring, as the device first saw it. If the
 * driver changes it later, the device can tell (shadow.h). */
struct virtio_shadow {
    bool on;     /* false with lint off */
    bool walked; /* `sum` and `descriptors` are of the chain that is being
                    served */
    uint16_t
        descriptors; /* descriptors read in that chain, indirect ones too */
    uint64_t sum;
    const uint8_t *table; /* the indirect table of that chain, or NULL */
    uint32_t entries;     /* entries of that table */
    uint32_t
        used_word; /* flags and idx of the used ring as the device last wrote
                      them; in a packed ring, the device's event suppression */
    uint64_t used_last; /* the newest entry of the used ring */
    uint64_t exposed[VIRTIO_QUEUE_SIZE_MAX /
                     64]; /* heads that the device has not given back */
    uint16_t heads[VIRTIO_QUEUE_SIZE_MAX]; /* by slot of the available ring */
    uint64_t
        sums[VIRTIO_QUEUE_SIZE_MAX]; /* sums of the heads' first descriptors */
    /* Packed rings: the ids of the lists that the device has not given back,
     * the oldest first, in `heads` from `first` on; and for each lowest byte
     * of an id, how many such lists there are. */
    uint16_t next; /* the place behind the last of them */
    bool next_wrap;
    uint16_t first;
    uint16_t lists;
    uint8_t ids[VIRTIO_QUEUE_SIZE_MAX];
};

/* What the watchdog saw of one kind of stall in one place. */
struct virtio_watch_item {
    uint64_t since; /* env_time() when it was first seen */
    uint64_t state; /* this value would have changed if anything had moved */
    bool waiting;
    bool told;
};

struct virtio_watch {
    /* First the stalls of the device, then those of each queue. */
    struct virtio_watch_item items[VIRTIO_WATCH_ITEMS];
};

/* What the driver has written of a queue's setup. */
struct virtio_queue_setup {
    uint16_t written; /* which registers were written: bits of queue_areas.h */
    uint64_t address[3]; /* of the descriptor, driver and device area */
};

/* What the clauses remember of a queue between two resets. */
struct virtio_queue_session {
    bool seen_ready;    /* the driver has read QueueReady */
    bool seen_size_max; /* the driver has read QueueSizeMax */
    bool was_ready;     /* QueueReady was 1 at some time */
    bool stop_unread;  /* the queue was stopped, and QueueReady was not yet read
                          as 0 */
    bool was_reset;    /* QueueReset stopped the queue, and it was not enabled
                          since */
    bool reset_unread; /* QueueReset was not yet read as 0 */
};

struct virtio_queue {
    struct virtio_device *device;
    void *host; /* the owner's pointer; the device does not look at it */
    uint16_t index;
    uint16_t size_max; /* 0: there is no such queue */

    /* The queue's setup (queue_setup.c). The device's lock guards it. */
    uint16_t size; /* valid if VIRTIO_WROTE_SIZE is set */
    bool ready;
    struct virtio_queue_setup setup; /* a reset of the queue forgets it, too */
    struct virtio_queue_session session; /* a reset of the device forgets it */

    /* How the queue stops (life.c). The device's lock guards it. `halt` is
     * also read without the lock. */
    bool serving;  /* a task is inside virtio_queue_service() */
    bool stopping; /* QueueReady = 0 waits until `serving` ends */
    bool resets;   /* QueueReset = 1 waits until `serving` ends */
    bool halt;     /* the service has to leave */

    /* The ring. While `serving` is set, only the service touches it
     * (queue.c). */
    uint8_t *desc;  /* descriptor table, or packed ring */
    uint8_t *avail; /* available ring, or the driver's event suppression */
    uint8_t *used;  /* used ring, or the device's event suppression */
    bool packed;
    bool event_idx;
    bool indirect;
    bool in_order;
    bool quiet;   /* the device has told the driver not to kick */
    bool lingers; /* set by the owner: env_queue_linger() is to be called */
    bool idle; /* the queue is empty and the driver does not kick: linger now */
    bool pushed;         /* a chain was pushed since the queue was enabled */
    bool again;          /* the next chain was popped before, and put back */
    uint16_t last_avail; /* the next entry to take; in a packed ring, the next
                            descriptor */
    uint16_t used_idx; /* idx as last written; in a packed ring, the next place
                          to write */
    uint16_t unsignalled; /* chains pushed since the last interrupt decision */
    uint16_t budget;      /* chains that this call may still take */
    uint16_t batch; /* chains that are pushed between two interrupt decisions */
    /* Split rings (queue_split.c). */
    uint16_t avail_shadow; /* avail.idx as last read */
    uint16_t next_desc;    /* IN_ORDER: where the next chain has to begin */
    /* Packed rings (queue_packed.c). */
    bool avail_wrap;            /* the driver's wrap counter at last_avail */
    bool used_wrap;             /* the device's wrap counter at used_idx */
    uint16_t unsignalled_slots; /* descriptors not signalled, at most the
                                   queue's size */
    uint64_t taken[2]; /* the first descriptor of the chain, as it was taken */
    uint64_t exercised[CLAUSE_WORDS];
    struct virtio_shadow shadow;
    uint32_t
        kicks_quiet;   /* kicks while `quiet` was set; written under the lock */
    uint16_t kick_idx; /* avail.idx at the last kick while `quiet` was set */

    /* Figures for dumps and for the stall watchdog. */
    uint64_t kicks;
    uint64_t kicks_ignored;
    uint64_t kicks_taken; /* kicks since the queue was enabled */
    bool kick_lost; /* the last kick was ignored, and no wake has followed */
    bool looked; /* the service has seen what waits, and could not serve it */
    bool suppressed;        /* the last decision was to raise no interrupt */
    uint16_t event_decided; /* used_event at that decision */
    uint64_t chains;
    uint64_t interrupts;
    uint64_t interrupts_suppressed;

    struct virtio_chain chain;
};

/* What a device knows of its driver between two resets: registers, and what
 * the clauses remember. A reset forgets it. */
struct virtio_session {
    uint64_t accepted[2];
    bool accepted_beyond; /* the driver accepted bits above 127 */
    uint32_t device_features_sel;
    uint32_t driver_features_sel;
    uint32_t queue_sel;
    uint32_t status;
    uint32_t interrupt_read; /* events that are up and that InterruptStatus has
                                shown */
    bool wrote_device_sel;
    bool wrote_driver_sel;
    bool wrote_queue_sel;
    bool read_features;
    bool wrote_features;
    bool features_ok_unread; /* FEATURES_OK was set, and Status was not read
                                since */
    bool features_refused;
    bool reset_unread; /* a reset began the session, and Status was not read as
                          0 since */
    /* Wide fields of the configuration space. */
    bool generation_read;
    bool wide_read;
    bool torn_read; /* a wide field changed while the driver read it */
    uint32_t
        generation_shown; /* the value of ConfigGeneration that was last read */
    bool reread_due; /* a field changed that the driver has to read again */
};

struct virtio_device {
    const struct virtio_type *type;
    const struct virtio_device_ops *ops;
    void *host; /* the owner's pointer; the device does not look at it */
    unsigned index;
    enum virtio_lint lint;
    struct virtio_queue *queues;
    unsigned queue_count;
    uint64_t offered[2];
    unsigned config_size;

    uint32_t lock;

    /* The device's registers. `lock` guards them. */
    struct virtio_session session;
    uint32_t interrupt_status;
    uint32_t generation;
    bool resetting; /* Status = 0 waits until the services have left */
    uint8_t config[VIRTIO_CONFIG_MAX];

    /* What the clauses remember from power-on. `lock` guards it. */
    bool seen_magic;
    bool seen_version;
    bool identified; /* the order of the first reads has been judged; not of an
                        empty slot */
    bool status_written;
    bool ever_read_features;
    uint64_t acknowledgements;
    uint32_t interrupt_seen; /* events that InterruptStatus has shown and that
                                were not acknowledged */

    struct virtio_watch watch; /* watchdog.c */

    /* Reports (clause.c). `lock` guards them. */
    struct virtio_history history;
    uint32_t broken[CLAUSE_COUNT];
    uint64_t exercised[CLAUSE_WORDS];
    struct virtio_report outbox[VIRTIO_OUTBOX];
    unsigned outbox_count;
};

/* Makes `device` as it is at power-on. `queues` has as many members as the
 * type has queues. `queues`, `ops` and `host` outlive the device. NULL, or a
 * sentence that says what is wrong with `ops` or its type: a fault of ours,
 * found before a guest sees the device. A second call on the same storage is
 * a power cycle, and keeps the `host` pointers of the queues. */
const char *virtio_device_init(struct virtio_device *device,
                               const struct virtio_device_ops *ops,
                               const struct virtio_device_options *options,
                               struct virtio_queue *queues, void *host);

/* Makes a placeholder: a window without a device in it, with DeviceID 0. */
void virtio_placeholder_init(struct virtio_device *device,
                             const struct virtio_device_options *options,
                             void *host);

/* One access of the guest. `offset` is less than VIRTIO_MMIO_WINDOW, `size`
 * is 1, 2, 4 or 8 bytes. */
uint64_t virtio_mmio_read(struct virtio_device *device, uint32_t offset,
                          unsigned size);
void virtio_mmio_write(struct virtio_device *device, uint32_t offset,
                       unsigned size, uint64_t value);

/* Does the work that waits in the queue, up to a budget, and returns. If
 * work is left, it wakes the queue again. The queue's service task calls it
 * when it was woken; only one call for a queue runs at a time. */
void virtio_queue_service(struct virtio_queue *queue);

/* False while a reset or a stop waits for a service task to leave. Until
 * then Status and QueueReady read as before. The task of the vCPU that wrote
 * Status = 0 or QueueReady = 0 should wait until it is true, since Linux
 * does not poll. */
bool virtio_device_settled(const struct virtio_device *device);

/* The stall watchdog (watchdog.c). The owner calls it about once a second
 * while it returns true. False: nothing is pending, and the owner calls it
 * again after the guest's next write or the device's next interrupt. */
bool virtio_device_watch(struct virtio_device *device);

/* Tells the device that its configuration space has changed. If any byte
 * differs, ConfigGeneration changes and the driver gets an interrupt. */
void virtio_device_changed_config(struct virtio_device *device, uint32_t offset,
                                  const void *bytes, size_t length);

/* Enters the error state: DEVICE_NEEDS_RESET, and its interrupt. */
void virtio_device_needs_reset(struct virtio_device *device);

/* How often the driver broke a clause, and whether any of its acts came
 * under that clause. */
uint32_t virtio_device_broken(const struct virtio_device *device,
                              enum clause_id id);
bool virtio_device_exercised(const struct virtio_device *device,
                             enum clause_id id);

/* Gets the access `age` accesses ago (0: the newest). False: there is none. */
bool virtio_history_get(const struct virtio_device *device, unsigned age,
                        struct virtio_history_entry *entry);

/* Names for dumps. NULL where a bit or offset has none. */
const char *virtio_device_name(const struct virtio_device *device);
const char *virtio_register_name(uint32_t offset);
const char *virtio_feature_name(const struct virtio_device *device,
                                unsigned bit);
const char *virtio_status_bit_name(unsigned bit);
/* The field at or around `offset`, which counts from the start of the
 * configuration space. */
const char *virtio_field_name(const struct virtio_device *device,
                              uint32_t offset);
/* Writes "ACKNOWLEDGE|DRIVER", or "0", cut to fit. Returns `text`. */
char *virtio_status_describe(uint32_t status, char *text, size_t size);
