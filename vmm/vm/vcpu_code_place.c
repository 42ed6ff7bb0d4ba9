/* The place of a guest's instruction; see the header. */
#include "vmm/report/code_place.h"

#include "kernel/base/string.h"
#include "vmm/vm/mmio.h"
#include "vmm/vm/vcpu.h"
#include "vmm/vm/vm_symbols.h"

void place_take(struct vcpu *vcpu, struct place *place)
{
    struct emulate_context context;
    struct emulate_code code = {0};

    mmio_prepare(vcpu, &context);
    emulate_fetch(&context, &code);
    *place = (struct place){
        .known = true,
        .vcpu = vcpu->index,
        .rip = guest_get(vcpu->guest, GUEST_RIP),
        .length = code.length != 0 ? code.length : code.fetched,
    };
    memcpy(place->bytes, code.bytes, sizeof(place->bytes));
    symbols_guest_name(vcpu, place->rip, place->symbol, sizeof(place->symbol));
}
