/* The boot menu; see the header. The screen has a page of its own; a serial
 * console gets a line for each change. */
#include "vmm/menu.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#include "arch/efi/efi.h"
#include "kernel/base/format.h"
#include "kernel/base/log.h"
#include "kernel/base/string.h"
#include "kernel/framebuffer.h"
#include "vmm/load.h"

#define DIGITS 9U /* entries that a digit boots */

/* Entries that are on the page at a time. */
#define PAGE_ENTRIES 20U
/* The most of a title, and of the options that are edited, that a line shows.
 */
#define TITLE_SHOWN   70
#define OPTIONS_SHOWN 68U

#define POLL_MICROSECONDS 50000U
#define POLLS_A_SECOND    (1000000U / POLL_MICROSECONDS)

struct menu {
    struct efi_boot *boot;
    struct load *load;
    size_t index;   /* the entry that is chosen now */
    uint64_t polls; /* until it boots */
    bool counting;
    bool editing;
};

static const char *title_of(const struct load *load, size_t i)
{
    const struct config_entry *entry = &load->entries[i].config;

    return entry->title[0] != '\0' ? entry->title : entry->id;
}

static void page(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Adds text to the page on the screen. */
static void page(const char *format, ...)
{
    char text[200];
    va_list values;
    size_t length = 0;

    va_start(values, format);
    length = format_vsn(text, sizeof(text), format, values);
    va_end(values);
    framebuffer_write(text, length < sizeof(text) ? length : sizeof(text) - 1);
}

static void show_entries(const struct menu *menu)
{
    size_t count = menu->load->entry_count;
    size_t first = 0;

    if (menu->index >= PAGE_ENTRIES) {
        first = menu->index - PAGE_ENTRIES + 1;
    }
    for (size_t i = first; i < count && i < first + PAGE_ENTRIES; i++) {
        const char *look = i == menu->index ? "\033[7m" : "";

        if (i < DIGITS) {
            page("   %s %u  %.*s \033[m\r\n", look, (unsigned)(i + 1),
                 TITLE_SHOWN, title_of(menu->load, i));
        } else {
            page("   %s    %.*s \033[m\r\n", look, TITLE_SHOWN,
                 title_of(menu->load, i));
        }
    }
    if (count > first + PAGE_ENTRIES) {
        page("       (%llu more)\r\n",
             (unsigned long long)(count - first - PAGE_ENTRIES));
    }
}

static void show_help(const struct menu *menu)
{
    const char *options = menu->load->entries[menu->index].config.options;
    size_t length = strlen(options);

    if (menu->editing) {
        page("\r\n   options, for this run: Enter boots, Esc goes back\r\n\r\n"
             "   %s%s",
             length > OPTIONS_SHOWN ? "..." : "",
             options + (length > OPTIONS_SHOWN ? length - OPTIONS_SHOWN : 0));
        return;
    }
    page("\r\n   Up and Down choose, Enter boots, a digit boots that entry, e "
         "edits the options\r\n");
    if (menu->counting) {
        page("   boots in %llu s; any key stops the clock\r\n",
             (unsigned long long)((menu->polls + POLLS_A_SECOND - 1) /
                                  POLLS_A_SECOND));
    }
}

static void show_page(const struct menu *menu)
{
    page("\033[2J\033[H\r\n   Lintel: which machine?\r\n\r\n");
    show_entries(menu);
    show_help(menu);
}

/* The list for a serial console. */
static void log_list(const struct menu *menu)
{
    for (size_t i = 0; i < menu->load->entry_count; i++) {
        if (i < DIGITS || i == menu->index) {
            log_info("%c %c  %s", i == menu->index ? '*' : ' ',
                     i < DIGITS ? (char)('1' + i) : ' ',
                     title_of(menu->load, i));
        }
    }
    if (menu->load->entry_count > DIGITS) {
        log_info("%llu more by Up and Down",
                 (unsigned long long)(menu->load->entry_count - DIGITS));
    }
    log_info("Up and Down choose, Enter boots the one with the star, a digit "
             "boots that entry, e edits the options");
    if (menu->counting) {
        log_info("boots in %u s; any key stops the clock",
                 (unsigned)menu->load->loader.timeout);
    }
}

static void choose(struct menu *menu, size_t index)
{
    if (index != menu->index) {
        menu->index = index;
        log_info("* %s", title_of(menu->load, index));
    }
}

/* A key at the options' end. True: boot. */
static bool edit(struct menu *menu, uint32_t key)
{
    char *options = menu->load->entries[menu->index].config.options;
    size_t length = strlen(options);

    if (key == '\r' || key == '\n') {
        log_info("options %s", options);
        return true;
    }
    if (key == EFI_KEY_ESCAPE) {
        menu->editing = false;
    } else if ((key == '\b' || key == 0x7f) && length > 0) {
        options[length - 1] = '\0';
    } else if (key >= ' ' && key <= '~' && length + 1 < CONFIG_OPTIONS) {
        options[length] = (char)key;
        options[length + 1] = '\0';
    }
    return false;
}

/* True: boot the entry that is chosen. */
static bool take(struct menu *menu, uint32_t key)
{
    size_t last = menu->load->entry_count - 1;

    menu->counting = false;
    if (menu->editing) {
        return edit(menu, key);
    }
    switch (key) {
    case '\r':
    case '\n':
        return true;
    case EFI_KEY_UP:
        choose(menu, menu->index > 0 ? menu->index - 1 : 0);
        return false;
    case EFI_KEY_DOWN:
        choose(menu, menu->index < last ? menu->index + 1 : last);
        return false;
    case EFI_KEY_HOME:
        choose(menu, 0);
        return false;
    case EFI_KEY_END:
        choose(menu, last);
        return false;
    case 'e':
        menu->editing = true;
        return false;
    default:
        if (key >= '1' && key <= '9' && key - '1' <= last) {
            choose(menu, key - '1');
            return true;
        }
        return false;
    }
}

size_t menu_choose(struct efi_boot *boot, struct load *load, size_t index)
{
    struct menu menu = {
        .boot = boot,
        .load = load,
        .index = index,
        .polls = (uint64_t)load->loader.timeout * POLLS_A_SECOND,
        .counting = load->loader.timeout > 0,
    };
    uint32_t key = 0;

    log_list(&menu);
    show_page(&menu);
    while (!menu.counting || menu.polls > 0) {
        if (efi_read_key(boot, &key)) {
            if (take(&menu, key)) {
                break;
            }
            show_page(&menu);
            continue;
        }
        efi_sleep(boot, POLL_MICROSECONDS);
        if (menu.counting && --menu.polls % POLLS_A_SECOND == 0) {
            show_page(&menu);
        }
    }
    page("\033[2J\033[H");
    return menu.index;
}
