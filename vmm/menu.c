/* The boot menu; see the header. */
#include "vmm/menu.h"

#include "arch/efi.h"
#include "kernel/log.h"
#include "vmm/load.h"

/* Entries that a digit can choose. */
#define MENU_DIGITS 9

#define POLL_MICROSECONDS 50000U
#define POLLS_A_SECOND    (1000000U / POLL_MICROSECONDS)

static void show(const struct load *load, size_t index)
{
    for (size_t i = 0; i < load->entry_count && i < MENU_DIGITS; i++) {
        const struct config_entry *entry = &load->entries[i].config;

        log_info("%c %u  %s", i == index ? '*' : ' ', (unsigned)(i + 1),
                 entry->title[0] != '\0' ? entry->title : entry->id);
    }
    log_info("a digit boots that entry, Enter the one with the star; Space "
             "stops the clock (%u s)",
             (unsigned)load->loader.timeout);
}

size_t menu_choose(struct efi_boot *boot, const struct load *load, size_t index)
{
    uint64_t polls = (uint64_t)load->loader.timeout * POLLS_A_SECOND;
    bool counting = true;
    uint32_t key = 0;

    show(load, index);
    while (!counting || polls-- > 0) {
        if (!efi_read_key(boot, &key)) {
            efi_sleep(boot, POLL_MICROSECONDS);
            continue;
        }
        if (key == '\r' || key == '\n') {
            return index;
        }
        if (key == ' ') {
            counting = false;
        }
        if (key >= '1' && key <= '0' + MENU_DIGITS &&
            key - '1' < load->entry_count) {
            return key - '1';
        }
    }
    return index;
}
