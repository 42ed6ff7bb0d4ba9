/* Kernels by Multiboot 1 and Multiboot 2 (Multiboot Specification 0.6.96;
 * Multiboot2 Specification 2.0), ELF32, ELF64, and flat by address fields:
 * started in 32-bit protected mode without paging, EAX a magic number, EBX the
 * information.
 *
 * Where the specifications leave it open, as GRUB or QEMU do:
 * - The command line begins with the image's path, a module's string with the
 *   module's (as QEMU and GRUB Legacy; GRUB 2 leaves them out).
 * - Modules are the initrd lines' files, then the module lines'; each begins a
 *   page whether it was asked for or not, behind the kernel.
 * - A video mode that the header prefers makes a screen of that size
 *   (vmm/plan/screen.c); its depth is 32 bits whatever is preferred.
 * - ELF sections that no segment loads are loaded, too; the others keep the
 *   addresses they were linked at, even in a relocated image.
 * - The information is in the first 640 KiB if it fits there; there are a GDT
 *   and a page of stack, although no kernel may count on them.
 *
 * First the whole file and request are judged and everything has its room,
 * then memory is written. Called by vmm/boot/boot_protocol.c's table. */
#include "vmm/boot/boot_space.h"
#include "vmm/boot/boot_tables.h"
#include "vmm/boot/elf.h"
#include "vmm/boot/multiboot_header.h"
#include "vmm/boot/multiboot_info.h"
#include "vmm/boot/multiboot_sections.h"
#include "vmm/memory/little_endian.h"

#define MAGIC1 0x2badb002U
#define MAGIC2 0x36d76289U

/* more modules than the entry of a VM can name */
#define MODULES 32

#define STACK_SIZE BOOT_PAGE

/* Below this, kernels use memory without asking: a BIOS' data, start code of
 * other processors. GRUB's information begins here, too. */
#define INFO_BASE 0x10000

/* The image as it was linked. Its addresses are physical, before relocation. */
struct image {
    struct multiboot_header header;
    bool is_elf;
    struct multiboot_flat flat;
    struct elf elf;
    uint64_t content_bytes; /* bytes of the sections that no segment loads */
    uint64_t base;
    uint64_t end;
    uint64_t entry;

    /* added to each address; not 0 only in a relocatable image */
    uint64_t bias;
};

/* One load, from judging the file to writing memory. */
struct load {
    const struct guest_memory *memory;
    const struct boot_request *request;
    struct boot_start *start;
    struct boot_space space;
    struct image image;

    struct multiboot_module modules[MODULES];
    size_t module_count;
    uint64_t contents; /* the address of those sections' contents */
    uint64_t stack;
    uint64_t info_address;
    uint64_t info_size;
    struct multiboot_info info;
};

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

/* Finds the physical address of the 32-bit entry. It is the header's, or else
 * the ELF file's, translated by the segment that holds it. */
static const char *find_entry(struct load *load)
{
    struct image *image = &load->image;

    image->entry = image->header.entry;
    if (!image->header.has_entry &&
        !elf_physical(&image->elf, image->elf.entry, &image->entry)) {
        return boot_refuse(load->start,
                           "the ELF file's entry %#llx is in none of its "
                           "segments: name it when linking (ld -e)",
                           (unsigned long long)image->elf.entry);
    }
    if (!elf_holds(&image->elf, image->entry)) {
        return boot_refuse(load->start,
                           "the Multiboot entry address %#llx is in none of "
                           "the ELF file's segments",
                           (unsigned long long)image->entry);
    }
    return NULL;
}

static const char *read_elf(struct load *load)
{
    const struct boot_request *request = load->request;
    struct image *image = &load->image;
    struct elf_extent extent;
    const char *wrong =
        elf_open(&image->elf, request->kernel, request->kernel_size);

    if (wrong == NULL) {
        wrong = elf_extent(&image->elf, &extent, load->start);
    }
    if (wrong != NULL) {
        return wrong;
    }
    if (extent.end > BOOT_4_GIB) {
        return boot_refuse(load->start,
                           "the kernel's segments reach to %#llx, and "
                           "Multiboot kernels begin in 32-bit code: give them "
                           "physical addresses below 4 GiB (AT in the linker "
                           "script)",
                           (unsigned long long)extent.end);
    }
    image->base = extent.low;
    image->end = extent.end;
    wrong = find_entry(load);
    if (wrong == NULL) {
        wrong = multiboot_sections_judge(&image->elf, &image->content_bytes,
                                         load->start);
    }
    return wrong;
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
    image->is_elf = elf_recognise(request->kernel, request->kernel_size);
    if (!image->is_elf) {
        return boot_refuse(load->start,
                           "the kernel is not an ELF file and its Multiboot "
                           "header does not tell where to load it: it needs %s",
                           version == 1 ? "address fields (flag 16)"
                                        : "an address tag (type 2)");
    }
    return read_elf(load);
}

/* ---- layout ---- */

static const char no_room[] =
    "the VM's memory is too small for the kernel, its modules and the "
    "information about them; give it more with memory=";

/* Takes the room of the image, with the bias that was chosen. */
static const char *take_image(struct load *load)
{
    const struct image *image = &load->image;

    if (image->is_elf) {
        return elf_take(&image->elf, &load->space, image->bias, load->start);
    }
    uint64_t base = image->base + image->bias;
    enum boot_space_answer answer =
        boot_space_take(&load->space, base, image->end - image->base);

    if (answer == BOOT_SPACE_OK) {
        return NULL;
    }
    return boot_refuse(load->start, "the kernel, %#llx bytes at %#llx, %s",
                       (unsigned long long)(image->end - image->base),
                       (unsigned long long)base, boot_space_refusal(answer));
}

/* Finds a place for a relocatable image. `space` is a copy, in which the
 * search may take room. */
static bool find_room(struct boot_space space, const struct image *image,
                      uint64_t *base)
{
    const struct multiboot_header *header = &image->header;
    uint64_t size = image->end - image->base;
    uint64_t linked = image->base;

    if (header->preference == MULTIBOOT_HIGH) {
        return boot_space_highest(&space, size, header->align, header->min_addr,
                                  header->max_addr, base);
    }
    if (header->preference == MULTIBOOT_ANYWHERE &&
        linked % header->align == 0 && linked >= header->min_addr &&
        image->end <= header->max_addr &&
        boot_space_take(&space, linked, size) == BOOT_SPACE_OK) {
        *base = linked;
        return true;
    }
    return boot_space_lowest(&space, size, header->align, header->min_addr,
                             header->max_addr, base);
}

static const char *relocate(struct load *load)
{
    struct image *image = &load->image;
    uint64_t base = 0;

    if (!image->header.relocatable) {
        return NULL;
    }
    if (!find_room(load->space, image, &base)) {
        return boot_refuse(
            load->start,
            "the kernel's Multiboot 2 relocatable tag wants %#llx bytes from "
            "%#x to %#x at a multiple of %#x, and the VM has no such room; "
            "give it more with memory=, or the tag a wider range",
            (unsigned long long)(image->end - image->base),
            image->header.min_addr, image->header.max_addr,
            image->header.align);
    }
    image->bias = base - image->base;
    return NULL;
}

/* Takes whole pages behind the kernel; the last page of memory only if there
 * is no other room. */
static bool take_behind(struct load *load, uint64_t size, uint64_t *base)
{
    uint64_t from = load->image.end + load->image.bias;
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

/* The module of that number: the initrd lines' files come first. */
static const struct boot_file *module_file(const struct boot_request *request,
                                           size_t index)
{
    return index < request->initrd_count
               ? &request->initrd[index]
               : &request->module[index - request->initrd_count];
}

static const char *take_modules(struct load *load)
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
        const struct boot_file *file = module_file(request, i);

        if (!take_behind(load, file->size, &base)) {
            return no_room;
        }
        load->modules[i] = (struct multiboot_module){
            .start = (uint32_t)base,
            .end = (uint32_t)(base + file->size),
            .line = {file->name, file->command_line},
        };
        load->module_count++;
    }
    return NULL;
}

static uint64_t put_info(const struct load *load, uint8_t *to)
{
    uint32_t address = (uint32_t)load->info_address;

    return load->image.header.version == 1
               ? multiboot1_info_put(&load->info, address, to, load->info_size)
               : multiboot2_info_put(&load->info, address, to, load->info_size);
}

static bool take_info(struct load *load)
{
    const struct boot_request *request = load->request;
    const struct image *image = &load->image;

    load->info = (struct multiboot_info){
        .command_line = {request->kernel_name, request->command_line},
        .e820 = request->e820,
        .e820_count = request->e820_count,
        .modules = load->modules,
        .module_count = load->module_count,
        .elf = image->elf.section_count == 0 ? NULL : &image->elf,
        .section_contents = (uint32_t)load->contents,
        .screen = request->screen,
        .relocatable = image->header.relocatable,
        .load_base = (uint32_t)(image->base + image->bias),
    };
    if (request->rsdp.value != 0) {
        load->info.rsdp = guest_memory_range(load->memory, request->rsdp,
                                             MULTIBOOT_RSDP_SIZE);
    }
    uint64_t size = put_info(load, NULL);

    load->info_size = size;
    return boot_space_lowest(&load->space, size, MULTIBOOT_INFO_ALIGN,
                             INFO_BASE, MAP_LEGACY_BASE, &load->info_address) ||
           boot_space_lowest(&load->space, size, MULTIBOOT_INFO_ALIGN,
                             MAP_LEGACY_END, BOOT_4_GIB, &load->info_address);
}

static const char *take_all(struct load *load)
{
    const char *wrong = relocate(load);

    if (wrong == NULL) {
        wrong = take_image(load);
    }
    if (wrong == NULL) {
        wrong = take_modules(load);
    }
    if (wrong != NULL) {
        return wrong;
    }
    if (load->image.content_bytes != 0 &&
        !take_behind(load, load->image.content_bytes, &load->contents)) {
        return no_room;
    }
    if (!boot_gdt_take(&load->space, load->start) ||
        !boot_space_lowest(&load->space, STACK_SIZE, BOOT_PAGE, MAP_BOOT_BASE,
                           BOOT_4_GIB, &load->stack) ||
        !take_info(load)) {
        return no_room;
    }
    return NULL;
}

/* ---- bytes ---- */

static void put_flat(const struct load *load)
{
    const struct multiboot_flat *flat = &load->image.flat;
    uint8_t *to = boot_space_bytes(load->memory, flat->base + load->image.bias,
                                   flat->size);

    memcpy(to, load->request->kernel + flat->file_offset, flat->file_bytes);
    memset(to + flat->file_bytes, 0, flat->size - flat->file_bytes);
}

static void put_modules(const struct load *load)
{
    const struct boot_request *request = load->request;

    for (size_t i = 0; i < load->module_count; i++) {
        const struct boot_file *file = module_file(request, i);

        if (file->size != 0) {
            memcpy(boot_space_bytes(load->memory, load->modules[i].start,
                                    file->size),
                   file->bytes, file->size);
        }
    }
}

static void put_all(const struct load *load)
{
    const struct image *image = &load->image;

    if (image->is_elf) {
        elf_put(&image->elf, load->memory, image->bias);
    } else {
        put_flat(load);
    }
    if (image->content_bytes != 0) {
        multiboot_sections_put_contents(
            &image->elf, boot_space_bytes(load->memory, load->contents,
                                          image->content_bytes));
    }
    put_modules(load);
    boot_gdt_put(load->memory, load->start);
    (void)put_info(load, boot_space_bytes(load->memory, load->info_address,
                                          load->info_size));
}

/* ---- the protocols ---- */

static const char *name_of(const struct load *load)
{
    bool unmet =
        load->image.header.wants_screen && load->request->screen == NULL;

    if (load->image.header.version == 1) {
        return unmet ? "Multiboot 1 (without the video mode it prefers)"
                     : "Multiboot 1";
    }
    return unmet ? "Multiboot 2 (without the framebuffer it prefers)"
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
        wrong = multiboot_screen_judge(&image->header, request->screen != NULL,
                                       start);
    }
    if (wrong == NULL) {
        start->mode = BOOT_PROTECTED;
        wrong = take_all(&load);
    }
    if (wrong != NULL || request->only_judge) {
        return wrong;
    }
    put_all(&load);
    start->protocol = name_of(&load);
    start->rip = image->entry + image->bias;
    start->gprs[GPR_RAX] = version == 1 ? MAGIC1 : MAGIC2;
    start->gprs[GPR_RBX] = load.info_address;
    start->gprs[GPR_RSP] = load.stack + STACK_SIZE;
    start->kernel = image->base + image->bias;
    start->relocation = (struct boot_relocation){
        .base = start->kernel,
        .end = image->end + image->bias,
        .by = image->bias,
    };
    return NULL;
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
    .key = "multiboot1",
    .name = "Multiboot 1",
    .recognise = multiboot1_recognise,
    .load = load1,
    .takes_modules = true,
    .prefers = multiboot1_prefers,
};

const struct boot_protocol multiboot2_protocol = {
    .key = "multiboot2",
    .name = "Multiboot 2",
    .recognise = multiboot2_recognise,
    .load = load2,
    .takes_modules = true,
    .prefers = multiboot2_prefers,
};
