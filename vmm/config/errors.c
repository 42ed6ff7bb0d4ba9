/* The list of the environment's errors; see the header. */
#include "vmm/config/errors.h"

#include "kernel/base/format.h"
#include "kernel/base/log.h"
#include "kernel/base/string.h"
#include "vmm/config/config.h"

_Static_assert(sizeof(((struct error *)0)->file) >= CONFIG_PATH,
               "room for every path");

static bool is_listed(const struct errors *errors, const struct error *error)
{
    for (size_t i = 0; i < errors->count; i++) {
        const struct error *other = &errors->list[i];

        if (other->line == error->line &&
            strcmp(other->file, error->file) == 0 &&
            strcmp(other->text, error->text) == 0) {
            return true;
        }
    }
    return false;
}

void errors_vadd(struct errors *errors, const char *file, unsigned line,
                 const char *format, va_list values)
{
    struct error error = {.line = line};

    format_sn(error.file, sizeof(error.file), "%s", file);
    format_vsn(error.text, sizeof(error.text), format, values);
    if (is_listed(errors, &error)) {
        return;
    }
    if (errors->count == ERRORS_MOST) {
        errors->left_out++;
        return;
    }
    errors->list[errors->count++] = error;
}

void errors_add(struct errors *errors, const char *file, unsigned line,
                const char *format, ...)
{
    va_list values;

    va_start(values, format);
    errors_vadd(errors, file, line, format, values);
    va_end(values);
}

void errors_add_entry(struct errors *errors, const struct config_entry *entry,
                      unsigned line, const char *format, ...)
{
    char file[CONFIG_PATH];
    va_list values;

    config_entry_file(entry->id, file);
    va_start(values, format);
    errors_vadd(errors, file, line, format, values);
    va_end(values);
}

static void log_one(const struct error *error)
{
    if (error->file[0] == '\0') {
        log_error("%s", error->text);
    } else if (error->line == 0) {
        log_error("%s: %s", error->file, error->text);
    } else {
        log_error("%s:%u: %s", error->file, error->line, error->text);
    }
}

void errors_log(struct errors *errors)
{
    while (errors->logged < errors->count) {
        log_one(&errors->list[errors->logged++]);
    }
    if (errors->left_out > errors->left_out_logged) {
        log_error(
            "%llu more errors are not shown: mend these first",
            (unsigned long long)(errors->left_out - errors->left_out_logged));
        errors->left_out_logged = errors->left_out;
    }
}
