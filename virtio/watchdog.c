/* The stall watchdog answers why nothing happens, without being asked. The
 * owner calls it about once a second while something is pending. Something
 * that has been pending for a while, with nothing moving, is reported once,
 * with the state that proves it. All of it is suspicion, since a driver may
 * take its time. A driver that is merely idle leaves nothing pending: it has
 * looked at the rings and acknowledged the interrupts. VIRTIO 1.4 sections
 * 2.7, 3.1.1, 4.2.3. */
#include "virtio/guest.h"
#include "virtio/life.h"
#include "virtio/lock.h"
#include "virtio/ops.h"
#include "virtio/packed.h"
#include "virtio/shadow.h"
#include "virtio/split.h"
#include "virtio/violation.h"

#define SECOND UINT64_C(1000000000)

/* A stall is reported after this time. A driver sets its device up in one
 * go, but may have to load something in between. */
#define PATIENCE       (2 * SECOND)
#define PATIENCE_SETUP (5 * SECOND)

enum item {
    SETUP,
    INTERRUPT,
    NO_QUEUE,
    REREAD,
    QUEUES, /* the first kind of stall of the first queue; those of the others
               follow */
};

enum queue_item {
    IGNORED,
    UNNOTIFIED,
    LOST_WISH,
    NO_ENTRY,
    QUEUE_ITEMS,
};

_Static_assert(QUEUES + QUEUE_ITEMS * VIRTIO_WATCH_QUEUES == VIRTIO_WATCH_ITEMS,
               "device.h");

/* Judges one kind of stall. True, once: it has been pending long enough, and
 * `state` has not changed. */
static bool stalled(struct virtio_watch_item *item, bool pending,
                    uint64_t state, uint64_t patience)
{
    uint64_t now = env_time();

    if (!pending || !item->waiting || item->state != state) {
        *item = (struct virtio_watch_item){
            .since = now,
            .state = state,
            .waiting = pending,
        };
        return false;
    }
    if (item->told || now - item->since < patience) {
        return false;
    }
    item->told = true;
    return true;
}

/* A value that changes with every access of the driver. */
static uint64_t activity(const struct virtio_device *device)
{
    const struct virtio_history *history = &device->history;
    uint32_t newest = (history->total - 1) % VIRTIO_HISTORY;

    return (uint64_t)history->total << 32 | history->entries[newest].count;
}

/* ---- the device ---- */

static bool any_ready(const struct virtio_device *device)
{
    for (unsigned i = 0; i < device->queue_count; i++) {
        if (device->queues[i].ready) {
            return true;
        }
    }
    return false;
}

struct setup_stall {
    enum clause_id id;
    const char *summary;
    const char *story;
};

static const struct setup_stall setup_refused = {
    CLAUSE_INIT_DRV_012, "silent after the features were refused",
    "The device refused the features that the driver accepted: FEATURES_OK "
    "reads back as 0. The driver neither went on (which would be wrong), nor "
    "set FAILED, nor started again with a reset; nothing has come from it "
    "since. The report of the refusal says which feature it was."};
static const struct setup_stall setup_no_ok = {
    CLAUSE_INIT_DRV_008, "silent with queues set up and without DRIVER_OK",
    "The driver negotiated features and enabled queues, but never wrote "
    "DRIVER_OK, and nothing has come from it since. Without that bit the "
    "device looks at no queue: buffers made available stay where they are."};
static const struct setup_stall setup_no_queue = {
    CLAUSE_INIT_DRV_012, "silent after FEATURES_OK",
    "The driver negotiated features, but enabled no queue and did not write "
    "DRIVER_OK, and nothing has come from it since. If it gave up, the device "
    "should have been told by FAILED; if it waits for something, it is not "
    "for this device, which waits for the driver."};
static const struct setup_stall setup_features = {
    CLAUSE_FEAT_DRV_007, "silent after reading the features",
    "The driver read what the device offers and then neither set FEATURES_OK "
    "nor FAILED; nothing has come from it since. Either it cannot do with "
    "what is offered and should say so, or it got stuck in between."};
static const struct setup_stall setup_driver = {
    CLAUSE_INIT_DRV_012, "silent after DRIVER",
    "The driver said by DRIVER that it knows this device, and then nothing "
    "more: no features were read. If it gave up, it should set FAILED."};

static const struct setup_stall *
setup_stall_of(const struct virtio_device *device)
{
    if (device->session.features_refused) {
        return &setup_refused;
    }
    if ((device->session.status & VIRTIO_STATUS_FEATURES_OK) != 0) {
        return any_ready(device) ? &setup_no_ok : &setup_no_queue;
    }
    return device->session.read_features ? &setup_features : &setup_driver;
}

static void setup_watch(struct virtio_device *device)
{
    enum {
        OVER = VIRTIO_STATUS_DRIVER_OK | VIRTIO_STATUS_FAILED |
               VIRTIO_STATUS_DEVICE_NEEDS_RESET
    };
    bool pending = (device->session.status & VIRTIO_STATUS_DRIVER) != 0 &&
                   (device->session.status & OVER) == 0 && !device->resetting;

    if (!stalled(&device->watch.items[SETUP], pending, activity(device),
                 PATIENCE_SETUP)) {
        return;
    }
    const struct setup_stall *stall = setup_stall_of(device);

    violation(device, stall->id, .arguable = true,
              .verdict = VIRTIO_VERDICT_WAITS, .summary = stall->summary,
              .story = stall->story,
              .values = {{"Status", device->session.status},
                         {"accepted", device->session.accepted[0]},
                         {"offered", device->offered[0]}});
}

/* If the driver has read InterruptStatus and not acknowledged it, the line
 * stays up whatever the driver does: that is a stall. If the driver has not
 * even read it, that is a stall only while the driver does nothing else. */
static void interrupt_watch(struct virtio_device *device)
{
    uint32_t up = device->interrupt_status;
    bool seen = (device->session.interrupt_read & up) != 0;
    uint64_t state = seen ? device->acknowledgements : activity(device);

    if (!stalled(&device->watch.items[INTERRUPT], up != 0, state, PATIENCE)) {
        return;
    }
    enum clause_id id = seen ? CLAUSE_MMIO_DRV_034 : CLAUSE_LINTEL_STALL_002;

    violation(
        device, id, .arguable = true, .verdict = VIRTIO_VERDICT_WAITS,
        .summary = seen ? "an interrupt was looked at and not acknowledged"
                        : "an interrupt was not looked at",
        .story =
            seen ? "The driver read InterruptStatus, which shows an event, and "
                   "did not write it to InterruptACK. The device's interrupt "
                   "line is a level and stays up until it does: the guest is "
                   "interrupted again and again, or, where it masked the line, "
                   "never again."
                 : "The device has raised its interrupt, and the driver has "
                   "read nothing since. Either the interrupt does not reach "
                   "it - the GSI of the device's line is masked in the IOAPIC, "
                   "routed elsewhere or set up as edge-triggered, no handler "
                   "is there, interrupts are off - or the driver polls; then "
                   "it should say so in the available ring.",
        .values = {{"InterruptStatus", up},
                   {"Status", device->session.status}});
}

static void no_queue_watch(struct virtio_device *device)
{
    bool pending = virtio_life_running(device) && device->queue_count != 0 &&
                   !any_ready(device);

    if (!stalled(&device->watch.items[NO_QUEUE], pending, activity(device),
                 PATIENCE)) {
        return;
    }
    violation(device, CLAUSE_LINTEL_STALL_004, .verdict = VIRTIO_VERDICT_WAITS,
              .summary = "DRIVER_OK without a queue",
              .story =
                  "The driver set DRIVER_OK, but no queue of the device is "
                  "ready: QueueReady was not written with 1 for any, was "
                  "refused (see the reports before), or was taken back. A "
                  "device without a queue can do nothing.",
              .values = {{"Status", device->session.status},
                         {"queues it has", device->queue_count}});
}

static void reread_watch(struct virtio_device *device)
{
    bool pending = device->session.reread_due && virtio_life_running(device) &&
                   (device->interrupt_status & VIRTIO_INTERRUPT_CONFIG) == 0;

    if (!stalled(&device->watch.items[REREAD], pending, device->generation,
                 PATIENCE)) {
        return;
    }
    violation(device, CLAUSE_BLK_DRV_011, .arguable = true,
              .verdict = VIRTIO_VERDICT_WAITS,
              .summary = "capacity was not read after it changed",
              .story = "The device changed its configuration and said so by an "
                       "interrupt, which the driver acknowledged; it did not "
                       "read the field that changed. It goes on with what it "
                       "read before.",
              .values = {{"ConfigGeneration", device->generation}});
}

/* ---- a queue ---- */

static struct virtio_watch_item *item_of(struct virtio_queue *queue,
                                         enum queue_item item)
{
    return &queue->device->watch
                .items[QUEUES + queue->index * (unsigned)QUEUE_ITEMS +
                       (unsigned)item];
}

static void ignored_watch(struct virtio_queue *queue)
{
    struct virtio_device *device = queue->device;
    const char *story =
        "The driver notified this queue, and the device did nothing about it, "
        "because DRIVER_OK is not set. Nothing has come from the driver since. "
        "If it waits for its buffers, it waits for ever.";

    if (!stalled(item_of(queue, IGNORED), queue->kick_lost, activity(device),
                 PATIENCE)) {
        return;
    }
    if ((device->session.status & VIRTIO_STATUS_DEVICE_NEEDS_RESET) != 0) {
        story =
            "The driver notified this queue, and the device did nothing about "
            "it, because it is in its error state: Status says "
            "DEVICE_NEEDS_RESET, for a reason that was reported when it "
            "happened. Only a reset brings it back.";
    } else if ((device->session.status & VIRTIO_STATUS_DRIVER_OK) != 0) {
        story =
            "The driver notified this queue, and the device did nothing about "
            "it, because the queue is not enabled: QueueReady was never "
            "written with 1, was refused, or was taken back. Nothing has come "
            "from the driver since. If it waits for its buffers, it waits for "
            "ever.";
    }
    violation(device, CLAUSE_LINTEL_STALL_001, .queue = queue,
              .verdict = VIRTIO_VERDICT_WAITS,
              .summary = "a notification was ignored", .story = story,
              .values = {{"Status", device->session.status},
                         {"QueueReady", queue->ready},
                         {"notifications", queue->kicks},
                         {"ignored", queue->kicks_ignored}});
}

/* True if 2.7.10.1 asks for a notification of what is in the ring. */
static bool unnotified(const struct virtio_queue *queue, uint16_t idx)
{
    uint16_t unseen = (uint16_t)(idx - queue->avail_shadow);

    if (queue->packed) {
        return idx != 0 && !queue->looked && !queue->quiet && !queue->serving;
    }
    if (unseen == 0 || queue->quiet || queue->serving) {
        return false;
    }
    if (!queue->event_idx) {
        return true;
    }
    uint16_t event = guest_read16(split_avail_event(queue));

    return (uint16_t)(idx - event - 1) < unseen;
}

static void unnotified_watch(struct virtio_queue *queue, bool live,
                             uint16_t idx)
{
    enum clause_id id = queue->packed      ? CLAUSE_LINTEL_STALL_006
                        : queue->event_idx ? CLAUSE_SPLIT_DRV_027
                                           : CLAUSE_SPLIT_DRV_025;

    if (!stalled(item_of(queue, UNNOTIFIED), live && unnotified(queue, idx),
                 queue->kicks << 16 | idx, PATIENCE)) {
        return;
    }
    violation(
        queue->device, id, .queue = queue, .arguable = true,
        .verdict = VIRTIO_VERDICT_WAITS,
        .summary = "buffers were made available and not notified",
        .story =
            "The driver made buffers available (by idx of the available ring, "
            "or by flags in a packed one), the device had asked to be notified "
            "of them, and no notification came. The device does not poll; the "
            "buffers wait. Either QueueNotify was forgotten, or the driver "
            "looked whether it is wanted before its write was visible: a full "
            "barrier belongs between the two.",
        .values = {{queue->packed ? "available at" : "avail.idx",
                    queue->packed ? queue->last_avail : idx},
                   {"taken so far", queue->last_avail},
                   {"notifications", queue->kicks}});
}

/* Reads where the driver wishes to be interrupted, if it names a place:
 * used_event, or off and wrap of a packed ring. False: it names none. */
static bool wish_read(const struct virtio_queue *queue, uint16_t *event)
{
    if (!queue->packed) {
        *event = guest_read16(split_used_event(queue));
        return *event != 0; /* drivers write 0 where they want no interrupts */
    }
    uint32_t word = guest_read32(queue->avail);

    *event = (uint16_t)word;
    return (word >> 16 & 3) == 2;
}

/* How many entries (in a packed ring, descriptors) the device has written
 * from that place on. */
static uint16_t written_since(const struct virtio_queue *queue, uint16_t event)
{
    if (!queue->packed) {
        return (uint16_t)(queue->used_idx - event);
    }
    bool same_lap = (event >> 15 != 0) == queue->used_wrap;

    return (uint16_t)(queue->used_idx + (same_lap ? 0 : queue->size) -
                      (event & 0x7fff));
}

/* With EVENT_IDX: true if the driver asks for an interrupt at an entry that
 * the device has written already. Such an interrupt may never come. Queues
 * for input are left out: a driver may leave their entries unread for as
 * long as it likes, as Linux does for a terminal that was stopped. */
static bool wish_lost(const struct virtio_queue *queue)
{
    uint16_t event;

    if (!queue->event_idx || !queue->suppressed || queue->serving ||
        queue->device->type->queues[queue->index].input ||
        !wish_read(queue, &event)) {
        return false;
    }
    uint16_t behind = written_since(queue, event);

    return event != queue->event_decided && behind != 0 &&
           behind <= queue->size;
}

static void wish_watch(struct virtio_queue *queue, bool live)
{
    uint16_t event;

    if (!stalled(item_of(queue, LOST_WISH), live && wish_lost(queue),
                 queue->used_idx, PATIENCE)) {
        return;
    }
    wish_read(queue, &event);
    violation(
        queue->device, CLAUSE_LINTEL_STALL_003, .queue = queue,
        .verdict = VIRTIO_VERDICT_WAITS,
        .summary = "an interrupt was asked for too late",
        .story =
            "The device used buffers while the driver wanted no interrupt. "
            "Then the driver asked, by used_event (in a packed ring, by its "
            "event suppression), for an interrupt at an entry that was already "
            "there, and nothing has happened since: that interrupt will never "
            "come. After writing its wish a driver has to look at the ring "
            "once more, behind a full barrier.",
        .values = {{queue->packed ? "off and wrap" : "used_event", event},
                   {queue->packed ? "next used" : "used.idx", queue->used_idx},
                   {"interrupts", queue->interrupts},
                   {"suppressed", queue->interrupts_suppressed}});
}

static void no_entry_watch(struct virtio_queue *queue, bool live, uint16_t idx)
{
    bool pending = live && queue->kicks_taken != 0 && idx == 0 &&
                   !queue->pushed && queue->last_avail == 0;

    if (!stalled(item_of(queue, NO_ENTRY), pending, activity(queue->device),
                 PATIENCE)) {
        return;
    }
    const char *story =
        "The driver notified this queue, but idx of the available ring, at the "
        "address it gave as QueueDriver, is 0 as at the start: nothing was "
        "ever made available there. Either idx is not written, or the ring "
        "that the driver fills is not where it told the device (a virtual "
        "address, a wrong offset).";

    if (queue->packed) {
        story =
            "The driver notified this queue, but the first descriptor of the "
            "ring, at the address it gave as QueueDesc, is not available: its "
            "flags do not have AVAIL set and USED clear, as the first lap asks "
            "for. Either the flags are not written, or the ring that the "
            "driver fills is not where it told the device (a virtual address, "
            "a wrong offset).";
    }
    violation(
        queue->device, CLAUSE_LINTEL_STALL_005, .queue = queue,
        .verdict = VIRTIO_VERDICT_WAITS,
        .summary = "a queue was notified that is empty", .story = story,
        .values = {
            {queue->packed ? "QueueDesc" : "QueueDriver",
             queue->setup.address[queue->packed ? 0 : 1]},
            {queue->packed ? "flags" : "avail.idx",
             queue->packed ? guest_read16(queue->desc + PACKED_FLAGS) : idx},
            {"notifications", queue->kicks},
            {"QueueSize", queue->size}});
}

/* How far the driver has come: idx of the available ring; in a packed queue,
 * 1 if the next descriptor is available. */
static uint16_t progress(const struct virtio_queue *queue)
{
    return queue->packed ? virtio_shadow_packed_waiting(queue)
                         : guest_read16(queue->avail + AVAIL_IDX);
}

static void queue_watch(struct virtio_queue *queue)
{
    bool live =
        virtio_life_running(queue->device) && queue->ready && !queue->stopping;
    uint16_t idx = live ? progress(queue) : 0;

    ignored_watch(queue);
    unnotified_watch(queue, live, idx);
    if (live) {
        wish_watch(queue, live);
    }
    no_entry_watch(queue, live, idx);
}

bool virtio_device_watch(struct virtio_device *device)
{
    bool pending = false;

    virtio_device_lock(device);
    setup_watch(device);
    interrupt_watch(device);
    no_queue_watch(device);
    reread_watch(device);
    for (unsigned i = 0; i < device->queue_count && i < VIRTIO_WATCH_QUEUES;
         i++) {
        /* Delivers the reports made so far: the outbox has room for those of
         * one part only. */
        virtio_device_unlock(device);
        virtio_device_lock(device);
        queue_watch(&device->queues[i]);
    }
    for (unsigned i = 0; i < VIRTIO_WATCH_ITEMS; i++) {
        pending |=
            device->watch.items[i].waiting && !device->watch.items[i].told;
    }
    virtio_device_unlock(device);
    return pending;
}
