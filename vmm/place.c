/* The place of a guest's instruction; see the header. */
#include "vmm/place.h"

#include "kernel/format.h"
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

void place_describe_bytes(const struct place *place, char *text, size_t size)
{
    size_t used = 0;

    text[0] = '\0';
    for (size_t i = 0; i < place->length && used < size; i++) {
        used += format_sn(text + used, size - used, "%s%02x", i == 0 ? "" : " ",
                          place->bytes[i]);
    }
}

void place_describe(const struct place *place, char *text, size_t size)
{
    char bytes[3 * INSN_MAX_LENGTH + 1];

    place_describe_bytes(place, bytes, sizeof(bytes));
    format_sn(text, size, "vcpu%u at %#llx%s%s: %s", place->vcpu,
              (unsigned long long)place->rip,
              place->symbol[0] != '\0' ? " " : "", place->symbol,
              bytes[0] != '\0' ? bytes : "not readable");
}
