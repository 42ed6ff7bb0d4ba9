/* Writes a guest's place in its code as text; see the header. */
#include "vmm/report/code_place.h"

#include "kernel/base/format.h"

void code_place_format_bytes(char *text, size_t size, const uint8_t *bytes,
                             size_t count)
{
    size_t used = 0;

    text[0] = '\0';
    for (size_t i = 0; i < count && used < size; i++) {
        used += format_sn(text + used, size - used, "%s%02x", i == 0 ? "" : " ",
                          bytes[i]);
    }
}

void code_place_format_address(char *text, size_t size,
                               const struct code_place *place)
{
    format_sn(text, size, "%#llx%s%s", (unsigned long long)place->rip,
              place->symbol[0] != '\0' ? " " : "", place->symbol);
}

void code_place_format_code(char *text, size_t size,
                            const struct code_place *place)
{
    if (place->length == 0) {
        format_sn(text, size, "not readable");
        return;
    }
    code_place_format_bytes(text, size, place->bytes, place->length);
}

void code_place_format(char *text, size_t size, const struct code_place *place)
{
    char address[CODE_PLACE_ADDRESS];
    char code[CODE_PLACE_BYTES];

    code_place_format_address(address, sizeof(address), place);
    code_place_format_code(code, sizeof(code), place);
    format_sn(text, size, "vcpu%u at %s: %s", place->vcpu, address, code);
}
