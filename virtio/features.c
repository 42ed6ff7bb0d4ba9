/* Feature negotiation (VIRTIO 1.4 sections 2.2 and 6): four words of 32 bits
 * behind two selectors. The features that a driver accepts are judged when
 * it writes FEATURES_OK and not before, since Linux writes the words twice.
 * transport.c and status.c call it under the device's lock. */
#include "virtio/features.h"

#include "virtio/status.h"
#include "virtio/violation.h"

enum {
    WORDS = 4
};

#define BIT(n) (UINT64_C(1) << (n))

const char *virtio_feature_name(const struct virtio_device *device,
                                unsigned bit)
{
    return virtio_type_feature_name(device->type, bit);
}

static unsigned lowest(uint64_t bits)
{
    return (unsigned)__builtin_ctzll(bits);
}

/* A feature in `bits` that requires a feature which is not in `bits`; NULL:
 * none. */
static const struct virtio_feature_info *
dependency_find(const struct virtio_type *type, uint64_t bits)
{
    for (size_t i = 0; i < type->feature_count; i++) {
        const struct virtio_feature_info *info = &type->features[i];
        bool held = info->requires_count == 0;

        for (unsigned j = 0; j < info->requires_count; j++) {
            held |= (bits & BIT(info->requires[j])) != 0;
        }
        if ((bits & BIT(info->bit)) != 0 && !held) {
            return info;
        }
    }
    return NULL;
}

const char *virtio_features_offer(struct virtio_device *device,
                                  const uint64_t off[2])
{
    const struct virtio_type *type = device->type;
    uint64_t offered = (type->offered | virtio_type_common) & ~off[0];
    const struct virtio_feature_info *info;

    for (size_t i = 0; i < type->feature_count; i++) {
        if (type->features[i].bit >= 64 ||
            type->features[i].requires_count > 2) {
            return "a feature's bit or requirements are out of range";
        }
    }
    offered |= BIT(VIRTIO_F_VERSION_1); /* VERSION_1 is always offered (6.2) */
    /* Where a feature is turned off, those that require it go too (2.2.2). */
    while ((info = dependency_find(type, offered)) != NULL) {
        offered &= ~BIT(info->bit);
    }
    for (unsigned bit = 0; bit < 64; bit++) {
        if ((offered & ~virtio_type_common & BIT(bit)) != 0 &&
            virtio_type_feature(type, bit) == NULL) {
            return "a feature is offered that this type does not have";
        }
    }
    device->offered[0] = offered;
    device->offered[1] = 0;
    return NULL;
}

uint32_t virtio_features_read(struct virtio_device *device)
{
    uint32_t word = device->session.device_features_sel;

    if (judge(device, CLAUSE_MMIO_DRV_014, !device->session.wrote_device_sel)) {
        violation(device, CLAUSE_MMIO_DRV_014, .verdict = VIRTIO_VERDICT_TAKEN,
                  .summary = "DeviceFeaturesSel was not written since reset");
    }
    if (judge(device, CLAUSE_INIT_DRV_003,
              (device->session.status & VIRTIO_STATUS_DRIVER) == 0)) {
        violation(device, CLAUSE_INIT_DRV_003, .verdict = VIRTIO_VERDICT_TAKEN,
                  .summary = "DeviceFeatures was read before DRIVER",
                  .values = {{"Status", device->session.status}});
    }
    device->session.read_features = true;
    device->ever_read_features = true;
    if (word >= WORDS) {
        return 0;
    }
    return (uint32_t)(device->offered[word / 2] >> word % 2 * 32);
}

/* Judges a write of features after FEATURES_OK: nothing may change then. */
static void late_judge(struct virtio_device *device, uint32_t word,
                       uint32_t old, uint32_t value)
{
    if (judge(device, CLAUSE_INIT_DRV_011, (value & ~old) != 0)) {
        violation(
            device, CLAUSE_INIT_DRV_011, .verdict = VIRTIO_VERDICT_IGNORED,
            .summary = "features were added after FEATURES_OK",
            .values = {
                {"DriverFeaturesSel", word}, {"was", old}, {"written", value}});
    } else if (judge(device, CLAUSE_FEAT_TXT_001, value != old)) {
        violation(
            device, CLAUSE_FEAT_TXT_001, .verdict = VIRTIO_VERDICT_IGNORED,
            .summary = "features were dropped after FEATURES_OK",
            .values = {
                {"DriverFeaturesSel", word}, {"was", old}, {"written", value}});
    }
}

void virtio_features_write(struct virtio_device *device, uint32_t value)
{
    uint32_t word = device->session.driver_features_sel;
    unsigned shift = word % 2 * 32;
    uint64_t *half = &device->session.accepted[word / 2 % 2];
    uint32_t old = word < WORDS ? (uint32_t)(*half >> shift) : 0;

    if (judge(device, CLAUSE_MMIO_DRV_015, !device->session.wrote_driver_sel)) {
        violation(device, CLAUSE_MMIO_DRV_015, .verdict = VIRTIO_VERDICT_TAKEN,
                  .summary = "DriverFeaturesSel was not written since reset");
    }
    if (device->resetting) {
        return;
    }
    if (virtio_status_failed_judge(
            device, NULL, "features were written after FAILED", value)) {
        return;
    }
    if (judge(device, CLAUSE_INIT_DRV_003,
              (device->session.status & VIRTIO_STATUS_DRIVER) == 0)) {
        violation(device, CLAUSE_INIT_DRV_003, .verdict = VIRTIO_VERDICT_TAKEN,
                  .summary = "DriverFeatures was written before DRIVER",
                  .values = {{"Status", device->session.status}});
    }
    if ((device->session.status & VIRTIO_STATUS_FEATURES_OK) != 0) {
        late_judge(device, word, old, value);
        return;
    }
    device->session.wrote_features = true;
    device->session.features_refused =
        false; /* the driver tries other features */
    if (word < WORDS) {
        *half = (*half & ~((uint64_t)UINT32_MAX << shift)) | (uint64_t)value
                                                                 << shift;
    } else if (value != 0) {
        device->session.accepted_beyond = true;
    }
}

static uint64_t known(const struct virtio_type *type)
{
    uint64_t bits = virtio_type_known;

    for (size_t i = 0; i < type->feature_count; i++) {
        bits |= BIT(type->features[i].bit);
    }
    return bits;
}

/* Reports that the driver should not have accepted `bits`. */
static bool bits_judge(struct virtio_device *device, enum clause_id id,
                       uint64_t bits, const char *summary)
{
    if (!judge(device, id, bits != 0)) {
        return true;
    }
    violation(device, id, .verdict = VIRTIO_VERDICT_FEATURES_REFUSED,
              .summary = summary,
              .values = {{"bit", lowest(bits)},
                         {"accepted", device->session.accepted[0]},
                         {"offered", device->offered[0]}});
    return false;
}

static bool beyond_judge(struct virtio_device *device)
{
    bool beyond =
        device->session.accepted_beyond || device->session.accepted[1] != 0;

    if (!judge(device, CLAUSE_FEAT_DRV_005, beyond)) {
        return true;
    }
    violation(device, CLAUSE_FEAT_DRV_005,
              .verdict = VIRTIO_VERDICT_FEATURES_REFUSED,
              .summary = "feature bits above 63 were accepted",
              .values = {{"bits 64 to 127", device->session.accepted[1]}});
    return false;
}

bool virtio_features_accept(struct virtio_device *device)
{
    const struct virtio_type *type = device->type;
    uint64_t accepted = device->session.accepted[0];
    uint64_t unknown = accepted & ~known(type);
    uint64_t sr_iov = unknown & BIT(VIRTIO_F_SR_IOV);
    const struct virtio_feature_info *info = dependency_find(type, accepted);
    bool good = true;

    good &= bits_judge(device, CLAUSE_RESV_DRV_010, sr_iov,
                       "SR_IOV was accepted by a driver over MMIO");
    good &= bits_judge(device, CLAUSE_FEAT_DRV_005, unknown & ~sr_iov,
                       "a reserved or unknown feature was accepted");
    good &= beyond_judge(device);
    good &= bits_judge(device, CLAUSE_FEAT_DRV_001,
                       accepted & known(type) & ~device->offered[0],
                       "a feature was accepted that is not offered");
    good &= bits_judge(device, CLAUSE_RESV_DRV_001,
                       ~accepted & BIT(VIRTIO_F_VERSION_1),
                       "VERSION_1 was not accepted");
    if (judge(device, CLAUSE_FEAT_DRV_002, info != NULL)) {
        violation(device, CLAUSE_FEAT_DRV_002,
                  .verdict = VIRTIO_VERDICT_FEATURES_REFUSED,
                  .summary = "a feature was accepted without what it requires",
                  .values = {{"bit", info->bit},
                             {"requires bit", info->requires[0]},
                             {"accepted", accepted}});
        good = false;
    }
    if (good && virtio_offered(device, VIRTIO_F_RING_PACKED) &&
        judge(device, CLAUSE_RESV_DRV_006,
              !virtio_accepted(device, VIRTIO_F_RING_PACKED))) {
        violation(device, CLAUSE_RESV_DRV_006, .verdict = VIRTIO_VERDICT_TAKEN,
                  .summary = "RING_PACKED is offered and was not accepted",
                  .values = {{"accepted", accepted}});
    }
    if (good && device->ops->judge_features != NULL) {
        device->ops->judge_features(device);
    }
    return good;
}
