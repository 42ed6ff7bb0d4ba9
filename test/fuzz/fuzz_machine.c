/* The loaders' fuzz targets' machine; see the header. */
#include "test/fuzz/fuzz_machine.h"

#include <stdlib.h>
#include <string.h>

#include "kernel/base/panic.h"
#include "test/fuzz/fuzz.h"

#define PIECES 64

static struct {
    uint64_t base;
    uint64_t end;
} pieces[PIECES];
static size_t piece_count;

_Noreturn void panic(const char *format, ...)
{
    (void)format;
    abort();
}

/* 80 by 50 of 32 bits, in whole pages. */
#define SCREEN_SIZE 0x4000ULL

static void add_screen(struct fuzz_machine *machine)
{
    uint64_t base = machine->size - SCREEN_SIZE;

    machine->e820[2].size -= SCREEN_SIZE;
    machine->e820[machine->e820_count++] =
        (struct e820_entry){base, SCREEN_SIZE, E820_RESERVED};
    machine->screen = (struct boot_screen){
        .address = base,
        .pitch = 320,
        .width = 80,
        .height = 50,
        .bits = 32,
        .red = {16, 8},
        .green = {8, 8},
        .blue = {0, 8},
    };
    machine->has_screen = true;
}

struct fuzz_machine *fuzz_machine(uint64_t size, bool screen)
{
    static uint8_t *ram;
    static struct fuzz_machine machine;

    if (ram == NULL) {
        ram = calloc(1, FUZZ_RAM_MOST);
    }
    REQUIRE(size <= FUZZ_RAM_MOST && size > MAP_LEGACY_END + SCREEN_SIZE);
    machine = (struct fuzz_machine){
        .size = size,
        .ram = ram,
        .memory = {.slots = {{.base = 0, .size = size, .host = ram}},
                   .slot_count = 1},
        .e820 =
            {
                {0, MAP_LEGACY_BASE, E820_RAM},
                {MAP_ACPI_BASE, MAP_LEGACY_END - MAP_ACPI_BASE, E820_RESERVED},
                {MAP_LEGACY_END, size - MAP_LEGACY_END, E820_RAM},
            },
        .e820_count = 3,
    };
    if (screen) {
        add_screen(&machine);
    }
    return &machine;
}

void fuzz_pieces_begin(void)
{
    piece_count = 0;
}

const uint8_t *fuzz_piece(const struct fuzz_machine *machine, uint64_t base,
                          uint64_t size)
{
    uint64_t end = base + size;

    REQUIRE(end >= base && end <= machine->size);
    REQUIRE(!machine->has_screen || end <= machine->screen.address);
    REQUIRE(base >= MAP_LEGACY_END || end <= MAP_LEGACY_BASE);
    for (size_t i = 0; i < piece_count; i++) {
        REQUIRE(end <= pieces[i].base || base >= pieces[i].end);
    }
    REQUIRE(piece_count < PIECES);
    pieces[piece_count].base = base;
    pieces[piece_count++].end = end;
    return machine->ram + base;
}

bool fuzz_loads(const struct fuzz_machine *machine, fuzz_load *load,
                struct boot_request *request, struct boot_start *start)
{
    static struct boot_start judged;
    struct guest_memory absent = machine->memory;
    struct boot_preference preference;
    bool accepted = false;

    request->e820 = machine->e820;
    request->e820_count = machine->e820_count;
    request->screen = machine->has_screen ? &machine->screen : NULL;
    boot_prefers(request, &preference);
    accepted = load(&machine->memory, request, start) == NULL;

    absent.slots[0].host = (uint8_t *)0x1000;
    request->only_judge = true;
    REQUIRE((load(&absent, request, &judged) == NULL) == accepted);
    return accepted;
}

uint8_t *fuzz_exact(const uint8_t *bytes, size_t size)
{
    uint8_t *exact = malloc(size == 0 ? 1 : size);

    memcpy(exact, bytes, size);
    return exact;
}
