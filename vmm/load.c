/* Reads the configuration, shows the menu, and reads kernels, initrds and
 * disks; see the header. */
#include "vmm/load.h"

#include "arch/efi/efi.h"
#include "vmm/menu.h"

/* True: the menu is to be shown. As with systemd-boot, a key that is held
 * brings up a menu that is hidden: the firmware keeps the keys that came while
 * it started. */
static bool wants_menu(struct efi_boot *boot, const struct load *load)
{
    uint32_t key = 0;

    if (load->loader.run != RUN_DEFAULT || load->loader.menu == MENU_DISABLED) {
        return false;
    }
    return load->loader.menu == MENU_SHOWN || efi_read_key(boot, &key);
}

/* Shows the menu, in which the user may choose another entry than the
 * default. */
static void ask(struct efi_boot *boot, struct load *load)
{
    size_t index = 0;

    if (!wants_menu(boot, load)) {
        return;
    }
    while (!load->entries[index].chosen) {
        index++;
    }
    load->entries[index].chosen = false;
    load->entries[menu_choose(boot, load, index)].chosen = true;
}

void load_all(struct efi_boot *boot, struct load *load)
{
    if (load_config(boot, load)) {
        if (load->errors->count == 0) {
            ask(boot, load);
        }
        for (size_t i = 0; i < load->entry_count; i++) {
            if (load->entries[i].chosen) {
                load_files(boot, load, i);
            }
        }
    }
    errors_log(load->errors);
}
