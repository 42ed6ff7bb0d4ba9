/* The machine that the loaders' fuzz targets load into, and what of it a
 * loaded kernel was given. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "vmm/guest_memory.h"
#include "vmm/memory_map.h"

#define FUZZ_E820 3

/* Memory of one slot from 0, and its map: RAM but for 640 KiB to 1 MiB. */
struct fuzz_machine {
    uint64_t size;
    uint8_t *ram;
    struct guest_memory memory;
    struct e820_entry e820[FUZZ_E820];
};

/* The machine with so much of it, up to FUZZ_RAM_MOST. Its bytes are what
 * earlier inputs left there. */
#define FUZZ_RAM_MOST (24ULL << 20)
struct fuzz_machine *fuzz_machine(uint64_t size);

/* Each piece of memory that a kernel is told of: it must be RAM, and no two may
 * overlap. What stands there. */
void fuzz_pieces_begin(void);
const uint8_t *fuzz_piece(const struct fuzz_machine *machine, uint64_t base,
                          uint64_t size);

/* A copy at whose end ASan's red zone begins; to be freed. */
uint8_t *fuzz_exact(const uint8_t *bytes, size_t size);
