/* Says of a directory what Lintel would say of a stick with the same files:
 * every error, as FILE:LINE: TEXT, and what would start.
 *
 *   lintel-check [--processors N] [--memory SIZE] DIRECTORY
 *
 * The machine that Lintel would run on is judged as far as it is described.
 * Exit status: 0 nothing is wrong, 1 something is, 2 wrong arguments.
 *
 * Who calls it: `make usb-check`, test/run/refuse.py. */
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel/page.h"
#include "test/check/directory.h"
#include "vmm/config/config_value.h"
#include "vmm/load.h"
#include "vmm/plan/check.h"
#include "vmm/plan/virtio_plan.h"

struct options {
    unsigned processors; /* UINT_MAX: not known */
    uint64_t memory;     /* bytes; UINT64_MAX: not known */
    const char *directory;
};

static const char usage[] =
    "lintel-check [--processors N] [--memory SIZE] DIRECTORY\n"
    "says what Lintel would start with the files of DIRECTORY, and what is "
    "wrong with them\n";

static bool read_options(int count, char **arguments, struct options *options)
{
    uint64_t number = 0;

    *options = (struct options){UINT_MAX, UINT64_MAX, NULL};
    for (int i = 1; i < count; i++) {
        bool last = i + 1 == count;

        if (strcmp(arguments[i], "--processors") == 0) {
            if (last || !config_value_number(arguments[++i], 1024, &number) ||
                number == 0) {
                return false;
            }
            options->processors = (unsigned)number;
        } else if (strcmp(arguments[i], "--memory") == 0) {
            if (last || !config_value_size(arguments[++i], &options->memory)) {
                return false;
            }
        } else if (arguments[i][0] == '-' || options->directory != NULL) {
            return false;
        } else {
            options->directory = arguments[i];
        }
    }
    return options->directory != NULL;
}

/* SIGBUS: a mapped file cannot be read. It comes while a file's bytes are
 * looked at, never inside stdio, so that printf() can be called. */
static void cannot_read(int number, siginfo_t *information, void *context)
{
    (void)number;
    (void)context;
    printf("%s: it cannot be read to its end: the medium fails, or the file "
           "became shorter\n",
           directory_file_at(information->si_addr));
    fflush(stdout);
    _exit(1);
}

static void add_size(const struct entry_file *file, uint64_t *size)
{
    *size += file->size;
}

/* Bytes of the machine's memory that an entry's files take. */
static uint64_t files_size(const struct entry_files *files)
{
    uint64_t size = 0;

    add_size(&files->kernel, &size);
    add_size(&files->symbols, &size);
    for (size_t i = 0; i < CONFIG_PATHS; i++) {
        add_size(&files->initrd[i], &size);
        add_size(&files->module[i], &size);
        add_size(&files->disk[i], &size);
    }
    return size;
}

/* The memory that firmware and Lintel itself take is not known and not
 * subtracted: an entry is refused only if it certainly does not fit. */
static struct check_host host_of(const struct options *options,
                                 const struct entry_files *files)
{
    uint64_t taken = files_size(files);
    size_t pages = SIZE_MAX;

    if (options->memory != UINT64_MAX) {
        pages = options->memory > taken
                    ? (size_t)((options->memory - taken) / PAGE_SIZE)
                    : 0;
    }
    return (struct check_host){
        .processors = options->processors, .pages = pages, .ram_pages = pages};
}

/* Reads and judges an entry's files, and adds its errors to load->errors.
 * Returns the protocol's name; NULL: the entry cannot start. */
static const char *judge(struct efi_boot *boot, struct load *load, size_t index,
                         const struct options *options)
{
    static struct errors own;
    struct load_entry *entry = &load->entries[index];
    struct errors *all = load->errors;
    const char *protocol = NULL;

    memset(&own, 0, sizeof(own));
    load->errors = &own;
    load_files(boot, load, index);

    const struct check_host host = host_of(options, &entry->files);

    protocol = check_entry(&entry->config, &entry->files, &host, &own);
    load->errors = all;
    for (size_t i = 0; i < own.count; i++) {
        errors_add(all, own.list[i].file, own.list[i].line, "%s",
                   own.list[i].text);
    }
    all->left_out += own.left_out;
    return own.count == 0 ? protocol : NULL;
}

static void print_error(const struct efi_boot *boot, const struct error *error)
{
    char path[PATH_MAX];

    if (error->file[0] != '\0') {
        directory_find(boot, error->file, path, sizeof(path));
        printf("%s:", path);
    }
    if (error->line != 0) {
        printf("%u:", error->line);
    }
    printf("%s%s\n", error->file[0] != '\0' ? " " : "", error->text);
}

static int by_place(const void *one, const void *other)
{
    const struct error *a = one;
    const struct error *b = other;
    int order = strcmp(a->file, b->file);

    return order != 0 ? order : (a->line > b->line) - (a->line < b->line);
}

static void print_errors(const struct efi_boot *boot, struct errors *errors)
{
    qsort(errors->list, errors->count, sizeof(errors->list[0]), by_place);
    for (size_t i = 0; i < errors->count; i++) {
        print_error(boot, &errors->list[i]);
    }
    if (errors->left_out > 0) {
        printf("%zu more errors are not shown: mend these first\n",
               errors->left_out);
    }
}

static void print_machine(const struct load_entry *entry, const char *protocol)
{
    const struct config_entry *config = &entry->config;
    struct virtio_plan plan;

    printf("%s %s: %s%s%s, %u processor%s, memory %llu MiB",
           entry->chosen ? "starts" : "can start", config->id,
           config->title[0] != '\0' ? config->title : "by ",
           config->title[0] != '\0' ? ", by " : "", protocol, config->cpus,
           config->cpus == 1 ? "" : "s",
           (unsigned long long)(config->memory >> 20));
    virtio_plan_make(config, &plan);
    for (size_t i = 0; i < plan.count; i++) {
        printf(", %s%zu", virtio_kind_type(plan.devices[i].kind)->name, i);
    }
    printf("\n");
}

/* The last line. `starts`: the entries that run without a choice of the user
 * have no errors. True: there are no errors at all. */
static bool print_end(const char *directory, const struct errors *errors,
                      bool starts)
{
    size_t count = errors->count + errors->left_out;

    if (count == 0) {
        printf("%s: nothing is wrong\n", directory);
    } else {
        printf("%s: %zu error%s: %s\n", directory, count, count == 1 ? "" : "s",
               starts ? "what starts by itself has none"
                      : "nothing would start");
    }
    return count == 0;
}

static bool check(const struct options *options)
{
    static struct errors errors;
    struct efi_boot boot = {.root = options->directory};
    struct load load = {.errors = &errors};
    bool starts = load_config(&boot, &load) && errors.count == 0;
    const char **protocols = calloc(load.entry_count + 1, sizeof(protocols[0]));

    for (size_t i = 0; protocols != NULL && i < load.entry_count; i++) {
        protocols[i] = judge(&boot, &load, i, options);
        starts = starts && (!load.entries[i].chosen || protocols[i] != NULL);
    }
    print_errors(&boot, &errors);
    for (size_t i = 0; starts && i < load.entry_count; i++) {
        if (protocols[i] != NULL) {
            print_machine(&load.entries[i], protocols[i]);
        }
    }
    return print_end(options->directory, &errors, starts);
}

int main(int count, char **arguments)
{
    const struct sigaction unreadable = {.sa_sigaction = cannot_read,
                                         .sa_flags = SA_SIGINFO};
    struct options options;
    struct stat status;

    if (!read_options(count, arguments, &options)) {
        fputs(usage, stderr);
        return 2;
    }
    if (stat(options.directory, &status) != 0 || !S_ISDIR(status.st_mode)) {
        fprintf(stderr, "lintel-check: %s: there is no such directory\n",
                options.directory);
        return 2;
    }
    sigaction(SIGBUS, &unreadable, NULL);
    return check(&options) ? 0 : 1;
}
