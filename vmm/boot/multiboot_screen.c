/* What a Multiboot header says of screens; see the header. Both versions
 * only name a preferred mode, from which a boot loader may depart (0.6.96,
 * 3.1.4; 2.0, 3.1.10). There is no text mode here: a kernel that prefers one
 * gets a linear framebuffer. It is refused only if it requires a console
 * (2.0, 3.1.9) and does not say by a framebuffer tag that it knows another
 * one. */
#include "vmm/boot/multiboot_header.h"

const char *multiboot_screen_judge(const struct multiboot_header *header,
                                   bool has_screen, struct boot_start *start)
{
    if (!header->console_required) {
        return NULL;
    }
    if (!header->wants_screen) {
        return boot_refuse(start,
                           "the Multiboot 2 header requires a console (tag 4, "
                           "bit 0) and names %s: a framebuffer is what Lintel "
                           "gives; add a framebuffer tag (5) if the kernel can "
                           "use one, or clear the bit",
                           header->knows_text ? "EGA text alone" : "none");
    }
    if (!has_screen) {
        return "the Multiboot 2 header requires a screen (tag 4, bit 0), and "
               "the entry says screen off";
    }
    return NULL;
}

static void tell(bool good, const struct multiboot_header *header,
                 struct boot_preference *preference)
{
    if (good && header->wants_screen) {
        preference->screen = true;
        preference->width = header->screen_width;
        preference->height = header->screen_height;
    }
}

void multiboot1_prefers(const uint8_t *file, uint64_t size,
                        struct boot_preference *preference)
{
    struct multiboot_header header;
    char why[BOOT_WRONG];

    tell(multiboot1_read_header(file, size, &header, why), &header, preference);
}

void multiboot2_prefers(const uint8_t *file, uint64_t size,
                        struct boot_preference *preference)
{
    struct multiboot_header header;
    char why[BOOT_WRONG];

    tell(multiboot2_read_header(file, size, &header, why), &header, preference);
}
