/* The Status register as a state machine (VIRTIO 1.4 sections 2.1 and
 * 3.1.1). Each write is judged as a step from the old value to the new one.
 * transport.c calls it under the device's lock; life.c carries a reset out. */
#include "virtio/status.h"

#include "virtio/features.h"
#include "virtio/life.h"
#include "virtio/ops.h"
#include "virtio/violation.h"

enum {
    DRIVERS_BITS = VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER |
                   VIRTIO_STATUS_DRIVER_OK | VIRTIO_STATUS_FEATURES_OK |
                   VIRTIO_STATUS_FAILED,
};

uint32_t virtio_status_read(struct virtio_device *device)
{
    if (device->session.status == 0) {
        device->session.reset_unread = false;
    }
    device->session.features_ok_unread = false;
    return device->session.status;
}

bool virtio_status_failed_judge(struct virtio_device *device,
                                const struct virtio_queue *queue,
                                const char *summary, uint32_t value)
{
    if (!judge(device, CLAUSE_STATUS_DRV_003,
               (device->session.status & VIRTIO_STATUS_FAILED) != 0)) {
        return false;
    }
    violation(
        device, CLAUSE_STATUS_DRV_003, .queue = queue,
        .verdict = VIRTIO_VERDICT_IGNORED, .summary = summary,
        .values = {{"Status", device->session.status}, {"written", value}});
    return true;
}

/* Judges the bits of a write. Returns the driver's bits that are set after it:
 * other bits are ignored, and bits that were set before stay set. */
static uint32_t bits_judge(struct virtio_device *device, uint32_t value)
{
    uint32_t old = device->session.status;
    uint32_t foreign = value & ~(uint32_t)DRIVERS_BITS;

    /* A driver that writes back what it read also writes DEVICE_NEEDS_RESET;
     * a driver that writes its own copy does not. Both are right. */
    foreign &= ~(old & VIRTIO_STATUS_DEVICE_NEEDS_RESET);
    if (judge(device, CLAUSE_STATUS_TXT_001, foreign != 0)) {
        violation(device, CLAUSE_STATUS_TXT_001,
                  .verdict = VIRTIO_VERDICT_IGNORED,
                  .summary = "bits were set that are not the driver's",
                  .values = {{"Status", value}, {"bits", foreign}});
    }
    uint32_t lost = old & DRIVERS_BITS & ~value;

    if (judge(device, CLAUSE_STATUS_DRV_002, lost != 0)) {
        violation(device, CLAUSE_STATUS_DRV_002,
                  .verdict = VIRTIO_VERDICT_IGNORED,
                  .summary = "set status bits were written as 0",
                  .values = {{"Status was", old}, {"written", value}});
    }
    return (value | old) & DRIVERS_BITS;
}

/* Judges DRIVER (3.1.1 step 3). Many drivers set it together with
 * ACKNOWLEDGE. */
static void driver_judge(struct virtio_device *device, uint32_t value,
                         uint32_t fresh)
{
    bool together = (fresh & VIRTIO_STATUS_ACKNOWLEDGE) != 0;
    bool alone = (value & VIRTIO_STATUS_ACKNOWLEDGE) == 0;

    if (judge(device, CLAUSE_INIT_DRV_002, together || alone)) {
        violation(device, CLAUSE_INIT_DRV_002, .arguable = together,
                  .verdict = VIRTIO_VERDICT_TAKEN,
                  .summary = together ? "ACKNOWLEDGE and DRIVER in one write"
                                      : "DRIVER without ACKNOWLEDGE",
                  .values = {{"Status was", device->session.status},
                             {"written", value}});
    }
}

/* Judges FEATURES_OK (3.1.1 steps 3 to 5). True: the bit is to be set. */
static bool features_ok_judge(struct virtio_device *device, uint32_t value)
{
    uint32_t old = device->session.status;

    if (judge(device, CLAUSE_INIT_DRV_003, (old & VIRTIO_STATUS_DRIVER) == 0)) {
        violation(device, CLAUSE_INIT_DRV_003, .verdict = VIRTIO_VERDICT_TAKEN,
                  .summary = "FEATURES_OK before DRIVER",
                  .values = {{"Status was", old}, {"written", value}});
    } else if (judge(device, CLAUSE_INIT_DRV_004,
                     !device->session.read_features ||
                         !device->session.wrote_features)) {
        /* after a suspend, Linux accepts the same features without reading
         * them */
        violation(device, CLAUSE_INIT_DRV_004, .verdict = VIRTIO_VERDICT_TAKEN,
                  .arguable = device->session.wrote_features &&
                              device->ever_read_features,
                  .summary = device->session.wrote_features
                                 ? "FEATURES_OK without reading DeviceFeatures"
                                 : "FEATURES_OK without writing DriverFeatures",
                  .values = {{"Status was", old}, {"written", value}});
    }
    device->session.features_refused = !virtio_features_accept(device);
    device->session.features_ok_unread = !device->session.features_refused;
    return !device->session.features_refused;
}

/* After a refusal of its features, a driver tries others or gives up
 * (3.1.1). A driver that sets DRIVER_OK goes on in spite of it, even if it
 * writes FEATURES_OK again. True: the step is to be ignored. */
static bool refusal_judge(struct virtio_device *device, uint32_t value)
{
    if (!judge(device, CLAUSE_INIT_DRV_013, device->session.features_refused)) {
        return false;
    }
    violation(
        device, CLAUSE_INIT_DRV_013, .verdict = VIRTIO_VERDICT_IGNORED,
        .summary = "DRIVER_OK after the features were refused",
        .values = {{"Status was", device->session.status}, {"written", value}});
    return true;
}

/* Judges DRIVER_OK (3.1.1 steps 6 to 8). True: the bit is to be set. */
static bool driver_ok_judge(struct virtio_device *device, uint32_t value,
                            uint32_t fresh, bool features_ok)
{
    uint32_t old = device->session.status;
    bool together = (fresh & VIRTIO_STATUS_FEATURES_OK) != 0;

    if (judge(device, CLAUSE_INIT_DRV_005, !features_ok && !together)) {
        violation(device, CLAUSE_INIT_DRV_005,
                  .verdict = VIRTIO_VERDICT_IGNORED,
                  .summary = "DRIVER_OK without FEATURES_OK",
                  .values = {{"Status was", old}, {"written", value}});
        return false;
    }
    if (judge(device, CLAUSE_INIT_DRV_006,
              together || device->session.features_ok_unread)) {
        violation(device, CLAUSE_INIT_DRV_006,
                  .verdict = features_ok ? VIRTIO_VERDICT_TAKEN
                                         : VIRTIO_VERDICT_IGNORED,
                  .summary = together ? "FEATURES_OK and DRIVER_OK in one write"
                                      : "DRIVER_OK without reading Status "
                                        "after FEATURES_OK",
                  .values = {{"Status was", old}, {"written", value}});
        device->session.features_ok_unread = false;
    }
    return features_ok;
}

/* Judges the step and takes it. `value` holds only bits that belong to the
 * driver. */
static void step(struct virtio_device *device, uint32_t value)
{
    uint32_t old = device->session.status;
    uint32_t fresh = value & ~old;
    uint32_t set = fresh & (VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER |
                            VIRTIO_STATUS_FAILED);

    if ((fresh & VIRTIO_STATUS_DRIVER_OK) != 0 &&
        refusal_judge(device, value)) {
        fresh = set;
    }
    if ((fresh & VIRTIO_STATUS_DRIVER) != 0 &&
        (fresh & VIRTIO_STATUS_FEATURES_OK) == 0) {
        driver_judge(device, value, fresh);
    }
    if ((fresh & VIRTIO_STATUS_FEATURES_OK) != 0 &&
        features_ok_judge(device, value)) {
        set |= VIRTIO_STATUS_FEATURES_OK;
    }
    if ((fresh & VIRTIO_STATUS_DRIVER_OK) != 0 &&
        driver_ok_judge(device, value, fresh,
                        ((old | set) & VIRTIO_STATUS_FEATURES_OK) != 0)) {
        set |= VIRTIO_STATUS_DRIVER_OK;
    }
    device->session.status |= set;
    if ((set & VIRTIO_STATUS_DRIVER_OK) != 0) {
        virtio_life_start(device);
    }
}

/* Judges the first write of all, and the first write after a reset. */
static void beginning_judge(struct virtio_device *device, uint32_t value)
{
    if (judge(device, CLAUSE_INIT_DRV_001, !device->status_written)) {
        violation(device, CLAUSE_INIT_DRV_001, .verdict = VIRTIO_VERDICT_TAKEN,
                  .summary = "the first write to Status was not 0",
                  .values = {{"Status", value}});
        device->status_written = true;
    }
    if (judge(device, CLAUSE_RESET_DRV_001,
              device->session.reset_unread || device->resetting)) {
        violation(device, CLAUSE_RESET_DRV_001,
                  .verdict = device->resetting ? VIRTIO_VERDICT_IGNORED
                                               : VIRTIO_VERDICT_TAKEN,
                  .summary =
                      "went on after a reset without reading Status as 0",
                  .values = {{"Status", value}});
        device->session.reset_unread = false;
    }
}

void virtio_status_write(struct virtio_device *device, uint32_t value)
{
    if (value == 0) {
        device->status_written = true;
        virtio_life_reset(device);
        return;
    }
    if (judge(device, CLAUSE_MMIO_TXT_005, value > 0xff)) {
        violation(device, CLAUSE_MMIO_TXT_005,
                  .verdict = VIRTIO_VERDICT_IGNORED,
                  .summary = "a value of more than 8 bits",
                  .values = {{"Status", value}});
        return;
    }
    beginning_judge(device, value);
    if (device->resetting) {
        return;
    }
    value = bits_judge(device, value);
    uint32_t fresh = value & ~device->session.status;

    if (fresh == 0) {
        return;
    }
    if (!virtio_status_failed_judge(device, NULL,
                                    "Status went on after FAILED, without a "
                                    "reset",
                                    value)) {
        step(device, value);
    }
}
