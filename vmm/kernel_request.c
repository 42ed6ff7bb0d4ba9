/* What a boot protocol is asked for a VM; see the header. */
#include "vmm/kernel_request.h"

#include "kernel/log.h"
#include "vmm/vm_files.h"

static void name_pieces(struct kernel_request *request,
                        const struct config_entry *config,
                        const struct vm_files *files)
{
    for (size_t i = 0; i < config->initrd_count; i++) {
        request->initrd[i] = (struct boot_piece){
            .bytes = files->initrd[i].bytes,
            .size = files->initrd[i].size,
            .name = config->initrd[i],
        };
    }
    for (size_t i = 0; i < config->module_count; i++) {
        request->module[i] = (struct boot_piece){
            .bytes = files->module[i].bytes,
            .size = files->module[i].size,
            .name = config->module[i].path,
            .command_line = config->module[i].words,
        };
    }
}

void kernel_request_make(struct kernel_request *request,
                         const struct config_entry *config,
                         const struct vm_files *files,
                         const struct memory_map *map, unsigned devices)
{
    request->boot = (struct boot_request){
        .kernel = files->kernel.bytes,
        .kernel_size = files->kernel.size,
        .kernel_name = config->linux_path,
        .initrd = request->initrd,
        .initrd_count = config->initrd_count,
        .module = request->module,
        .module_count = config->module_count,
        .protocol = config->protocol,
        .command_line = request->command_line,
        .e820 = map->e820,
        .e820_count = map->e820_count,
        .cpu_count = config->cpus,
    };
    name_pieces(request, config, files);
    discover_command_line(request->command_line, config, devices);
}

void kernel_request_log_refusal(const struct config_entry *config,
                                const struct boot_start *start, const char *why)
{
    if (start->modules_refused) {
        log_error(CONFIG_FOLDER "\\%s.conf:%u: module %s: %s", config->id,
                  config->module_line, config->module[0].path, why);
    } else {
        log_error(CONFIG_FOLDER "\\%s.conf:%u: linux %s: %s", config->id,
                  config->linux_line, config->linux_path, why);
    }
}
