/* arch/efi/efi_file.h on a directory of this machine; see the header. */
#include "test/check/directory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arch/efi/efi_file.h"

/* errno of the last EFI_RESULT_FAILED; 0: it was no plain file. */
static int failure;

/* The contents of a file that was read. */
struct contents {
    struct contents *next;
    const uint8_t *bytes;
    size_t size;
    char path[];
};
static struct contents *all_contents;

const char *efi_result_text(enum efi_result result)
{
    switch (result) {
    case EFI_RESULT_ABSENT:
        return "there is no such file";
    case EFI_RESULT_DIRECTORY:
        return "it is a directory, not a file";
    case EFI_RESULT_FILE:
        return "it is a file, not a directory";
    case EFI_RESULT_NO_MEMORY:
        return "there is not enough memory for it";
    default:
        return failure == 0 ? "it is neither a file nor a directory"
                            : strerror(failure);
    }
}

static enum efi_result failed(int error)
{
    failure = error;
    return error == ENOENT || error == ENOTDIR ? EFI_RESULT_ABSENT
                                               : EFI_RESULT_FAILED;
}

/* Looks for `name` in a directory, and sets it to the case of letters that the
 * directory has. A file with exactly that name is preferred. False: there is
 * none, and `name` is unchanged. */
static bool find_name(const char *directory, char name[NAME_MAX + 1])
{
    char other[NAME_MAX + 1] = "";
    DIR *opened = opendir(directory);
    const struct dirent *entry = NULL;
    bool same = false;

    if (opened == NULL) {
        return false;
    }
    while (!same && (entry = readdir(opened)) != NULL) {
        same = strcmp(entry->d_name, name) == 0;
        if (!same && strcasecmp(entry->d_name, name) == 0) {
            snprintf(other, sizeof(other), "%s", entry->d_name);
        }
    }
    closedir(opened);
    if (!same && other[0] != '\0') {
        memcpy(name, other, sizeof(other));
    }
    return same || other[0] != '\0';
}

/* A path of the host, while it grows. */
struct path {
    char *text;
    size_t used;
    size_t size;
    size_t root; /* length of the ESP's root, above which nothing is found */
};

/* One step down. False: there is no such file, or no room. */
static bool go_down(struct path *path, const char *step, size_t length)
{
    char name[NAME_MAX + 1];
    bool there = length <= NAME_MAX && path->used < path->size;

    snprintf(name, sizeof(name), "%.*s", (int)length, step);
    there = there && find_name(path->text, name);
    if (path->used < path->size) {
        path->used += (size_t)snprintf(path->text + path->used,
                                       path->size - path->used, "/%s", name);
    }
    return there && path->used < path->size;
}

/* One step up. False: it is the ESP's root, which has no parent. */
static bool go_up(struct path *path)
{
    if (path->used <= path->root || path->used >= path->size) {
        return false;
    }
    while (path->text[path->used] != '/') {
        path->used--;
    }
    path->text[path->used] = '\0';
    return true;
}

bool directory_find(const struct efi_boot *boot, const char *path, char *found,
                    size_t size)
{
    struct path host = {found, (size_t)snprintf(found, size, "%s", boot->root),
                        size, 0};
    bool there = host.used < size;

    while (there && host.used > 1 && found[host.used - 1] == '/') {
        found[--host.used] = '\0';
    }
    host.root = host.used;
    while (*path != '\0') {
        size_t length = strcspn(path, "\\/");

        if (length == 2 && strncmp(path, "..", 2) == 0) {
            there = go_up(&host) && there;
        } else if (length > 0 && !(length == 1 && path[0] == '.')) {
            there = go_down(&host, path, length) && there;
        }
        path += length + (path[length] != '\0' ? 1 : 0);
    }
    return there;
}

/* Maps all of the file and at least one zero byte behind it. Only pages that
 * are looked at are read: of a disk, none. NULL: errno says why. */
static uint8_t *map(int file, size_t size)
{
    uint8_t *bytes = mmap(NULL, size + 1, PROT_READ,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (bytes == MAP_FAILED) {
        return NULL;
    }
    if (size > 0 && mmap(bytes, size, PROT_READ, MAP_PRIVATE | MAP_FIXED, file,
                         0) == MAP_FAILED) {
        munmap(bytes, size + 1);
        return NULL;
    }
    return bytes;
}

static void note_contents(const char *path, const struct efi_file *file)
{
    struct contents *contents = malloc(sizeof(*contents) + strlen(path) + 1);

    if (contents != NULL) {
        contents->next = all_contents;
        contents->bytes = file->data;
        contents->size = (size_t)file->size;
        strcpy(contents->path, path);
        all_contents = contents;
    }
}

const char *directory_file_at(const void *address)
{
    const struct contents *contents = all_contents;
    const uint8_t *at = address;

    while (contents != NULL &&
           (at < contents->bytes || at >= contents->bytes + contents->size)) {
        contents = contents->next;
    }
    return contents != NULL ? contents->path : "a file";
}

static enum efi_result read_open(int file, struct efi_file *to)
{
    struct stat status;

    if (fstat(file, &status) != 0) {
        return failed(errno);
    }
    if (S_ISDIR(status.st_mode)) {
        return EFI_RESULT_DIRECTORY;
    }
    if (!S_ISREG(status.st_mode)) {
        return failed(0);
    }
    to->size = (uint64_t)status.st_size;
    to->data = map(file, (size_t)status.st_size);
    if (to->data == NULL) {
        return errno == ENOMEM ? EFI_RESULT_NO_MEMORY : failed(errno);
    }
    return EFI_RESULT_OK;
}

enum efi_result efi_read_file(struct efi_boot *boot, const char *path,
                              struct efi_file *file, efi_progress progress,
                              void *argument)
{
    char found[PATH_MAX];
    enum efi_result result = EFI_RESULT_OK;
    int opened = -1;

    (void)progress;
    (void)argument;
    if (!directory_find(boot, path, found, sizeof(found))) {
        return EFI_RESULT_ABSENT;
    }
    opened = open(found, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (opened < 0) {
        return failed(errno);
    }
    result = read_open(opened, file);
    if (result == EFI_RESULT_OK) {
        note_contents(found, file);
    }
    close(opened);
    return result;
}

void *efi_alloc(struct efi_boot *boot, size_t bytes)
{
    (void)boot;
    return calloc(1, bytes + 1);
}

static bool is_file(const char *directory, const char *name)
{
    char path[PATH_MAX];
    struct stat status;

    return snprintf(path, sizeof(path), "%s/%s", directory, name) <
               (int)sizeof(path) &&
           (stat(path, &status) != 0 || !S_ISDIR(status.st_mode));
}

static bool ends_in(const char *name, const char *suffix)
{
    size_t length = strlen(name);
    size_t wanted = strlen(suffix);

    return length >= wanted && strcasecmp(name + length - wanted, suffix) == 0;
}

enum efi_result efi_list_files(struct efi_boot *boot, const char *directory,
                               const char *suffix, efi_name each,
                               void *argument)
{
    char found[PATH_MAX];
    const struct dirent *entry = NULL;
    DIR *opened = NULL;

    if (!directory_find(boot, directory, found, sizeof(found))) {
        return EFI_RESULT_ABSENT;
    }
    opened = opendir(found);
    if (opened == NULL) {
        return errno == ENOTDIR ? EFI_RESULT_FILE : failed(errno);
    }
    while ((entry = readdir(opened)) != NULL) {
        if (ends_in(entry->d_name, suffix) && is_file(found, entry->d_name)) {
            each(argument, entry->d_name);
        }
    }
    closedir(opened);
    return EFI_RESULT_OK;
}
