/* A place in words; see vmm/report/code_place.h. */
#include "kernel/base/format.h"
#include "vmm/report/code_place.h"

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
