/* Loads a bzImage by the 64-bit boot protocol; see the header. Offsets and
 * names are boot.rst's and zero-page.rst's. First the whole file and request
 * are judged, then memory is written. */
#include "vmm/bzimage.h"

#include "arch/cpu.h"
#include "arch/guest.h"
#include "kernel/string.h"

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
#define HEADER_END_MINIMUM 0x264 /* through init_size, version 2.10 */
#define HEADER_END_MAXIMUM 0x290 /* boot_params has other things from here */

#define HEADER_MAGIC       0x53726448U /* "HdrS" */
#define VERSION_XLOADFLAGS 0x20c
#define LOADED_HIGH        0x01
#define XLF_KERNEL_64      0x01
#define LOADER_UNDEFINED   0xff

/* boot_params beside the header. */
#define BOOT_PARAMS_SIZE 0x1000
#define ACPI_RSDP_ADDR   0x070 /* u64 */
#define E820_ENTRIES     0x1e8 /* u8 */
#define E820_TABLE       0x2d0
#define E820_MAX         128

#define SECTOR       512
#define ENTRY_64     0x200
#define IDENTITY_END MAP_HIGH_BASE /* what the page tables map */

/* The header's fields and what follows from them. */
struct image {
    const uint8_t *file;
    uint64_t setup_size; /* real-mode part */
    const uint8_t *payload;
    uint64_t payload_size;
    uint32_t header_end;
    uint64_t load;
    uint64_t load_end;   /* with init_size */
    uint64_t initrd_end; /* the initrd ends at or before this */
    uint32_t cmdline_size;
    uint64_t ram_end; /* of RAM from 0, at most IDENTITY_END */
};

static uint16_t get16(const uint8_t *from)
{
    uint16_t value;

    memcpy(&value, from, sizeof(value));
    return value;
}

static uint32_t get32(const uint8_t *from)
{
    uint32_t value;

    memcpy(&value, from, sizeof(value));
    return value;
}

static uint64_t get64(const uint8_t *from)
{
    uint64_t value;

    memcpy(&value, from, sizeof(value));
    return value;
}

static void put32(uint8_t *to, uint64_t value)
{
    uint32_t word = (uint32_t)value;

    memcpy(to, &word, sizeof(word));
}

static void put64(uint8_t *to, uint64_t value)
{
    memcpy(to, &value, sizeof(value));
}

static uint64_t align_up(uint64_t value, uint64_t alignment)
{
    return (value + alignment - 1) & ~(alignment - 1);
}

bool bzimage_recognise(const void *kernel, uint64_t size)
{
    return size >= HEADER_END_MINIMUM &&
           get32((const uint8_t *)kernel + HEADER) == HEADER_MAGIC;
}

/* The sizes: setup, header and protected-mode code lie in the file. */
static const char *judge_file(const struct bzimage_request *request,
                              struct image *image)
{
    const uint8_t *file = request->kernel;

    if (!bzimage_recognise(file, request->kernel_size)) {
        return "the kernel is not a bzImage: no setup header";
    }
    if (get16(file + BOOT_FLAG) != 0xaa55) {
        return "the bzImage's boot flag is not 0xaa55";
    }
    if (get16(file + VERSION) < VERSION_XLOADFLAGS) {
        return "the bzImage's boot protocol is older than 2.12 (Linux 3.8), "
               "which the 64-bit entry needs";
    }
    if ((file[LOADFLAGS] & LOADED_HIGH) == 0) {
        return "the kernel is a zImage, which loads below 1 MiB; only bzImage "
               "can be booted";
    }
    if ((get16(file + XLOADFLAGS) & XLF_KERNEL_64) == 0) {
        return "the bzImage has no 64-bit entry (XLF_KERNEL_64): 32-bit "
               "kernels cannot be booted yet";
    }
    image->file = file;
    image->header_end = HEADER + file[JUMP_LENGTH];
    if (image->header_end < HEADER_END_MINIMUM ||
        image->header_end > HEADER_END_MAXIMUM ||
        image->header_end > request->kernel_size) {
        return "the bzImage's setup header has an impossible length";
    }
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
        return "the bzImage's code is too short to have a 64-bit entry";
    }
    return NULL;
}

/* Where the kernel goes. A 64-bit kernel decompresses to its preferred
 * address or above wherever it was loaded, so it is put there. */
static const char *judge_place(struct image *image)
{
    uint64_t load = get64(image->file + PREF_ADDRESS);
    uint64_t span = get32(image->file + INIT_SIZE);
    uint64_t alignment = get32(image->file + KERNEL_ALIGNMENT);

    if (load < MAP_LEGACY_END || load >= IDENTITY_END) {
        return "the bzImage wants to be loaded below 1 MiB or above 4 GiB "
               "(pref_address)";
    }
    if (image->file[RELOCATABLE_KERNEL] != 0) {
        if (alignment == 0 || (alignment & (alignment - 1)) != 0) {
            return "the bzImage's kernel_alignment is not a power of two";
        }
        load = align_up(load, alignment);
    }
    if (span < image->payload_size) {
        return "the bzImage's init_size is smaller than its own code";
    }
    if (load >= image->ram_end || span > image->ram_end - load) {
        return "the VM's memory is too small for the kernel (pref_address + "
               "init_size); give it more with memory=";
    }
    image->load = load;
    image->load_end = load + span;
    image->initrd_end = (uint64_t)get32(image->file + INITRD_ADDR_MAX) + 1;
    image->cmdline_size = get32(image->file + CMDLINE_SIZE);
    return NULL;
}

/* RAM from 0 in one piece. */
static uint64_t low_ram(const struct guest_memory *memory)
{
    if (memory->slot_count == 0 || memory->slots[0].base != 0) {
        return 0;
    }
    return memory->slots[0].size < IDENTITY_END ? memory->slots[0].size
                                                : IDENTITY_END;
}

static const char *judge_command_line(const struct image *image,
                                      const char *command_line)
{
    uint64_t length = strlen(command_line);

    if (length > image->cmdline_size ||
        length >= MAP_COMMAND_LINE_END - MAP_COMMAND_LINE) {
        return "the command line (options) is longer than the kernel takes";
    }
    return NULL;
}

/* Each piece begins on a multiple of 4, where the kernel looks for the next
 * archive. False: more than any memory. */
static bool initrd_length(const struct bzimage_request *request,
                          uint64_t *length)
{
    uint64_t total = 0;

    for (size_t i = 0; i < request->initrd_count; i++) {
        uint64_t size = request->initrd[i].size;

        if (size > IDENTITY_END || total > IDENTITY_END) {
            return false;
        }
        total = align_up(total, 4) + size;
    }
    *length = total;
    return true;
}

/* As high as the kernel allows, so that it is out of the way of what the
 * kernel unpacks itself to. */
static const char *judge_initrd(const struct image *image,
                                const struct bzimage_request *request,
                                struct bzimage_start *start)
{
    uint64_t length = 0;
    uint64_t end =
        image->initrd_end < image->ram_end ? image->initrd_end : image->ram_end;

    start->initrd = gpa(0);
    start->initrd_size = 0;
    if (!initrd_length(request, &length)) {
        return "the initrd is larger than 4 GiB";
    }
    if (length == 0) {
        return NULL;
    }
    if (end < image->load_end || length > end - image->load_end) {
        return "the VM's memory is too small for the initrd beside the kernel; "
               "give it more with memory=";
    }
    uint64_t base = (end - length) & ~0xfffULL;

    if (base < image->load_end) {
        return "the VM's memory is too small for the initrd beside the kernel; "
               "give it more with memory=";
    }
    start->initrd = gpa(base);
    start->initrd_size = length;
    return NULL;
}

/* `ram` is the host's view of RAM from 0: nothing runs there yet. */
static void put_initrd(uint8_t *ram, const struct bzimage_request *request,
                       uint64_t base)
{
    uint64_t at = base;

    for (size_t i = 0; i < request->initrd_count; i++) {
        const struct bzimage_piece *piece = &request->initrd[i];
        uint64_t aligned = align_up(at, 4);

        if (piece->size == 0) {
            continue;
        }
        memset(ram + at, 0, aligned - at);
        memcpy(ram + aligned, piece->bytes, piece->size);
        at = aligned + piece->size;
    }
}

/* The GDT of boot.rst: __BOOT_CS 0x10, __BOOT_DS 0x18, both flat. */
#define BOOT_CS   0x10
#define BOOT_DS   0x18
#define CS_RIGHTS 0xa09b /* G, L, present, execute/read, accessed */
#define DS_RIGHTS 0xc093 /* G, B, present, read/write, accessed */

static const uint64_t gdt[] = {
    0,
    0,
    0x00af9b000000ffff,
    0x00cf93000000ffff,
};

#define PAGE_TABLE   0x1000
#define PTE_TABLE    0x03 /* present, writable */
#define PTE_LARGE    0x83 /* and a 2 MiB page */
#define LARGE_PAGE   0x200000ULL
#define DIRECTORIES  4
#define TABLE_LENGTH 512

/* Maps [0, 4 GiB) onto itself in 2 MiB pages (SDM 3A 4.5). */
static void put_page_tables(uint8_t *ram)
{
    const uint64_t pdpt = MAP_PAGE_TABLES + PAGE_TABLE;
    const uint64_t directory = pdpt + PAGE_TABLE;

    memset(ram + MAP_PAGE_TABLES, 0, MAP_PAGE_TABLES_END - MAP_PAGE_TABLES);
    put64(ram + MAP_PAGE_TABLES, pdpt | PTE_TABLE);
    for (uint64_t i = 0; i < DIRECTORIES; i++) {
        put64(ram + pdpt + 8 * i, (directory + PAGE_TABLE * i) | PTE_TABLE);
    }
    for (uint64_t i = 0; i < DIRECTORIES * TABLE_LENGTH; i++) {
        put64(ram + directory + 8 * i, (LARGE_PAGE * i) | PTE_LARGE);
    }
}
_Static_assert(MAP_PAGE_TABLES + (2 + DIRECTORIES) * PAGE_TABLE ==
                   MAP_PAGE_TABLES_END,
               "the page tables fill their place");

/* boot_params: zero but for the file's header and what is set here. A zero
 * screen_info says that there is no screen. */
static void put_boot_params(uint8_t *params, const struct image *image,
                            const struct bzimage_request *request,
                            const struct bzimage_start *start)
{
    memset(params, 0, BOOT_PARAMS_SIZE);
    memcpy(params + SETUP_SECTS, image->file + SETUP_SECTS,
           image->header_end - SETUP_SECTS);
    params[TYPE_OF_LOADER] = LOADER_UNDEFINED;
    put32(params + CODE32_START, image->load);
    put32(params + RAMDISK_IMAGE, start->initrd.value);
    put32(params + RAMDISK_SIZE, start->initrd_size);
    put32(params + CMD_LINE_PTR, MAP_COMMAND_LINE);
    put32(params + HARDWARE_SUBARCH, 0);
    put64(params + HARDWARE_SUBARCH + 4, 0);
    put64(params + SETUP_DATA, 0);
    put64(params + ACPI_RSDP_ADDR, request->rsdp.value);
    params[E820_ENTRIES] = (uint8_t)request->e820_count;
    memcpy(params + E820_TABLE, request->e820,
           request->e820_count * sizeof(request->e820[0]));
}

/* The text that `file` prints, if the header points at one. */
static void copy_version(const struct image *image,
                         char version[BZIMAGE_VERSION])
{
    uint64_t at = get16(image->file + KERNEL_VERSION);
    size_t length = 0;

    for (at += 0x200;
         at > 0x200 && at < image->setup_size && length < BZIMAGE_VERSION - 1;
         at++) {
        uint8_t character = image->file[at];

        if (character < ' ' || character > '~') {
            break;
        }
        version[length++] = (char)character;
    }
    version[length] = '\0';
}

static const char *judge(const struct guest_memory *memory,
                         const struct bzimage_request *request,
                         struct image *image, struct bzimage_start *start)
{
    const char *wrong = judge_file(request, image);

    if (wrong != NULL) {
        return wrong;
    }
    image->ram_end = low_ram(memory);
    if (image->ram_end < MAP_LEGACY_END) {
        return "the VM has no memory in its first MiB";
    }
    wrong = judge_place(image);
    if (wrong == NULL) {
        wrong = judge_command_line(image, request->command_line);
    }
    if (wrong == NULL) {
        wrong = judge_initrd(image, request, start);
    }
    if (wrong == NULL &&
        (request->e820_count == 0 || request->e820_count > E820_MAX)) {
        wrong = "the memory map has no entries or more than 128";
    }
    return wrong;
}

const char *bzimage_load(const struct guest_memory *memory,
                         const struct bzimage_request *request,
                         struct bzimage_start *start)
{
    struct image image;
    const char *wrong = judge(memory, request, &image, start);

    if (wrong != NULL) {
        return wrong;
    }
    uint8_t *ram = memory->slots[0].host;

    memcpy(ram + image.load, image.payload, image.payload_size);
    put_initrd(ram, request, start->initrd.value);
    memcpy(ram + MAP_COMMAND_LINE, request->command_line,
           strlen(request->command_line) + 1);
    memcpy(ram + MAP_GDT, gdt, sizeof(gdt));
    put_page_tables(ram);
    put_boot_params(ram + MAP_BOOT_PARAMS, &image, request, start);

    start->rip = gpa(image.load + ENTRY_64);
    start->boot_params = gpa(MAP_BOOT_PARAMS);
    start->page_tables = gpa(MAP_PAGE_TABLES);
    start->gdt = gpa(MAP_GDT);
    start->gdt_limit = sizeof(gdt) - 1;
    start->stack = gpa(MAP_BOOT_STACK);
    start->kernel = gpa(image.load);
    copy_version(&image, start->version);
    return NULL;
}

/* One segment register: where its four values are, and what they become. */
static void set_segment(struct guest *guest, unsigned index, uint16_t selector,
                        uint32_t limit, uint32_t rights)
{
    guest_set(guest, GUEST_ES_SELECTOR + index, selector);
    guest_set(guest, GUEST_ES_BASE + index, 0);
    guest_set(guest, GUEST_ES_LIMIT + index, limit);
    guest_set(guest, GUEST_ES_RIGHTS + index, rights);
}

/* The encoding's order; VM entry wants a busy TSS in TR and an LDTR that may
 * be unusable (SDM 3C 27.3.1.2). */
static void set_segments(struct guest *guest)
{
    enum {
        SEGMENT_CS = 1,
        SEGMENT_COUNT = 6,
        SEGMENT_LDTR = 6,
        SEGMENT_TR = 7,
        RIGHTS_UNUSABLE = 0x10000,
        RIGHTS_BUSY_TSS = 0x8b,
        TSS_LIMIT = 0x67,
    };

    for (unsigned i = 0; i < SEGMENT_COUNT; i++) {
        set_segment(guest, i, i == SEGMENT_CS ? BOOT_CS : BOOT_DS, UINT32_MAX,
                    i == SEGMENT_CS ? CS_RIGHTS : DS_RIGHTS);
    }
    set_segment(guest, SEGMENT_LDTR, 0, 0, RIGHTS_UNUSABLE);
    set_segment(guest, SEGMENT_TR, 0, TSS_LIMIT, RIGHTS_BUSY_TSS);
}

void bzimage_set_registers(struct guest *guest,
                           const struct bzimage_start *start)
{
    for (unsigned i = 0; i < GPR_COUNT; i++) {
        guest_set_gpr(guest, (enum gpr)i, 0);
    }
    guest_set_gpr(guest, GPR_RSI, start->boot_params.value);
    guest_set_gpr(guest, GPR_RSP, start->stack.value);
    set_segments(guest);
    guest_set(guest, GUEST_GDTR_BASE, start->gdt.value);
    guest_set(guest, GUEST_GDTR_LIMIT, start->gdt_limit);
    guest_set(guest, GUEST_IDTR_BASE, 0);
    guest_set(guest, GUEST_IDTR_LIMIT, 0);
    guest_set(guest, GUEST_EFER, EFER_LME | EFER_LMA);
    guest_set(guest, GUEST_CR3, start->page_tables.value);
    guest_set(guest, GUEST_CR4, CR4_PAE);
    guest_set(guest, GUEST_CR0,
              CR0_PE | CR0_MP | CR0_ET | CR0_NE | CR0_WP | CR0_AM | CR0_PG);
    guest_set(guest, GUEST_RFLAGS, RFLAGS_ONE);
    guest_set(guest, GUEST_RIP, start->rip.value);
}
