/* Places the pieces of the initrd; see the header. */
#include "vmm/boot/boot_initrd.h"

#include "vmm/boot/boot_space.h"
#include "vmm/memory/little_endian.h"

#define INITRD_ALIGNMENT 4
#define INITRD_MAXIMUM   MAP_HIGH_BASE

bool boot_initrd_size(const struct boot_request *request, uint64_t *size)
{
    uint64_t total = 0;

    for (size_t i = 0; i < request->initrd_count; i++) {
        uint64_t piece = request->initrd[i].size;

        if (piece > INITRD_MAXIMUM || total > INITRD_MAXIMUM) {
            return false;
        }
        total = align_up(total, INITRD_ALIGNMENT) + piece;
    }
    *size = total;
    return total <= INITRD_MAXIMUM;
}

void boot_initrd_put(const struct guest_memory *memory,
                     const struct boot_request *request, uint64_t base)
{
    uint64_t size = 0;
    uint64_t at = 0;

    if (!boot_initrd_size(request, &size) || size == 0) {
        return;
    }
    uint8_t *initrd = boot_space_bytes(memory, base, size);

    for (size_t i = 0; i < request->initrd_count; i++) {
        const struct boot_file *piece = &request->initrd[i];
        uint64_t aligned = align_up(at, INITRD_ALIGNMENT);

        if (piece->size == 0) {
            continue;
        }
        memset(initrd + at, 0, aligned - at);
        memcpy(initrd + aligned, piece->bytes, piece->size);
        at = aligned + piece->size;
    }
}
