/* Breaches of the specification: each starts from a correct driver at some
 * stage and does one thing wrong. Run by virtio_test.c under each lint. */
#pragma once

#include "test/unit/support/virtio_driver.h"

struct breach {
    const char *name;
    enum clause_id clause;
    enum rig_kind kind;
    enum driver_stage stage;
    uint64_t refuse; /* features not to accept */
    uint64_t with;   /* of RIG_RINGS: offered */
    void (*act)(void);
    enum virtio_verdict strict;
    enum virtio_verdict tolerant; /* 0: as strict */
    bool arguable;                /* reported below the clause's level */
    bool fresh; /* no breach if the driver did right before a reset */
};

extern const struct breach breaches_access[];
extern const size_t breaches_access_count;
extern const struct breach breaches_setup[];
extern const size_t breaches_setup_count;
extern const struct breach breaches_ring[];
extern const size_t breaches_ring_count;
extern const struct breach breaches_packed[];
extern const size_t breaches_packed_count;
extern const struct breach breaches_manners[];
extern const size_t breaches_manners_count;
extern const struct breach breaches_device[];
extern const size_t breaches_device_count;
extern const struct breach breaches_time[];
extern const size_t breaches_time_count;

#define BREACH(name_, clause_, kind_, stage_, ...)                             \
    {                                                                          \
        .name = #name_, .clause = CLAUSE_##clause_, .kind = RIG_##kind_,       \
        .stage = STAGE_##stage_, .act = name_,                                 \
        .strict = VIRTIO_VERDICT_##__VA_ARGS__                                 \
    }

#define WITH(feature_) (UINT64_C(1) << VIRTIO_F_##feature_)

/* What the acts share (virtio_breaches.c): the first queue; a page of memory;
 * a notification of that queue, and the service's work on it. */
struct driver_queue *queue(void);
uint64_t page(void);
void kick(void);

/* Sets up queue 0, but for some of the steps, and enables it. */
enum breach_left_out {
    NO_READY = 1,    /* QueueReady is not read */
    NO_SIZE_MAX = 2, /* nor QueueSizeMax */
    NO_SIZE = 4,     /* QueueSize is not written */
    NO_LOW = 8,      /* nor QueueDescLow */
    NO_HIGHS = 16,   /* nor the high halves of the addresses */
};
void enable_without(unsigned left_out);
