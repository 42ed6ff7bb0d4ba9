/* Loads a kernel by Multiboot; see the header. First the whole file and request
 * are judged and everything has its place, then memory is written. */
#include "vmm/multiboot.h"

#include "vmm/boot_space.h"
#include "vmm/boot_tables.h"
#include "vmm/little_endian.h"
#include "vmm/multiboot_header.h"
#include "vmm/multiboot_info.h"
#include "vmm/multiboot_sections.h"

#define MAGIC1 0x2badb002U
#define MAGIC2 0x36d76289U

/* More than the entry of a VM can name. */
#define MODULES 32

#define STACK_SIZE BOOT_PAGE

/* Below lie what kernels use without asking: a BIOS' data, start code of other
 * processors. GRUB's information begins here, too. */
#define INFO_BASE 0x10000

/* The image as linked: its addresses are physical, before relocation. */
struct image {
    struct multiboot_header header;
    bool is_elf;
    struct multiboot_flat flat;
    struct multiboot_sections sections; /* count 0: none */
    uint64_t base;
    uint64_t end;
    uint64_t entry;

    /* What is added to each address: not 0 only if relocatable. */
    uint64_t delta;
};

/* One load, from judging to writing. */
struct load {
    const struct guest_memory *memory;
    const struct boot_request *request;
    struct boot_start *start;
    struct boot_space space;
    struct image image;

    struct multiboot_module modules[MODULES];
    size_t module_count;
    uint64_t contents; /* of sections */
    uint64_t stack;
    uint64_t info;
    uint64_t info_size;
    struct multiboot_facts facts;
};

static bool is_elf(const struct boot_request *request)
{
    return request->kernel_size >= 4 &&
           get32(request->kernel) == 0x464c457fU; /* 7f "ELF" */
}

/* ---- the image ---- */

static const char *read_flat(struct load *load)
{
    struct image *image = &load->image;

    if (!multiboot_flat_image(&image->header, load->request->kernel_size,
                              &image->flat, load->start->wrong)) {
        return load->start->wrong;
    }
    image->base = image->flat.base;
    image->end = image->flat.base + image->flat.size;
    image->entry = image->flat.entry;
    return NULL;
}

static const char *read_image(struct load *load, unsigned version)
{
    const struct boot_request *request = load->request;
    struct image *image = &load->image;
    bool good =
        version == 1
            ? multiboot1_read_header(request->kernel, request->kernel_size,
                                     &image->header, load->start->wrong)
            : multiboot2_read_header(request->kernel, request->kernel_size,
                                     &image->header, load->start->wrong);

    if (!good) {
        return load->start->wrong;
    }
    if (image->header.has_addresses) {
        return read_flat(load);
    }
    image->is_elf = is_elf(request);
    if (!image->is_elf) {
        return boot_refuse(load->start,
                           "the kernel has a Multiboot %u header without %s "
                           "and is not an ELF file: how to load it, nothing "
                           "says",
                           version,
                           version == 1 ? "address fields (flag 16)"
                                        : "an address tag (type 2)");
    }
    return "no ELF yet";
}

/* ---- places ---- */

static const char no_room[] =
    "the VM's memory is too small for the kernel, its modules and the "
    "information about them; give it more with memory=";

static const char *place_fixed(struct load *load)
{
    const struct image *image = &load->image;
    enum boot_room room = boot_space_take(
        &load->space, image->base + image->delta, image->end - image->base);

    if (room == BOOT_ROOM_TAKEN) {
        return NULL;
    }
    return boot_refuse(load->start, "the kernel, %#llx to %#llx, %s",
                       (unsigned long long)image->base,
                       (unsigned long long)image->end, boot_room_text(room));
}

/* Where the relocatable image goes. */
static bool find_place(struct load *load, uint64_t size, uint64_t *base)
{
    const struct multiboot_header *header = &load->image.header;
    uint64_t align = header->align;
    uint64_t linked = load->image.base;

    if (header->preference == MULTIBOOT_HIGH) {
        return boot_space_highest(&load->space, size, align, header->min_addr,
                                  header->max_addr, base);
    }
    if (header->preference == MULTIBOOT_ANYWHERE && linked % align == 0 &&
        linked >= header->min_addr && linked + size <= header->max_addr &&
        boot_space_take(&load->space, linked, size) == BOOT_ROOM_TAKEN) {
        *base = linked;
        return true;
    }
    return boot_space_lowest(&load->space, size, align, header->min_addr,
                             header->max_addr, base);
}

static const char *place_relocatable(struct load *load)
{
    struct image *image = &load->image;
    uint64_t base = 0;

    if (!find_place(load, image->end - image->base, &base)) {
        return boot_refuse(
            load->start,
            "the kernel's Multiboot 2 relocatable tag wants %llu bytes from "
            "%#x to %#x at a multiple of %#x, and the VM has no such room; "
            "give it more with memory=, or the tag a wider range",
            (unsigned long long)(image->end - image->base),
            image->header.min_addr, image->header.max_addr,
            image->header.align);
    }
    image->delta = base - image->base;
    return NULL;
}

/* Whole pages behind the kernel; the very top only if there is no more. */
static bool place_behind(struct load *load, uint64_t size, uint64_t *base)
{
    uint64_t from = load->image.end + load->image.delta;
    uint64_t whole = align_up(size == 0 ? 1 : size, BOOT_PAGE);

    if (from < MAP_LEGACY_END) {
        from = MAP_LEGACY_END;
    }
    return size < BOOT_4_GIB &&
           (boot_space_lowest(&load->space, whole, BOOT_PAGE, from, BOOT_4_GIB,
                              base) ||
            boot_space_lowest(&load->space, whole, BOOT_PAGE, MAP_LEGACY_END,
                              BOOT_4_GIB, base));
}

static const char *place_modules(struct load *load)
{
    const struct boot_request *request = load->request;
    uint64_t base = 0;

    if (request->initrd_count + request->module_count > MODULES) {
        return boot_refuse(load->start,
                           "the kernel has more than %u modules (initrd and "
                           "module lines)",
                           MODULES);
    }
    for (size_t i = 0; i < request->initrd_count + request->module_count; i++) {
        const struct boot_piece *piece =
            i < request->initrd_count
                ? &request->initrd[i]
                : &request->module[i - request->initrd_count];

        if (!place_behind(load, piece->size, &base)) {
            return no_room;
        }
        load->modules[i] = (struct multiboot_module){
            .start = (uint32_t)base,
            .end = (uint32_t)(base + piece->size),
            .string = piece->command_line == NULL ? "" : piece->command_line,
        };
        load->module_count++;
    }
    return NULL;
}

static uint64_t put_info(const struct load *load, uint8_t *to)
{
    uint32_t address = (uint32_t)load->info;

    return load->image.header.version == 1
               ? multiboot1_info(&load->facts, address, to, load->info_size)
               : multiboot2_info(&load->facts, address, to, load->info_size);
}

static bool place_info(struct load *load)
{
    const struct boot_request *request = load->request;
    const struct image *image = &load->image;

    load->facts = (struct multiboot_facts){
        .path = request->kernel_name,
        .options = request->command_line,
        .e820 = request->e820,
        .e820_count = request->e820_count,
        .modules = load->modules,
        .module_count = load->module_count,
        .sections = image->sections.count == 0 ? NULL : &image->sections,
        .section_contents = (uint32_t)load->contents,
        .framebuffer = request->framebuffer,
        .relocatable = image->header.relocatable,
        .load_base = (uint32_t)(image->base + image->delta),
    };
    if (request->rsdp.value != 0) {
        load->facts.rsdp = guest_memory_range(load->memory, request->rsdp,
                                              MULTIBOOT_RSDP_SIZE);
    }
    uint64_t size = put_info(load, NULL);

    load->info_size = size;
    return boot_space_lowest(&load->space, size, MULTIBOOT_INFO_ALIGN,
                             INFO_BASE, MAP_LEGACY_BASE, &load->info) ||
           boot_space_lowest(&load->space, size, MULTIBOOT_INFO_ALIGN,
                             MAP_LEGACY_END, BOOT_4_GIB, &load->info);
}

static const char *place_all(struct load *load)
{
    const char *wrong = load->image.header.relocatable ? place_relocatable(load)
                                                       : place_fixed(load);

    if (wrong == NULL) {
        wrong = place_modules(load);
    }
    if (wrong != NULL) {
        return wrong;
    }
    if (load->image.sections.content_bytes != 0 &&
        !place_behind(load, load->image.sections.content_bytes,
                      &load->contents)) {
        return no_room;
    }
    if (!boot_gdt_place(&load->space, load->start) ||
        !boot_space_lowest(&load->space, STACK_SIZE, BOOT_PAGE, MAP_BOOT_BASE,
                           BOOT_4_GIB, &load->stack) ||
        !place_info(load)) {
        return no_room;
    }
    return NULL;
}

/* ---- bytes ---- */

static void put_flat(const struct load *load)
{
    const struct multiboot_flat *flat = &load->image.flat;
    uint8_t *to = boot_space_bytes(load->memory, flat->base + load->image.delta,
                                   flat->size);

    memcpy(to, load->request->kernel + flat->file_offset, flat->file_bytes);
    memset(to + flat->file_bytes, 0, flat->size - flat->file_bytes);
}

static void put_modules(const struct load *load)
{
    const struct boot_request *request = load->request;

    for (size_t i = 0; i < load->module_count; i++) {
        const struct boot_piece *piece =
            i < request->initrd_count
                ? &request->initrd[i]
                : &request->module[i - request->initrd_count];

        if (piece->size != 0) {
            memcpy(boot_space_bytes(load->memory, load->modules[i].start,
                                    piece->size),
                   piece->bytes, piece->size);
        }
    }
}

static void put_all(const struct load *load)
{
    const struct multiboot_sections *sections = &load->image.sections;

    put_flat(load);
    put_modules(load);
    if (sections->content_bytes != 0) {
        multiboot_sections_put_contents(
            sections, boot_space_bytes(load->memory, load->contents,
                                       sections->content_bytes));
    }
    boot_gdt_put(load->memory, load->start);
    (void)put_info(load,
                   boot_space_bytes(load->memory, load->info, load->info_size));
}

/* ---- the protocols ---- */

static const char *name_of(const struct load *load)
{
    bool unmet =
        load->image.header.wants_screen && load->request->framebuffer == NULL;

    if (load->image.header.version == 1) {
        return unmet ? "Multiboot 1 (there is no screen for its video mode)"
                     : "Multiboot 1";
    }
    return unmet ? "Multiboot 2 (there is no screen for its framebuffer)"
                 : "Multiboot 2";
}

static const char *load_by(unsigned version, const struct guest_memory *memory,
                           const struct boot_request *request,
                           struct boot_start *start)
{
    struct load load = {.memory = memory, .request = request, .start = start};
    const struct image *image = &load.image;

    boot_space_init(&load.space, memory, request->e820, request->e820_count);
    const char *wrong = read_image(&load, version);

    if (wrong == NULL) {
        start->mode = BOOT_PROTECTED;
        wrong = place_all(&load);
    }
    if (wrong != NULL) {
        return wrong;
    }
    put_all(&load);
    start->protocol = name_of(&load);
    start->rip = image->entry + image->delta;
    start->gprs[GPR_RAX] = version == 1 ? MAGIC1 : MAGIC2;
    start->gprs[GPR_RBX] = load.info;
    start->gprs[GPR_RSP] = load.stack + STACK_SIZE;
    start->kernel = image->base + image->delta;
    return NULL;
}

static bool recognise1(const uint8_t *kernel, uint64_t size)
{
    return multiboot1_recognise(kernel, size);
}

static bool recognise2(const uint8_t *kernel, uint64_t size)
{
    return multiboot2_recognise(kernel, size);
}

static const char *load1(const struct guest_memory *memory,
                         const struct boot_request *request,
                         struct boot_start *start)
{
    return load_by(1, memory, request, start);
}

static const char *load2(const struct guest_memory *memory,
                         const struct boot_request *request,
                         struct boot_start *start)
{
    return load_by(2, memory, request, start);
}

const struct boot_protocol multiboot1_protocol = {
    .name = "Multiboot 1",
    .recognise = recognise1,
    .load = load1,
    .takes_modules = true,
};

const struct boot_protocol multiboot2_protocol = {
    .name = "Multiboot 2",
    .recognise = recognise2,
    .load = load2,
    .takes_modules = true,
};
