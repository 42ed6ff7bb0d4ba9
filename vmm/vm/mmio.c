/* EPT violations: the access is decoded, executed, and given to the device
 * whose window it hits.
 *
 * Who calls it: vmm/vm/exits.c. SDM 3C 28.2.1 (Table 28-7), 29.3.3. */
#include "vmm/vm/mmio.h"

#include "kernel/base/log.h"
#include "vmm/report/code_place.h"
#include "vmm/vm/vcpu.h"
#include "vmm/vm/vm.h"

/* So many instructions that are not emulated are logged for one machine, so
 * that a guest cannot fill the log. */
#define NOT_EMULATED_LOGGED 16

static enum access_result dispatch(struct vcpu *vcpu, struct access *access)
{
    const struct region *region =
        regions_find(&vcpu->vm->windows, access->address);
    uint64_t address = access->address;
    enum access_result result = ACCESS_UNHANDLED;

    if (region == NULL) {
        return ACCESS_UNHANDLED;
    }
    access->address -= region->base;
    access->vcpu = vcpu;
    result = region->access(region->context, access);
    access->address = address;
    return result;
}

/* Each vCPU has its own local APIC behind the same page. */
static enum access_result device_access(void *context, struct access *access)
{
    struct vcpu *vcpu = context;
    uint64_t offset = access->address - MAP_LAPIC_BASE;

    if (offset < MAP_LAPIC_SIZE) {
        enum access_result result = ACCESS_HANDLED;

        access->address = offset;
        result = lapic_access(&vcpu->lapic, access);
        access->address += MAP_LAPIC_BASE;
        return result;
    }
    return dispatch(vcpu, access);
}

void mmio_prepare(struct vcpu *vcpu, struct emulate_context *context)
{
    *context = (struct emulate_context){
        .space = vm_walk_space(vcpu),
        .cache = &vcpu->emulate_cache,
        .device = device_access,
        .device_context = vcpu,
    };
}

static void log_not_emulated(struct vcpu *vcpu, const struct emulate_code *code)
{
    char bytes[CODE_PLACE_BYTES];

    code_place_format_bytes(bytes, sizeof(bytes), code->bytes,
                            code->length != 0 ? code->length : code->fetched);
    log_warn("instruction not emulated at %#llx: %s; #UD given",
             (unsigned long long)guest_get(vcpu->guest, GUEST_RIP), bytes);
}

/* Ends the VM: `what` accessed the address, and no instruction can be
 * emulated for it. */
static void crash_at(struct vcpu *vcpu, const char *what, uint64_t address)
{
    vcpu_crash(vcpu, "%s at guest-physical %#llx, which is not memory", what,
               (unsigned long long)address);
}

void mmio_finish(struct vcpu *vcpu, const struct emulate_context *context,
                 enum emulate_result result)
{
    switch (result) {
    case EMULATE_DONE:
    case EMULATE_FAULT:
    case EMULATE_RESTART:
        return;
    case EMULATE_UNSUPPORTED:
        if (vcpu->vm->not_emulated++ < NOT_EMULATED_LOGGED) {
            log_not_emulated(vcpu, &context->code);
        }
        return;
    case EMULATE_BAD:
        if (context->failed_walk) {
            crash_at(vcpu, "page table", context->failed.address);
            return;
        }
        vcpu_crash(vcpu,
                   "%s of %u bytes at guest-physical %#llx: there is neither "
                   "memory nor a device",
                   context->failed.write ? "write" : "read",
                   context->failed.size,
                   (unsigned long long)context->failed.address);
        return;
    case EMULATE_TRIPLE:
        vcpu_crash(vcpu, "triple fault");
        return;
    }
}

static void run(struct vcpu *vcpu, struct emulate_context *context)
{
    enum emulate_result result = emulate_run(context);

    if (result != EMULATE_DONE) {
        mmio_finish(vcpu, context, result);
    }
}

void mmio_exit(struct vcpu *vcpu, const struct exit *exit)
{
    struct emulate_context context;
    uint64_t address = exit->ept.gpa;

    if (exit->ept.fetch) {
        crash_at(vcpu, "instruction fetch", address);
        return;
    }
    if (exit->ept.page_walk || exit->delivering) {
        crash_at(vcpu,
                 exit->ept.page_walk ? "page table" : "descriptor or stack",
                 address);
        return;
    }
    mmio_prepare(vcpu, &context);
    if (exit->ept.linear_valid) {
        context.hint_valid = true;
        context.hint_write = exit->ept.write;
        context.hint_linear = exit->ept.linear;
        context.hint_gpa = gpa(address);
    }
    run(vcpu, &context);
}

/* An access to the virtual local APIC that the processor does not carry out
 * by itself. */
void mmio_apic_exit(struct vcpu *vcpu, const struct exit *exit)
{
    struct emulate_context context;
    uint64_t address = MAP_LAPIC_BASE + exit->apic.offset;

    if (exit->apic.fetch) {
        crash_at(vcpu, "instruction fetch", address);
        return;
    }
    if (exit->apic.other || exit->delivering) {
        crash_at(vcpu, "page table, descriptor or stack", address);
        return;
    }
    mmio_prepare(vcpu, &context);
    run(vcpu, &context);
}
