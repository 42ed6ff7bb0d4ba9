/* What a boot protocol is asked for a VM; see the header. */
#include "vmm/plan/boot_plan.h"

#include "kernel/framebuffer.h"
#include "vmm/config/errors.h"
#include "vmm/plan/entry_files.h"
#include "vmm/plan/screen.h"

/* The piece of a file that could not be read has no bytes. */
static void name_files(struct boot_plan *plan,
                       const struct config_entry *config,
                       const struct entry_files *files)
{
    for (size_t i = 0; i < config->initrd_count; i++) {
        plan->initrd[i] = (struct boot_file){
            .bytes = files->initrd[i].bytes,
            .size = files->initrd[i].size,
            .name = config->initrd[i],
        };
    }
    for (size_t i = 0; i < config->module_count; i++) {
        plan->module[i] = (struct boot_file){
            .bytes = files->module[i].bytes,
            .size = files->module[i].size,
            .name = config->module[i].path,
            .command_line = config->module[i].words,
        };
    }
}

static bool make_screen(struct boot_plan *plan,
                        const struct config_entry *config,
                        struct memory_map *map, struct errors *errors)
{
    struct screen_host host = {0};
    struct boot_preference preference;
    const char *why = NULL;

    framebuffer_size(&host.width, &host.height);
    boot_prefers(&plan->request, &preference);
    why = screen_make(config, &preference, &host, map, &plan->screen);
    if (why != NULL) {
        errors_add_entry(errors, config, config->screen_line, "screen: %s",
                         why);
        return false;
    }
    if (plan->screen.address != 0) {
        plan->request.screen = &plan->screen;
    }
    return true;
}

bool boot_plan_make(struct boot_plan *plan, const struct config_entry *config,
                    const struct entry_files *files, struct memory_map *map,
                    unsigned devices, struct errors *errors)
{
    plan->request = (struct boot_request){
        .kernel = files->kernel.bytes,
        .kernel_size = files->kernel.size,
        .kernel_name = config->linux_path,
        .initrd = plan->initrd,
        .initrd_count = config->initrd_count,
        .module = plan->module,
        .module_count = config->module_count,
        .protocol = config->protocol,
        .command_line = plan->command_line,
        .e820 = map->e820,
        .cpu_count = config->cpus,
    };
    if (!make_screen(plan, config, map, errors)) {
        return false;
    }
    plan->request.e820_count = map->e820_count;
    name_files(plan, config, files);
    discover_command_line(plan->command_line, config, devices);
    return true;
}

void boot_plan_refused(const struct config_entry *config,
                       const struct boot_start *start, const char *why,
                       struct errors *errors)
{
    switch (start->blame) {
    case BOOT_BLAME_MODULES:
        errors_add_entry(errors, config, config->module[0].line,
                         "module %s: %s", config->module[0].path, why);
        break;
    case BOOT_BLAME_PROTOCOL:
        errors_add_entry(errors, config, config->protocol_line,
                         "protocol %s: %s", config->protocol, why);
        break;
    case BOOT_BLAME_KERNEL:
        errors_add_entry(errors, config, config->linux_line, "linux %s: %s",
                         config->linux_path, why);
        break;
    }
}
