/* Writes the last run to the stick; vmm/last_run_save.h has the contract. */
#include "vmm/last_run_save.h"

#include "arch/efi/efi.h"
#include "arch/efi/efi_file.h"
#include "kernel/base/log.h"

#define FOLDER "\\lintel"
#define FILE   FOLDER "\\last-run.txt"

struct last_run last_run_save(struct efi_boot *boot)
{
    void *area = efi_keep(boot, LAST_RUN_BYTES, last_run_is_at);
    struct last_run last = {0};

    if (area == NULL) {
        log_warn("no memory at a fixed place: this run's log will not survive "
                 "a reset");
        return last;
    }
    if (last_run_is_at(area)) {
        last = last_run_read(area);
        if (last.length[0] + last.length[1] > 0) {
            if (efi_write_file(boot, FOLDER, FILE, last.text, last.length)) {
                log_info("the last run's log and console are in " FILE);
            } else {
                log_warn("the last run's log could not be written to " FILE);
            }
        }
    }
    last_run_keep(area);
    return last;
}
