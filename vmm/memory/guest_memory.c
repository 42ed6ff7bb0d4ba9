/* Translates guest-physical ranges to host memory; see the header. */
#include "vmm/memory/guest_memory.h"

#include "kernel/base/string.h"

void *guest_memory_range(const struct guest_memory *memory, gpa_t address,
                         uint64_t length)
{
    if (length == 0) {
        return NULL;
    }
    for (size_t i = 0; i < memory->slot_count; i++) {
        const struct guest_memory_slot *slot = &memory->slots[i];

        if (address.value >= slot->base &&
            address.value - slot->base < slot->size &&
            length <= slot->size - (address.value - slot->base)) {
            return slot->host + (address.value - slot->base);
        }
    }
    return NULL;
}

/* The longest part of [address, address + length) from `address` on that lies
 * in one slot; its length goes to *piece_length. NULL: `address` is not RAM. */
static uint8_t *piece(const struct guest_memory *memory, uint64_t address,
                      uint64_t length, uint64_t *piece_length)
{
    for (size_t i = 0; i < memory->slot_count; i++) {
        const struct guest_memory_slot *slot = &memory->slots[i];

        if (address >= slot->base && address - slot->base < slot->size) {
            uint64_t left = slot->size - (address - slot->base);

            *piece_length = length < left ? length : left;
            return slot->host + (address - slot->base);
        }
    }
    return NULL;
}

/* True: every byte of the range is RAM, and the range does not wrap. */
static bool all_ram(const struct guest_memory *memory, uint64_t address,
                    uint64_t length)
{
    uint64_t piece_length = 0;

    if (length > UINT64_MAX - address) {
        return false;
    }
    while (length > 0) {
        if (piece(memory, address, length, &piece_length) == NULL) {
            return false;
        }
        address += piece_length;
        length -= piece_length;
    }
    return true;
}

bool guest_memory_read(const struct guest_memory *memory, gpa_t address,
                       void *to, uint64_t length)
{
    uint8_t *out = to;
    uint64_t at = address.value;

    if (!all_ram(memory, at, length)) {
        return false;
    }
    while (length > 0) {
        uint64_t count = 0;
        const uint8_t *from = piece(memory, at, length, &count);

        memcpy(out, from, count);
        out += count;
        at += count;
        length -= count;
    }
    return true;
}

bool guest_memory_write(const struct guest_memory *memory, gpa_t address,
                        const void *from, uint64_t length)
{
    const uint8_t *in = from;
    uint64_t at = address.value;

    if (!all_ram(memory, at, length)) {
        return false;
    }
    while (length > 0) {
        uint64_t count = 0;
        uint8_t *to = piece(memory, at, length, &count);

        memcpy(to, in, count);
        in += count;
        at += count;
        length -= count;
    }
    return true;
}

bool guest_memory_read64(const struct guest_memory *memory, gpa_t address,
                         uint64_t *value)
{
    uint64_t *word = guest_memory_range(memory, address, sizeof(*word));

    if (word == NULL || address.value % sizeof(*word) != 0) {
        return false;
    }
    *value = __atomic_load_n(word, __ATOMIC_RELAXED);
    return true;
}

bool guest_memory_update64(const struct guest_memory *memory, gpa_t address,
                           uint64_t expected, uint64_t desired)
{
    uint64_t *word = guest_memory_range(memory, address, sizeof(*word));

    if (word == NULL || address.value % sizeof(*word) != 0) {
        return false;
    }
    return __atomic_compare_exchange_n(word, &expected, desired, false,
                                       __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}
