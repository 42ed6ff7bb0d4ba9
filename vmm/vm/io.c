/* IN, OUT, INS and OUTS, for the chip whose port it is. A port without a chip
 * reads as ones and ignores writes, as on the machine's bus.
 *
 * Who calls it: vmm/vm/exits.c. SDM 3C 28.2.1 (Table 28-5). */
#include "kernel/base/log.h"
#include "vmm/cpu/emulate.h"
#include "vmm/vm/mmio.h"
#include "vmm/vm/vcpu.h"
#include "vmm/vm/vm.h"

/* So many accesses to absent ports are logged, at debug level. */
#define WILD_PORTS_LOGGED 32

static uint64_t size_mask(uint8_t size)
{
    return size >= 8 ? UINT64_MAX : (1ULL << (size * 8)) - 1;
}

static enum access_result port_access(void *context, struct access *access)
{
    struct vm *vm = context;
    const struct region *region = regions_find(&vm->ports, access->address);

    if (region != NULL &&
        region->access(region->context, access) == ACCESS_HANDLED) {
        return ACCESS_HANDLED;
    }
    if (vm->wild_ports++ < WILD_PORTS_LOGGED) {
        log_debug("nobody at port %#llx (%s of %u bytes)",
                  (unsigned long long)access->address,
                  access->write ? "write" : "read", access->size);
    }
    if (!access->write) {
        access->value = size_mask(access->size);
    }
    return ACCESS_HANDLED;
}

static enum access_result string_port_access(void *context,
                                             struct access *access)
{
    struct vcpu *vcpu = context;

    access->vcpu = vcpu;
    return port_access(vcpu->vm, access);
}

/* Out of line, since it is long and rare. */
__attribute__((noinline)) static void string_io(struct vcpu *vcpu,
                                                const struct exit *exit)
{
    struct emulate_context context;

    mmio_prepare(vcpu, &context);
    mmio_finish(vcpu, &context,
                emulate_string_io(&context, exit->io.in, exit->io.size,
                                  string_port_access, vcpu));
}

/* A result of 32 bits clears the upper half of RAX; a smaller one leaves the
 * upper bits unchanged. */
static void set_result(struct guest *guest, uint8_t size, uint64_t value)
{
    uint64_t mask = size_mask(size);
    uint64_t kept = size == 4 ? 0 : guest_gpr(guest, GPR_RAX) & ~mask;

    guest_set_gpr(guest, GPR_RAX, kept | (value & mask));
}

void io_exit(struct vcpu *vcpu, const struct exit *exit)
{
    struct guest *guest = vcpu->guest;
    struct access access = {
        .address = exit->io.port,
        .size = exit->io.size,
        .write = !exit->io.in,
        .vcpu = vcpu,
    };

    if (exit->io.string) {
        string_io(vcpu, exit);
        return;
    }
    if (access.write) {
        access.value = guest_gpr(guest, GPR_RAX) & size_mask(access.size);
        port_access(vcpu->vm, &access);
    } else {
        port_access(vcpu->vm, &access);
        set_result(guest, access.size, access.value);
    }
    guest_skip(guest, exit->length);
}
