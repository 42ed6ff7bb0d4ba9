/* The place of a vCPU in its code, from its registers, its memory and its
 * kernel's symbols.
 *
 * Who calls it: vmm/vm/vm_report.c, vmm/vm/vcpu_crash.c, vmm/vm/vm_run.c. */
#include "kernel/base/string.h"
#include "vmm/report/code_place.h"
#include "vmm/vm/mmio.h"
#include "vmm/vm/vcpu.h"
#include "vmm/vm/vm_symbols.h"

void vcpu_code_place(struct vcpu *vcpu, struct code_place *place)
{
    struct emulate_context context;
    struct emulate_code code = {0};

    mmio_prepare(vcpu, &context);
    emulate_fetch(&context, &code);
    *place = (struct code_place){
        .known = true,
        .vcpu = vcpu->index,
        .rip = guest_get(vcpu->guest, GUEST_RIP),
        .length = code.length != 0 ? code.length : code.fetched,
    };
    memcpy(place->bytes, code.bytes, sizeof(place->bytes));
    vm_symbols_name(vcpu, place->rip, place->symbol, sizeof(place->symbol));
}
