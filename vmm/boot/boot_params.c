/* Fills boot_params in; see the header. Offsets and names are those of
 * zero-page.rst. vmm/boot/bzimage_file.h has the offsets of the setup
 * header. */
#include "vmm/boot/boot_params.h"

#include "vmm/boot/bzimage_file.h"
#include "vmm/memory/little_endian.h"

/* Fields outside of the setup header. */
#define VIDEO_TYPE     0x00f /* u8; 0: there is no screen */
#define LFB_WIDTH      0x012 /* u16 */
#define LFB_HEIGHT     0x014 /* u16 */
#define LFB_DEPTH      0x016 /* u16 */
#define LFB_BASE       0x018 /* u32 */
#define LFB_SIZE       0x01c /* u32, in units of 64 KiB */
#define LFB_LINELENGTH 0x024 /* u16 */
#define LFB_COLOURS    0x026 /* size and position of red, green, blue, none */
#define ACPI_RSDP_ADDR 0x070 /* u64 */
#define E820_ENTRIES   0x1e8 /* u8 */
#define E820_TABLE     0x2d0
#define E820_MAX       128

#define VIDEO_TYPE_VLFB 0x23 /* a linear framebuffer, as with a VESA mode */

/* The setup header for kernels whose file has none: protocol 2.06 is the
 * first with all the fields that are filled in here. */
#define BOOT_FLAG_MAGIC  0xaa55
#define HEADER_MAGIC     0x53726448 /* "HdrS" */
#define HEADER_VERSION   0x206
#define KERNEL_ALIGNED   0x200000
#define INITRD_LAST_BYTE 0xffffffff

const char *boot_params_judge(const struct boot_request *request)
{
    if (request->e820_count == 0 || request->e820_count > E820_MAX) {
        return "the memory map has no entries or more than 128";
    }
    return NULL;
}

void boot_params_begin(uint8_t *params, const struct boot_request *request)
{
    memset(params, 0, BOOT_PARAMS_SIZE);
    put16(params + BOOT_FLAG, BOOT_FLAG_MAGIC);
    put32(params + HEADER, HEADER_MAGIC);
    put16(params + VERSION, HEADER_VERSION);
    params[LOADFLAGS] = LOADED_HIGH;
    put32(params + INITRD_ADDR_MAX, INITRD_LAST_BYTE);
    put32(params + KERNEL_ALIGNMENT, KERNEL_ALIGNED);
    put32(params + CMDLINE_SIZE, strlen(request->command_line));
}

/* Fills in screen_info as after a VESA mode was set. */
static void put_screen(uint8_t *params, const struct boot_screen *screen)
{
    const uint8_t colours[8] = {
        screen->red.size,
        screen->red.position,
        screen->green.size,
        screen->green.position,
        screen->blue.size,
        screen->blue.position,
        8,
        24,
    };
    uint64_t size = (uint64_t)screen->pitch * screen->height;

    params[VIDEO_TYPE] = VIDEO_TYPE_VLFB;
    put16(params + LFB_WIDTH, screen->width);
    put16(params + LFB_HEIGHT, screen->height);
    put16(params + LFB_DEPTH, screen->bits);
    put32(params + LFB_BASE, screen->address);
    put32(params + LFB_SIZE, align_up(size, 0x10000) >> 16);
    put16(params + LFB_LINELENGTH, screen->pitch);
    memcpy(params + LFB_COLOURS, colours, sizeof(colours));
}

/* A screen_info of zeros says that there is no screen. */
void boot_params_put(uint8_t *params, const struct boot_request *request,
                     const struct boot_start *start, uint64_t command_line)
{
    params[TYPE_OF_LOADER] = LOADER_UNDEFINED;
    put32(params + CODE32_START, start->kernel);
    put32(params + RAMDISK_IMAGE, start->initrd);
    put32(params + RAMDISK_SIZE, start->initrd_size);
    put32(params + CMD_LINE_PTR, command_line);
    put32(params + HARDWARE_SUBARCH, 0);
    put64(params + HARDWARE_SUBARCH + 4, 0);
    put64(params + SETUP_DATA, 0);
    put64(params + ACPI_RSDP_ADDR, request->rsdp.value);
    if (request->screen != NULL) {
        put_screen(params, request->screen);
    }
    params[E820_ENTRIES] = (uint8_t)request->e820_count;
    memcpy(params + E820_TABLE, request->e820,
           request->e820_count * sizeof(request->e820[0]));
}
