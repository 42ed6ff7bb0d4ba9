/* What a boot protocol is asked for a VM; see the header. */
#include "vmm/plan/boot_plan.h"

#include "kernel/base/log.h"
#include "kernel/framebuffer.h"
#include "vmm/plan/entry_files.h"
#include "vmm/plan/screen.h"

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

static bool make_screen(struct kernel_request *request,
                        const struct config_entry *config,
                        struct memory_map *map)
{
    struct screen_host host = {0};
    struct boot_wish wish;
    const char *why = NULL;

    framebuffer_size(&host.width, &host.height);
    boot_wishes(&request->boot, &wish);
    why = screen_make(config, &wish, &host, map, &request->screen);
    if (why != NULL) {
        log_error(CONFIG_FOLDER "\\%s.conf:%u: screen: %s", config->id,
                  config->screen_line, why);
        return false;
    }
    if (request->screen.address != 0) {
        request->boot.screen = &request->screen;
    }
    return true;
}

bool kernel_request_make(struct kernel_request *request,
                         const struct config_entry *config,
                         const struct vm_files *files, struct memory_map *map,
                         unsigned devices)
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
        .cpu_count = config->cpus,
    };
    if (!make_screen(request, config, map)) {
        return false;
    }
    request->boot.e820_count = map->e820_count;
    name_pieces(request, config, files);
    discover_command_line(request->command_line, config, devices);
    return true;
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
