/* Loads a bzImage by its 64-bit or 32-bit entry; see the header. Offsets and
 * names are boot.rst's and zero-page.rst's. First the whole file and request
 * are judged, then memory is written. */
#include "vmm/bzimage.h"

#include "vmm/boot_initrd.h"
#include "vmm/boot_space.h"
#include "vmm/boot_tables.h"
#include "vmm/little_endian.h"

/* Setup header in the file, and at the same place in boot_params. */
#define SETUP_SECTS        0x1f1 /* u8 */
#define SYSSIZE            0x1f4 /* u32, 16-byte units */
#define BOOT_FLAG          0x1fe /* u16 */
#define JUMP_LENGTH        0x201 /* u8; the header ends 0x202 + this */
#define HEADER             0x202 /* u32 */
#define VERSION            0x206 /* u16 */
#define KERNEL_VERSION     0x20e /* u16, from 0x200 */
#define TYPE_OF_LOADER     0x210 /* u8 */
#define LOADFLAGS          0x211 /* u8 */
#define CODE32_START       0x214 /* u32 */
#define RAMDISK_IMAGE      0x218 /* u32 */
#define RAMDISK_SIZE       0x21c /* u32 */
#define CMD_LINE_PTR       0x228 /* u32 */
#define INITRD_ADDR_MAX    0x22c /* u32, last byte allowed */
#define KERNEL_ALIGNMENT   0x230 /* u32 */
#define RELOCATABLE_KERNEL 0x234 /* u8 */
#define XLOADFLAGS         0x236 /* u16 */
#define CMDLINE_SIZE       0x238 /* u32, without the NUL */
#define HARDWARE_SUBARCH   0x23c /* u32, and u64 of data */
#define SETUP_DATA         0x250 /* u64 */
#define PREF_ADDRESS       0x258 /* u64 */
#define INIT_SIZE          0x260 /* u32 */
#define HEADER_END_MAXIMUM 0x290 /* boot_params has other things from here */

#define HEADER_MAGIC     0x53726448U /* "HdrS" */
#define LOADED_HIGH      0x01
#define XLF_KERNEL_64    0x01
#define LOADER_UNDEFINED 0xff

/* Versions that brought what is used here, and where their headers end. */
#define PROTOCOL_CMD_LINE    0x202
#define PROTOCOL_INITRD_MAX  0x203
#define PROTOCOL_RELOCATABLE 0x205
#define PROTOCOL_CMDLINE     0x206
#define PROTOCOL_INIT_SIZE   0x20a
#define PROTOCOL_XLOADFLAGS  0x20c

/* What holds for a kernel from before the field. */
#define INITRD_MAX_OLD  0x37ffffffU
#define CMDLINE_OLD     255
#define LOAD_OLD        0x100000
#define INIT_FACTOR_OLD 4 /* what it may unpack itself to, in its own sizes */

/* boot_params beside the header. */
#define BOOT_PARAMS_SIZE 0x1000
#define ACPI_RSDP_ADDR   0x070 /* u64 */
#define E820_ENTRIES     0x1e8 /* u8 */
#define E820_TABLE       0x2d0
#define E820_MAX         128

#define SECTOR       512
#define ENTRY_64     0x200
#define STACK_SIZE   0x1000
#define IDENTITY_END BOOT_4_GIB /* what the page tables map */

static const char no_low_memory[] =
    "the VM has not enough memory in its first 640 KiB for the tables that a "
    "bzImage is started with; shorten the options";

/* The header's fields, and what follows from them. */
struct image {
    const uint8_t *file;
    unsigned version;
    bool entry_64;
    uint64_t setup_size; /* real-mode part */
    const uint8_t *payload;
    uint64_t payload_size;
    uint32_t header_end;
    uint64_t initrd_end; /* the initrd ends at or before this */
    uint64_t cmdline_size;
};

/* Where everything goes. */
struct places {
    uint64_t kernel;
    uint64_t boot_params;
    uint64_t command_line;
    uint64_t stack;
    struct boot_paging paging;
};

bool bzimage_recognise(const uint8_t *kernel, uint64_t size)
{
    return size >= HEADER + 4 && get32(kernel + HEADER) == HEADER_MAGIC;
}

/* The least header of this version of the protocol. */
static uint32_t header_least(unsigned version)
{
    return version >= PROTOCOL_INIT_SIZE     ? INIT_SIZE + 4
           : version >= PROTOCOL_CMDLINE     ? CMDLINE_SIZE + 4
           : version >= PROTOCOL_RELOCATABLE ? RELOCATABLE_KERNEL + 1
           : version >= PROTOCOL_INITRD_MAX  ? INITRD_ADDR_MAX + 4
                                             : CMD_LINE_PTR + 4;
}

/* Setup header: there, whole, and of a version that can be booted. */
static const char *judge_header(const struct boot_request *request,
                                struct image *image)
{
    const uint8_t *file = request->kernel;

    if (!bzimage_recognise(file, request->kernel_size)) {
        return "the kernel is not a bzImage: no setup header";
    }
    if (request->kernel_size < 0x2 * SECTOR) {
        return "the bzImage ends inside its setup header: the file is cut "
               "short";
    }
    if (get16(file + BOOT_FLAG) != 0xaa55) {
        return "the bzImage's boot flag is not 0xaa55: the file is damaged";
    }
    image->file = file;
    image->version = get16(file + VERSION);
    if (image->version < PROTOCOL_CMD_LINE) {
        return "the bzImage's boot protocol is older than 2.02 (Linux 2.4): "
               "only newer ones can be booted";
    }
    if ((file[LOADFLAGS] & LOADED_HIGH) == 0) {
        return "the kernel is a zImage, which loads below 1 MiB: build a "
               "bzImage";
    }
    image->header_end = HEADER + file[JUMP_LENGTH];
    if (image->header_end < header_least(image->version) ||
        image->header_end > HEADER_END_MAXIMUM) {
        return "the bzImage's setup header has an impossible length: the file "
               "is damaged";
    }
    image->entry_64 = image->version >= PROTOCOL_XLOADFLAGS &&
                      (get16(file + XLOADFLAGS) & XLF_KERNEL_64) != 0;
    image->initrd_end = image->version < PROTOCOL_INITRD_MAX
                            ? INITRD_MAX_OLD + 1ULL
                            : get32(file + INITRD_ADDR_MAX) + 1ULL;
    image->cmdline_size = image->version < PROTOCOL_CMDLINE
                              ? CMDLINE_OLD
                              : get32(file + CMDLINE_SIZE);
    return NULL;
}

/* Setup and protected-mode code lie in the file. */
static const char *judge_file(const struct boot_request *request,
                              struct image *image)
{
    const char *wrong = judge_header(request, image);

    if (wrong != NULL) {
        return wrong;
    }
    const uint8_t *file = image->file;
    /* 0 stands for 4, for kernels from before the field. */
    uint64_t sectors = file[SETUP_SECTS] == 0 ? 4 : file[SETUP_SECTS];

    image->setup_size = (sectors + 1) * SECTOR;
    if (image->setup_size >= request->kernel_size) {
        return "the bzImage ends inside its setup code: the file is cut short";
    }
    /* What follows the code (a signature) is not loaded. The last unit of 16
     * bytes need not be whole. */
    uint64_t rest = request->kernel_size - image->setup_size;
    uint64_t wanted = (uint64_t)get32(file + SYSSIZE) * 16;

    if (wanted > align_up(rest, 16)) {
        return "the bzImage is shorter than its header says: the file is cut "
               "short";
    }
    image->payload = file + image->setup_size;
    image->payload_size = wanted < rest ? wanted : rest;
    if (image->payload_size <= ENTRY_64) {
        return "the bzImage's code is too short to have an entry: the file is "
               "damaged";
    }
    return NULL;
}

/* A kernel unpacks itself to its preferred address or above wherever it was
 * loaded, so it is put there. */
static const char *place_new(const struct image *image, uint64_t *load,
                             uint64_t *span)
{
    uint64_t alignment = get32(image->file + KERNEL_ALIGNMENT);

    *load = get64(image->file + PREF_ADDRESS);
    *span = get32(image->file + INIT_SIZE);
    if (*load < MAP_LEGACY_END || *load >= IDENTITY_END) {
        return "the bzImage wants to be loaded below 1 MiB or above 4 GiB "
               "(pref_address)";
    }
    if (image->file[RELOCATABLE_KERNEL] != 0) {
        if (alignment == 0 || (alignment & (alignment - 1)) != 0) {
            return "the bzImage's kernel_alignment is not a power of two: the "
                   "file is damaged";
        }
        *load = align_up(*load, alignment);
    }
    if (*span < image->payload_size) {
        return "the bzImage's init_size is smaller than its own code: the file "
               "is damaged";
    }
    return NULL;
}

static const char *place_kernel(const struct image *image,
                                struct boot_space *space, struct places *places)
{
    uint64_t span = image->payload_size * INIT_FACTOR_OLD;
    const char *wrong = NULL;

    places->kernel = LOAD_OLD;
    if (image->version >= PROTOCOL_INIT_SIZE) {
        wrong = place_new(image, &places->kernel, &span);
    }
    if (wrong == NULL &&
        boot_space_take(space, places->kernel, span) != BOOT_ROOM_TAKEN) {
        wrong = "the VM's memory is too small for the kernel (pref_address + "
                "init_size); give it more with memory=";
    }
    return wrong;
}

/* As high as the kernel allows, so that it is out of the way of what the
 * kernel unpacks itself to. */
static const char *place_initrd(const struct image *image,
                                const struct boot_request *request,
                                struct boot_space *space,
                                const struct places *places,
                                struct boot_start *start)
{
    if (!boot_initrd_size(request, &start->initrd_size)) {
        return "the initrd is larger than 4 GiB";
    }
    if (start->initrd_size != 0 &&
        !boot_space_highest(space, start->initrd_size, BOOT_PAGE,
                            places->kernel, image->initrd_end,
                            &start->initrd)) {
        return "the VM's memory is too small for the initrd beside the kernel; "
               "give it more with memory=";
    }
    return NULL;
}

/* The kernel's first steps read and leave these; all are in the first 640 KiB,
 * where Linux expects them. */
static bool place_tables(const struct image *image,
                         const struct boot_request *request,
                         struct boot_space *space, struct places *places,
                         struct boot_start *start)
{
    return boot_gdt_place(space, start) &&
           boot_space_lowest(space, BOOT_PARAMS_SIZE, BOOT_PAGE, MAP_BOOT_BASE,
                             MAP_LEGACY_BASE, &places->boot_params) &&
           boot_space_lowest(space, STACK_SIZE, BOOT_PAGE, MAP_BOOT_BASE,
                             MAP_LEGACY_BASE, &places->stack) &&
           (!image->entry_64 ||
            boot_paging_place(space, IDENTITY_END, false, &places->paging)) &&
           boot_space_lowest(space, strlen(request->command_line) + 1, 16,
                             MAP_BOOT_BASE, MAP_LEGACY_BASE,
                             &places->command_line);
}

static const char *judge(const struct boot_request *request,
                         struct boot_space *space, struct image *image,
                         struct places *places, struct boot_start *start)
{
    const char *wrong = judge_file(request, image);

    if (wrong == NULL) {
        wrong = place_kernel(image, space, places);
    }
    if (wrong == NULL && strlen(request->command_line) > image->cmdline_size) {
        wrong = boot_refuse(
            start,
            "the command line (options, and the words of discover) has "
            "%llu bytes, and this kernel takes %llu",
            (unsigned long long)strlen(request->command_line),
            (unsigned long long)image->cmdline_size);
    }
    if (wrong == NULL) {
        wrong = place_initrd(image, request, space, places, start);
    }
    if (wrong == NULL &&
        (request->e820_count == 0 || request->e820_count > E820_MAX)) {
        wrong = "the memory map has no entries or more than 128";
    }
    if (wrong == NULL && !place_tables(image, request, space, places, start)) {
        wrong = no_low_memory;
    }
    return wrong;
}

/* boot_params: zero but for the file's header and what is set here. A zero
 * screen_info says that there is no screen. */
static void put_boot_params(uint8_t *params, const struct image *image,
                            const struct boot_request *request,
                            const struct places *places,
                            const struct boot_start *start)
{
    memset(params, 0, BOOT_PARAMS_SIZE);
    memcpy(params + SETUP_SECTS, image->file + SETUP_SECTS,
           image->header_end - SETUP_SECTS);
    params[TYPE_OF_LOADER] = LOADER_UNDEFINED;
    put32(params + CODE32_START, places->kernel);
    put32(params + RAMDISK_IMAGE, start->initrd);
    put32(params + RAMDISK_SIZE, start->initrd_size);
    put32(params + CMD_LINE_PTR, places->command_line);
    put32(params + HARDWARE_SUBARCH, 0);
    put64(params + HARDWARE_SUBARCH + 4, 0);
    put64(params + SETUP_DATA, 0);
    put64(params + ACPI_RSDP_ADDR, request->rsdp.value);
    params[E820_ENTRIES] = (uint8_t)request->e820_count;
    memcpy(params + E820_TABLE, request->e820,
           request->e820_count * sizeof(request->e820[0]));
}

/* The text that `file` prints, if the header points at one. */
static void copy_version(const struct image *image, char version[BOOT_VERSION])
{
    uint64_t at = get16(image->file + KERNEL_VERSION);
    size_t length = 0;

    for (at += 0x200;
         at > 0x200 && at < image->setup_size && length < BOOT_VERSION - 1;
         at++) {
        uint8_t character = image->file[at];

        if (character < ' ' || character > '~') {
            break;
        }
        version[length++] = (char)character;
    }
    version[length] = '\0';
}

static void write_all(const struct guest_memory *memory,
                      const struct boot_request *request,
                      const struct image *image, const struct places *places,
                      const struct boot_start *start)
{
    memcpy(boot_space_bytes(memory, places->kernel, image->payload_size),
           image->payload, image->payload_size);
    boot_initrd_put(memory, request, start->initrd);
    guest_memory_write(memory, gpa(places->command_line), request->command_line,
                       strlen(request->command_line) + 1);
    boot_gdt_put(memory, start);
    if (image->entry_64) {
        boot_paging_put(memory, &places->paging);
    }
    put_boot_params(
        boot_space_bytes(memory, places->boot_params, BOOT_PARAMS_SIZE), image,
        request, places, start);
}

const char *bzimage_load(const struct guest_memory *memory,
                         const struct boot_request *request,
                         struct boot_start *start)
{
    struct boot_space space;
    struct image image = {0};
    struct places places = {0};

    boot_space_init(&space, memory, request->e820, request->e820_count);

    const char *wrong = judge(request, &space, &image, &places, start);

    if (wrong != NULL) {
        return wrong;
    }
    start->protocol =
        image.entry_64 ? "Linux, 64-bit entry" : "Linux, 32-bit entry";
    start->mode = image.entry_64 ? BOOT_LONG : BOOT_PROTECTED;
    start->rip = places.kernel + (image.entry_64 ? ENTRY_64 : 0);
    start->gprs[GPR_RSI] = places.boot_params;
    start->gprs[GPR_RSP] = places.stack + STACK_SIZE;
    start->page_tables = places.paging.base;
    start->kernel = places.kernel;
    copy_version(&image, start->version);
    write_all(memory, request, &image, &places, start);
    return NULL;
}

const struct boot_protocol bzimage_protocol = {
    .key = "linux",
    .name = "Linux bzImage",
    .recognise = bzimage_recognise,
    .load = bzimage_load,
};
