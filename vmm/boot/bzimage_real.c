/* Kernels in the form of a bzImage that have only its 16-bit entry (iPXE's
 * .lkrn). They start in real mode, as an old PC's boot loader leaves it
 * (Linux, boot.rst, "The Real-Mode Code"), with the BIOS of
 * vmm/boot/bios.asm behind the interrupts. In the table of
 * vmm/boot/boot_protocol.c, before the other entries of a bzImage. */
#include "vmm/boot/boot_initrd.h"
#include "vmm/boot/boot_space.h"
#include "vmm/boot/bzimage_file.h"
#include "vmm/memory/little_endian.h"

static const uint8_t bios[] = {
#include "vmm/boot/bios.inc"
};

/* The beginning of the BIOS, as vmm/boot/bios.asm has it. */
#define BIOS_MAP_COUNT 0 /* u16 */
#define BIOS_EXTENDED  2 /* u16, KiB of memory above 1 MiB */
#define BIOS_MAP       4
#define BIOS_MAP_MOST  8
#define BIOS_BOOT      (BIOS_MAP + BIOS_MAP_MOST * 20)
#define EXTENDED_MOST  0xfc00ULL

_Static_assert(sizeof(bios) <= MAP_LEGACY_END - MAP_BIOS, "the BIOS has room");

/* The segment of the real-mode code, with heap, stack and command line. */
#define SEGMENT      0x10000U
#define SEGMENT_SIZE 0x10000U
#define CODE_MOST    0x8000U
#define STACK_TOP    0xe000U
#define HEAP_END_PTR 0x224  /* u16: heap's last byte, less 0x200 */
#define LOW_SIZE     0x1000 /* the interrupt vectors and the BIOS' data */

#define PAYLOAD 0x100000

static const char contract[] =
    "the kernel has a 16-bit entry alone: it starts in real mode, with a BIOS "
    "that has a console on the serial port, the memory map and the ticks; no "
    "disk, no network, no PCI";

static bool recognise(const uint8_t *kernel, uint64_t size)
{
    return bzimage_file_recognise(kernel, size) && size > CODE32_START + 4 &&
           get32(kernel + CODE32_START) == 0;
}

static const char *judge(const struct boot_request *request,
                         struct boot_space *space, struct bzimage_file *file,
                         struct boot_start *start)
{
    const char *wrong = bzimage_file_judge(file, request);
    uint64_t most = SEGMENT_SIZE - STACK_TOP;

    if (wrong != NULL) {
        return wrong;
    }
    if (file->setup_size > CODE_MOST) {
        return "the kernel's real-mode code is larger than 32 KiB: the file is "
               "damaged";
    }
    most = file->cmdline_size < most - 1 ? file->cmdline_size : most - 1;
    if (strlen(request->command_line) > most) {
        return "the command line (options) is longer than the kernel takes";
    }
    if (request->e820_count > BIOS_MAP_MOST) {
        return "the memory map has more than 8 lines";
    }
    if (boot_space_take(space, 0, LOW_SIZE) != BOOT_SPACE_OK ||
        boot_space_take(space, SEGMENT, SEGMENT_SIZE) != BOOT_SPACE_OK ||
        boot_space_take(space, PAYLOAD, file->payload_size) != BOOT_SPACE_OK ||
        guest_memory_range(space->memory, gpa(MAP_BIOS), sizeof(bios)) ==
            NULL) {
        return "the VM's memory is too small for the kernel; give it more with "
               "memory=";
    }
    if (!boot_initrd_size(request, &start->initrd_size)) {
        return "the initrd is larger than 4 GiB";
    }
    if (start->initrd_size != 0 &&
        !boot_space_highest(space, start->initrd_size, BOOT_PAGE, PAYLOAD,
                            file->initrd_end, &start->initrd)) {
        return "the VM's memory is too small for the initrd beside the kernel; "
               "give it more with memory=";
    }
    return NULL;
}

static void put_bios(const struct guest_memory *memory,
                     const struct boot_request *request)
{
    uint8_t *rom = boot_space_bytes(memory, MAP_BIOS, sizeof(bios));
    uint64_t kib = 0;

    memcpy(rom, bios, sizeof(bios));
    put16(rom + BIOS_MAP_COUNT, request->e820_count);
    memcpy(rom + BIOS_MAP, request->e820,
           request->e820_count * sizeof(request->e820[0]));
    for (size_t i = 0; i < request->e820_count; i++) {
        const struct e820_entry *entry = &request->e820[i];

        if (entry->type == E820_RAM && entry->base == MAP_LEGACY_END) {
            kib = entry->size >> 10;
        }
    }
    put16(rom + BIOS_EXTENDED, kib < EXTENDED_MOST ? kib : EXTENDED_MOST);
}

/* Writes the header fields that a loader has to write. */
static void put_setup(uint8_t *setup, const struct bzimage_file *file,
                      const struct boot_request *request,
                      const struct boot_start *start)
{
    memset(setup, 0, SEGMENT_SIZE);
    memcpy(setup, file->bytes, file->setup_size);
    setup[TYPE_OF_LOADER] = LOADER_UNDEFINED;
    setup[LOADFLAGS] |= CAN_USE_HEAP;
    put16(setup + HEAP_END_PTR, STACK_TOP - 0x200);
    put32(setup + CODE32_START, PAYLOAD);
    put32(setup + RAMDISK_IMAGE, start->initrd);
    put32(setup + RAMDISK_SIZE, start->initrd_size);
    put32(setup + CMD_LINE_PTR, SEGMENT + STACK_TOP);
    memcpy(setup + STACK_TOP, request->command_line,
           strlen(request->command_line) + 1);
}

static const char *load(const struct guest_memory *memory,
                        const struct boot_request *request,
                        struct boot_start *start)
{
    struct boot_space space;
    struct bzimage_file file = {0};

    boot_space_init(&space, memory, request->e820, request->e820_count);

    const char *wrong = judge(request, &space, &file, start);

    if (wrong != NULL || request->only_judge) {
        return wrong;
    }
    start->protocol = "Linux, 16-bit entry";
    start->contract = contract;
    start->mode = BOOT_REAL;
    start->code = MAP_BIOS >> 4;
    start->data = SEGMENT >> 4;
    start->rip = BIOS_BOOT;
    start->gprs[GPR_RSP] = STACK_TOP;
    start->kernel = SEGMENT;
    bzimage_file_version(&file, start->version);
    put_bios(memory, request);
    put_setup(boot_space_bytes(memory, SEGMENT, SEGMENT_SIZE), &file, request,
              start);
    memcpy(boot_space_bytes(memory, PAYLOAD, file.payload_size), file.payload,
           file.payload_size);
    boot_initrd_put(memory, request, start->initrd);
    return NULL;
}

const struct boot_protocol bzimage_real_protocol = {
    .name = "Linux kernel with a 16-bit entry",
    .key = "linux",
    .recognise = recognise,
    .load = load,
};
