/* Reads the configuration, shows the menu, and reads kernels, initrds and
 * disks; see the header. */
#include "vmm/load.h"

#include "vmm/menu.h"

/* Shows the menu, in which the user may choose another entry than the
 * default. */
static void ask(struct efi_boot *boot, struct load *load)
{
    size_t index = 0;

    if (load->loader.run != RUN_DEFAULT || load->loader.timeout == 0 ||
        load->entry_count < 2) {
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
