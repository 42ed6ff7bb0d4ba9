/* Judges a bzImage's header and sizes; see the header. */
#include "vmm/boot/bzimage_file.h"

#include "vmm/memory/little_endian.h"

#define HEADER_MAGIC  0x53726448U /* "HdrS" */
#define XLF_KERNEL_64 0x01

/* The versions of the protocol that brought the fields which are used here,
 * and the ends of their headers. */
#define PROTOCOL_CMD_LINE    0x202
#define PROTOCOL_INITRD_MAX  0x203
#define PROTOCOL_SYSSIZE     0x204
#define PROTOCOL_RELOCATABLE 0x205
#define PROTOCOL_CMDLINE     0x206
#define PROTOCOL_XLOADFLAGS  0x20c

/* The value for a kernel that is older than the field. */
#define INITRD_MAX_OLD 0x37ffffffU
#define CMDLINE_OLD    255

#define SECTOR   512
#define ENTRY_64 0x200

bool bzimage_file_recognise(const uint8_t *kernel, uint64_t size)
{
    return size >= HEADER + 4 && get32(kernel + HEADER) == HEADER_MAGIC;
}

/* The least length of a header of this version. */
static uint32_t header_least(unsigned version)
{
    return version >= PROTOCOL_INIT_SIZE     ? INIT_SIZE + 4
           : version >= PROTOCOL_CMDLINE     ? CMDLINE_SIZE + 4
           : version >= PROTOCOL_RELOCATABLE ? RELOCATABLE_KERNEL + 1
           : version >= PROTOCOL_INITRD_MAX  ? INITRD_ADDR_MAX + 4
                                             : CMD_LINE_PTR + 4;
}

/* Judges the setup header: it is there, it is whole, and its version can be
 * booted. */
static const char *judge_header(const struct boot_request *request,
                                struct bzimage_file *image)
{
    const uint8_t *file = request->kernel;

    if (!bzimage_file_recognise(file, request->kernel_size)) {
        return "the kernel is not a bzImage: no setup header";
    }
    if (request->kernel_size < 0x2 * SECTOR) {
        return "the bzImage ends inside its setup header: the file is cut "
               "short";
    }
    if (get16(file + BOOT_FLAG) != 0xaa55) {
        return "the bzImage's boot flag is not 0xaa55: the file is damaged";
    }
    image->bytes = file;
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
    /* it is 0 in iPXE's images, and in old boot sectors that look like a
     * bzImage */
    image->entry_32 = get32(file + CODE32_START) != 0;
    image->initrd_end = image->version < PROTOCOL_INITRD_MAX
                            ? INITRD_MAX_OLD + 1ULL
                            : get32(file + INITRD_ADDR_MAX) + 1ULL;
    image->cmdline_size = image->version < PROTOCOL_CMDLINE
                              ? CMDLINE_OLD
                              : get32(file + CMDLINE_SIZE);
    return NULL;
}

/* Judges that the setup code and the protected-mode code lie in the file. */
const char *bzimage_file_judge(struct bzimage_file *image,
                               const struct boot_request *request)
{
    const char *wrong = judge_header(request, image);

    if (wrong != NULL) {
        return wrong;
    }
    const uint8_t *file = image->bytes;
    /* 0 means 4, for kernels older than the field */
    uint64_t sectors = file[SETUP_SECTS] == 0 ? 4 : file[SETUP_SECTS];

    image->setup_size = (sectors + 1) * SECTOR;
    if (image->setup_size >= request->kernel_size) {
        return "the bzImage ends inside its setup code: the file is cut short";
    }
    /* Bytes behind the code (a signature) are not loaded. The last unit of
     * 16 bytes need not be whole. */
    uint64_t rest = request->kernel_size - image->setup_size;
    uint64_t wanted = (uint64_t)get32(file + SYSSIZE) * 16;

    if (image->version < PROTOCOL_SYSSIZE) {
        /* The field had two bytes then and cannot be trusted (boot.rst). */
        wanted = rest;
    }
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

void bzimage_file_version(const struct bzimage_file *image,
                          char version[BOOT_VERSION])
{
    uint64_t at = get16(image->bytes + KERNEL_VERSION);
    size_t length = 0;

    for (at += 0x200;
         at > 0x200 && at < image->setup_size && length < BOOT_VERSION - 1;
         at++) {
        uint8_t character = image->bytes[at];

        if (character < ' ' || character > '~') {
            break;
        }
        version[length++] = (char)character;
    }
    version[length] = '\0';
}
