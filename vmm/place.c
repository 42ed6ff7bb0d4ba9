/* The place of a guest's instruction; see the header. */
#include "vmm/place.h"

#include "kernel/string.h"
#include "vmm/mmio.h"
#include "vmm/symbols_guest.h"
#include "vmm/vcpu.h"

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
