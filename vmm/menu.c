/* The boot menu; see the header. */
#include "vmm/menu.h"

#include "arch/efi/efi.h"
#include "kernel/base/log.h"
#include "vmm/load.h"

/* The keys of the entries, in their order. Entries beyond these have no key. */
static const char keys[] = "123456789abcdefghijklmnopqrstuvwxyz";
#define KEYS (sizeof(keys) - 1)

#define POLL_MICROSECONDS 50000U
#define POLLS_A_SECOND    (1000000U / POLL_MICROSECONDS)

static void show_entry(const struct load *load, size_t i, bool star)
{
    const struct config_entry *entry = &load->entries[i].config;

    log_info("%c %c  %s", star ? '*' : ' ', i < KEYS ? keys[i] : ' ',
             entry->title[0] != '\0' ? entry->title : entry->id);
}

static void show(const struct load *load, size_t index)
{
    for (size_t i = 0; i < load->entry_count; i++) {
        if (i < KEYS || i == index) {
            show_entry(load, i, i == index);
        }
    }
    if (load->entry_count > KEYS) {
        log_info("%llu entries have no key: `default` in loader.conf names one",
                 (unsigned long long)(load->entry_count - KEYS));
    }
    log_info("a key boots that entry, Enter the one with the star; Space stops "
             "the clock (%u s)",
             (unsigned)load->loader.timeout);
}

/* The entry that a key stands for; entry_count: none. */
static size_t entry_of(const struct load *load, uint32_t key)
{
    size_t i = 0;

    if (key >= 'A' && key <= 'Z') {
        key += 'a' - 'A';
    }
    while (i < load->entry_count && (i >= KEYS || (uint32_t)keys[i] != key)) {
        i++;
    }
    return i;
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
        if (entry_of(load, key) < load->entry_count) {
            return entry_of(load, key);
        }
    }
    return index;
}
