/* Multiboot headers for tests; see the header. */
#include "test/unit/support/multiboot_write.h"

#include <stdarg.h>
#include <string.h>

static void word(uint8_t *file, uint64_t at, uint32_t value)
{
    memcpy(file + at, &value, sizeof(value));
}

void multiboot_write1(uint8_t *file, uint64_t at, uint32_t flags)
{
    word(file, at, MULTIBOOT_MAGIC1);
    word(file, at + 4, flags);
    word(file, at + 8, -(MULTIBOOT_MAGIC1 + flags));
}

void multiboot_write1_addresses(uint8_t *file, uint64_t at,
                                const struct multiboot_addresses *addresses)
{
    memcpy(file + at + 12, addresses, sizeof(*addresses));
}

void multiboot_begin2(struct multiboot_tags *tags, uint8_t *file, uint64_t at)
{
    *tags = (struct multiboot_tags){.file = file, .at = at, .grown = at + 16};
}

void multiboot_tag2(struct multiboot_tags *tags, uint16_t type, uint16_t flags,
                    unsigned count, ...)
{
    uint32_t size = 8 + 4 * count;
    va_list fields;

    word(tags->file, tags->grown, type | (uint32_t)flags << 16);
    word(tags->file, tags->grown + 4, size);
    va_start(fields, count);
    for (unsigned i = 0; i < count; i++) {
        word(tags->file, tags->grown + 8 + 4 * i, va_arg(fields, uint32_t));
    }
    va_end(fields);
    tags->grown = (tags->grown + size + 7) & ~7ULL;
}

void multiboot_seal2(const struct multiboot_tags *tags, uint32_t architecture,
                     uint32_t length)
{
    word(tags->file, tags->at, MULTIBOOT_MAGIC2);
    word(tags->file, tags->at + 4, architecture);
    word(tags->file, tags->at + 8, length);
    word(tags->file, tags->at + 12,
         -(MULTIBOOT_MAGIC2 + architecture + length));
}

void multiboot_end2(struct multiboot_tags *tags)
{
    multiboot_tag2(tags, 0, 0, 0);
    multiboot_seal2(tags, 0, (uint32_t)(tags->grown - tags->at));
}
