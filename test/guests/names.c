/* The names and values of C that the guests of this folder write: virtio's
 * registers and bits, and model-specific registers. Not part of the image; see
 * arch/asm_constants.h. guest.inc includes what becomes of it. */
#include "arch/asm_constants.h"

#include "arch/msr.h"
#include "virtio/block_request.h"
#include "virtio/descriptor.h"
#include "virtio/ops.h"
#include "virtio/packed.h"
#include "virtio/registers.h"

#define MSR(name)       ASM_CONSTANT(MSR_##name, MSR_##name);
#define APIC_BASE(name) ASM_CONSTANT(APIC_BASE_##name, APIC_BASE_##name);
#define STATUS(name)    ASM_CONSTANT(STATUS_##name, VIRTIO_STATUS_##name);
#define CAUSE(name)     ASM_CONSTANT(INTERRUPT_##name, VIRTIO_INTERRUPT_##name);
#define FEATURE(name)   ASM_CONSTANT(F_##name, VIRTIO_F_##name);
#define DESC(name)      ASM_CONSTANT(DESC_##name, DESC_F_##name);
#define PACKED(name)    ASM_CONSTANT(DESC_##name, PACKED_F_##name);

void guest_names(void);
void guest_names(void)
{
    ASM_CONSTANT(MAGIC, VIRTIO_MAGIC);
#define REGISTER(name, text, offset, direction)                                \
    ASM_CONSTANT(REG_##name, offset);
#include "virtio/registers.def"
#undef REGISTER
    ASM_CONSTANT(REG_CONFIG, VIRTIO_REG_CONFIG);

    STATUS(ACKNOWLEDGE)
    STATUS(DRIVER)
    STATUS(DRIVER_OK)
    STATUS(FEATURES_OK)
    STATUS(DEVICE_NEEDS_RESET)
    STATUS(FAILED)

    CAUSE(USED)
    CAUSE(CONFIG)

    FEATURE(INDIRECT_DESC)
    FEATURE(EVENT_IDX)
    FEATURE(VERSION_1)
    FEATURE(RING_PACKED)
    FEATURE(IN_ORDER)
    FEATURE(SR_IOV)
    FEATURE(NOTIFICATION_DATA)
    FEATURE(RING_RESET)
    ASM_CONSTANT(F_BLOCK_SEG_MAX, VIRTIO_BLOCK_F_SEG_MAX);

    DESC(NEXT)
    DESC(WRITE)
    DESC(INDIRECT)
    PACKED(AVAIL)
    PACKED(USED)

    MSR(APIC_BASE)
    MSR(TSC_ADJUST)
    MSR(TSC_DEADLINE)
    MSR(X2APIC)
    MSR(MISC_ENABLE)
    MSR(EFER)
    MSR(KERNEL_GS_BASE)
    APIC_BASE(BSP)
    APIC_BASE(EXTD)
    APIC_BASE(EN)
}
