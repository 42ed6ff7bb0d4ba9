/* Linux' bzImage by its boot protocol: puts kernel, initrd, command line,
 * boot_params, page tables and GDT into guest memory. Kernels with a 64-bit
 * entry begin there, others at their 32-bit entry. The whole file and request
 * are judged before memory is written.
 *
 * Called by vmm/boot/boot_protocol.c, through bzimage_protocol. Offsets and
 * names are those of Linux, Documentation/arch/x86/boot.rst. */
#include "vmm/boot/boot_initrd.h"
#include "vmm/boot/boot_params.h"
#include "vmm/boot/boot_protocol.h"
#include "vmm/boot/boot_space.h"
#include "vmm/boot/boot_tables.h"
#include "vmm/boot/bzimage_file.h"
#include "vmm/memory/little_endian.h"

/* Values for a kernel that is older than pref_address and init_size. */
#define LOAD_OLD        0x100000
#define INIT_FACTOR_OLD 4 /* it unpacks into so many times its size */

#define ENTRY_64     0x200
#define STACK_SIZE   0x1000
#define IDENTITY_END BOOT_4_GIB /* the end of what the page tables map */

static const char no_low_memory[] =
    "the VM has not enough memory in its first 640 KiB for the tables that a "
    "bzImage is started with; shorten the options";

/* The places of everything in guest memory. */
struct layout {
    uint64_t kernel;
    uint64_t boot_params;
    uint64_t command_line;
    uint64_t stack;
    struct boot_paging paging;
};

/* Chooses the preferred address, aligned, and the memory that the kernel
 * needs there. Wherever it is loaded, a kernel unpacks itself to that
 * address or above. */
static const char *choose_address(const struct bzimage_file *image,
                                  uint64_t *load, uint64_t *span)
{
    uint64_t alignment = get32(image->bytes + KERNEL_ALIGNMENT);

    *load = get64(image->bytes + PREF_ADDRESS);
    *span = get32(image->bytes + INIT_SIZE);
    if (image->bytes[RELOCATABLE_KERNEL] != 0 && *load < IDENTITY_END) {
        if (alignment == 0 || (alignment & (alignment - 1)) != 0) {
            return "the bzImage's kernel_alignment is not a power of two: the "
                   "file is damaged";
        }
        *load = align_up(*load, alignment);
    }
    if (get64(image->bytes + PREF_ADDRESS) < MAP_LEGACY_END ||
        *load >= IDENTITY_END) {
        return "the bzImage wants to be loaded below 1 MiB or above 4 GiB "
               "(pref_address)";
    }
    if (*span < image->payload_size) {
        return "the bzImage's init_size is smaller than its own code: the file "
               "is damaged";
    }
    return NULL;
}

static const char *take_kernel(const struct bzimage_file *image,
                               struct boot_space *space, struct layout *layout)
{
    uint64_t span = image->payload_size * INIT_FACTOR_OLD;
    const char *wrong = NULL;

    layout->kernel = LOAD_OLD;
    if (image->version >= PROTOCOL_INIT_SIZE) {
        wrong = choose_address(image, &layout->kernel, &span);
    }
    if (wrong == NULL &&
        boot_space_take(space, layout->kernel, span) != BOOT_SPACE_OK) {
        wrong = "the VM's memory is too small for the kernel (pref_address + "
                "init_size); give it more with memory=";
    }
    return wrong;
}

/* Takes the highest room that the kernel allows, so that the initrd is out
 * of the way of the unpacked kernel. */
static const char *take_initrd(const struct bzimage_file *image,
                               const struct boot_request *request,
                               struct boot_space *space,
                               const struct layout *layout,
                               struct boot_start *start)
{
    if (!boot_initrd_size(request, &start->initrd_size)) {
        return "the initrd is larger than 4 GiB";
    }
    if (start->initrd_size != 0 &&
        !boot_space_highest(space, start->initrd_size, BOOT_PAGE,
                            layout->kernel, image->initrd_end,
                            &start->initrd)) {
        return "the VM's memory is too small for the initrd beside the kernel; "
               "give it more with memory=";
    }
    return NULL;
}

/* Takes room for what the kernel's first steps read and then leave. All of
 * it is in the first 640 KiB, where Linux expects it. */
static bool take_tables(const struct bzimage_file *image,
                        const struct boot_request *request,
                        struct boot_space *space, struct layout *layout,
                        struct boot_start *start)
{
    return boot_gdt_take(space, start) &&
           boot_space_lowest(space, BOOT_PARAMS_SIZE, BOOT_PAGE, MAP_BOOT_BASE,
                             MAP_LEGACY_BASE, &layout->boot_params) &&
           boot_space_lowest(space, STACK_SIZE, BOOT_PAGE, MAP_BOOT_BASE,
                             MAP_LEGACY_BASE, &layout->stack) &&
           (!image->entry_64 ||
            boot_paging_take(space, IDENTITY_END, false, &layout->paging)) &&
           boot_space_lowest(space, strlen(request->command_line) + 1, 16,
                             MAP_BOOT_BASE, MAP_LEGACY_BASE,
                             &layout->command_line);
}

static const char *judge(const struct boot_request *request,
                         struct boot_space *space, struct bzimage_file *image,
                         struct layout *layout, struct boot_start *start)
{
    const char *wrong = bzimage_file_judge(image, request);

    if (wrong == NULL) {
        wrong = take_kernel(image, space, layout);
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
        wrong = take_initrd(image, request, space, layout, start);
    }
    if (wrong == NULL) {
        wrong = boot_params_judge(request);
    }
    if (wrong == NULL && !take_tables(image, request, space, layout, start)) {
        wrong = no_low_memory;
    }
    return wrong;
}

/* boot_params begins with zeros and the header of the file. */
static void put_boot_params(uint8_t *params, const struct bzimage_file *image,
                            const struct boot_request *request,
                            const struct layout *layout,
                            const struct boot_start *start)
{
    memset(params, 0, BOOT_PARAMS_SIZE);
    memcpy(params + SETUP_SECTS, image->bytes + SETUP_SECTS,
           image->header_end - SETUP_SECTS);
    boot_params_put(params, request, start, layout->command_line);
}

static void write_all(const struct guest_memory *memory,
                      const struct boot_request *request,
                      const struct bzimage_file *image,
                      const struct layout *layout,
                      const struct boot_start *start)
{
    memcpy(boot_space_bytes(memory, layout->kernel, image->payload_size),
           image->payload, image->payload_size);
    boot_initrd_put(memory, request, start->initrd);
    guest_memory_write(memory, gpa(layout->command_line), request->command_line,
                       strlen(request->command_line) + 1);
    boot_gdt_put(memory, start);
    if (image->entry_64) {
        boot_paging_put(memory, &layout->paging);
    }
    put_boot_params(
        boot_space_bytes(memory, layout->boot_params, BOOT_PARAMS_SIZE), image,
        request, layout, start);
}

static const char *load(const struct guest_memory *memory,
                        const struct boot_request *request,
                        struct boot_start *start)
{
    struct boot_space space;
    struct bzimage_file image = {0};
    struct layout layout = {0};

    boot_space_init(&space, memory, request->e820, request->e820_count);

    const char *wrong = judge(request, &space, &image, &layout, start);

    if (wrong != NULL || request->only_judge) {
        return wrong;
    }
    start->protocol =
        image.entry_64 ? "Linux, 64-bit entry" : "Linux, 32-bit entry";
    start->mode = image.entry_64 ? BOOT_LONG : BOOT_PROTECTED;
    start->rip = layout.kernel + (image.entry_64 ? ENTRY_64 : 0);
    start->gprs[GPR_RSI] = layout.boot_params;
    start->gprs[GPR_RSP] = layout.stack + STACK_SIZE;
    start->page_tables = layout.paging.base;
    start->kernel = layout.kernel;
    bzimage_file_version(&image, start->version);
    write_all(memory, request, &image, &layout, start);
    return NULL;
}

const struct boot_protocol bzimage_protocol = {
    .key = "linux",
    .name = "Linux bzImage",
    .recognise = bzimage_file_recognise,
    .load = load,
};
