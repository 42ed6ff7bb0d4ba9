/* The machine that the loaders' fuzz targets load into, and what of it a
 * loaded kernel was given. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vmm/boot/boot_protocol.h"
#include "vmm/memory/memory_map.h"

/* Memory of one slot from 0, and its map: RAM but for 640 KiB to 1 MiB, and for
 * the screen, if there is one, at its end. */
struct fuzz_machine {
    uint64_t size;
    uint8_t *ram;
    struct guest_memory memory;
    struct e820_entry e820[4];
    size_t e820_count;
    struct boot_screen screen;
    bool has_screen;
};

/* The machine with so much of it, up to FUZZ_RAM_MOST. Its bytes are what
 * earlier inputs left there. */
#define FUZZ_RAM_MOST (24ULL << 20)
struct fuzz_machine *fuzz_machine(uint64_t size, bool screen);

/* Each piece of memory that a kernel is told of: it must be RAM, and no two may
 * overlap. What stands there. */
void fuzz_pieces_begin(void);
const uint8_t *fuzz_piece(const struct fuzz_machine *machine, uint64_t base,
                          uint64_t size);

/* Loads on the machine, by one protocol or the table: true if the kernel was
 * accepted. The verdict must be the same where it is only judged, which touches
 * no memory. */
typedef const char *fuzz_load(const struct guest_memory *memory,
                              const struct boot_request *request,
                              struct boot_start *start);
bool fuzz_loads(const struct fuzz_machine *machine, fuzz_load *load,
                struct boot_request *request, struct boot_start *start);

/* A copy at whose end ASan's red zone begins; to be freed. */
uint8_t *fuzz_exact(const uint8_t *bytes, size_t size);
