/* Files of the volume that Lintel was loaded from; see the header. UEFI 2.10
 * sections 13.4 and 13.5. */
#include "arch/efi/efi_file.h"

#include "arch/cpu.h"
#include "arch/efi/efi_firmware.h"
#include "arch/efi/ucs2.h"
#include "kernel/base/string.h"

/* Bytes that the firmware reads in one call: few enough that progress shows,
 * and that USB drivers which stumble over long transfers take them. */
#define CHUNK    (1ULL << 20)
#define PATH_MAX 512

/* EFI_FILE_INFO with room for its name (UEFI 2.10 section 13.5.16). */
struct file_info {
    _Alignas(8) uint8_t bytes[sizeof(EFI_FILE_INFO) + 512 * sizeof(CHAR16)];
};

const char *efi_result_text(enum efi_result result)
{
    static const char *const texts[] = {
        [EFI_RESULT_OK] = "no error",
        [EFI_RESULT_ABSENT] = "there is no such file",
        [EFI_RESULT_DIRECTORY] = "it is a directory, not a file",
        [EFI_RESULT_FILE] = "it is a file, not a directory",
        [EFI_RESULT_NO_MEMORY] = "there is not enough memory for it",
        [EFI_RESULT_FAILED] = "the medium, or its file system, cannot be read",
    };
    return texts[result];
}

void efi_file_open_volume(struct efi_boot *boot, EFI_HANDLE device)
{
    EFI_GUID guid = SIMPLE_FILE_SYSTEM_PROTOCOL;
    EFI_FILE_IO_INTERFACE *system = NULL;

    boot->volume = NULL;
    if (EFI_ERROR(
            boot->services->HandleProtocol(device, &guid, (void **)&system))) {
        return;
    }
    if (EFI_ERROR(system->OpenVolume(system, &boot->volume))) {
        boot->volume = NULL;
    }
}

static enum efi_result open_path(struct efi_boot *boot, const char *path,
                                 EFI_FILE_PROTOCOL **file)
{
    CHAR16 name[PATH_MAX];
    EFI_STATUS status;

    if (!boot->volume) {
        return EFI_RESULT_FAILED;
    }
    if (!ucs2_from_path(name, PATH_MAX, path)) {
        return EFI_RESULT_ABSENT;
    }
    status =
        boot->volume->Open(boot->volume, file, name, EFI_FILE_MODE_READ, 0);
    if (status == EFI_NOT_FOUND) {
        return EFI_RESULT_ABSENT;
    }
    return EFI_ERROR(status) ? EFI_RESULT_FAILED : EFI_RESULT_OK;
}

/* Gets the size of the open file. A directory is an error. */
static enum efi_result file_size(EFI_FILE_PROTOCOL *file, uint64_t *size)
{
    EFI_GUID guid = EFI_FILE_INFO_ID;
    struct file_info buffer;
    const EFI_FILE_INFO *info = (const EFI_FILE_INFO *)buffer.bytes;
    UINTN length = sizeof(buffer.bytes);

    if (EFI_ERROR(file->GetInfo(file, &guid, &length, buffer.bytes))) {
        return EFI_RESULT_FAILED;
    }
    if (info->Attribute & EFI_FILE_DIRECTORY) {
        return EFI_RESULT_DIRECTORY;
    }
    *size = info->FileSize;
    return EFI_RESULT_OK;
}

/* TSC ticks of 10 ms, by the firmware's own delay: good to some percent. */
static uint64_t ticks_of_10_ms(struct efi_boot *boot)
{
    static uint64_t ticks;

    if (ticks == 0) {
        uint64_t start = cpu_rdtsc();

        boot->services->Stall(10000);
        ticks = cpu_rdtsc() - start;
    }
    return ticks;
}

/* KiB/s, of so many bytes since `start`. */
static uint64_t rate_of(struct efi_boot *boot, uint64_t bytes, uint64_t start)
{
    uint64_t spent = (cpu_rdtsc() - start) / (ticks_of_10_ms(boot) / 10 + 1);

    return spent > 0 ? (bytes >> 10) * 1000 / spent : 0;
}

static bool read_chunks(struct efi_boot *boot, EFI_FILE_PROTOCOL *file,
                        struct efi_file *to, efi_progress progress,
                        void *argument)
{
    uint64_t start = cpu_rdtsc();
    uint64_t done = 0;

    while (done < to->size) {
        uint64_t left = to->size - done;
        UINTN length = left < CHUNK ? left : CHUNK;
        EFI_STATUS status = file->Read(file, &length, to->data + done);
        if (EFI_ERROR(status) || length == 0 || length > left) {
            return false;
        }
        done += length;
        if (progress) {
            progress(argument, done, to->size, rate_of(boot, done, start));
        }
    }
    return true;
}

static uint64_t file_pages(uint64_t size)
{
    return size / EFI_PAGE + 1;
}

static enum efi_result read_open(struct efi_boot *boot,
                                 EFI_FILE_PROTOCOL *source,
                                 struct efi_file *file, efi_progress progress,
                                 void *argument)
{
    enum efi_result result = file_size(source, &file->size);
    uint64_t address = 0;

    if (result != EFI_RESULT_OK) {
        return result;
    }
    address = efi_pages(boot, file_pages(file->size));
    if (!address) {
        return EFI_RESULT_NO_MEMORY;
    }
    file->data = (uint8_t *)(uintptr_t)address;
    if (!read_chunks(boot, source, file, progress, argument)) {
        boot->services->FreePages(address, file_pages(file->size));
        *file = (struct efi_file){0};
        return EFI_RESULT_FAILED;
    }
    memset(file->data + file->size, 0,
           file_pages(file->size) * EFI_PAGE - file->size);
    return EFI_RESULT_OK;
}

enum efi_result efi_read_file(struct efi_boot *boot, const char *path,
                              struct efi_file *file, efi_progress progress,
                              void *argument)
{
    EFI_FILE_PROTOCOL *source = NULL;
    enum efi_result result = open_path(boot, path, &source);

    *file = (struct efi_file){0};
    if (result != EFI_RESULT_OK) {
        return result;
    }
    result = read_open(boot, source, file, progress, argument);
    source->Close(source);
    return result;
}

/* Makes a folder or a file, or opens the one that is there. NULL: it cannot be
 * done. */
static EFI_FILE_PROTOCOL *make(struct efi_boot *boot, const char *path,
                               UINT64 attributes)
{
    CHAR16 name[PATH_MAX];
    EFI_FILE_PROTOCOL *file = NULL;

    if (!boot->volume || !ucs2_from_path(name, PATH_MAX, path) ||
        EFI_ERROR(boot->volume->Open(boot->volume, &file, name,
                                     EFI_FILE_MODE_READ | EFI_FILE_MODE_WRITE |
                                         EFI_FILE_MODE_CREATE,
                                     attributes))) {
        return NULL;
    }
    return file;
}

bool efi_write_file(struct efi_boot *boot, const char *folder, const char *path,
                    const char *const parts[2], const size_t lengths[2])
{
    EFI_FILE_PROTOCOL *directory = make(boot, folder, EFI_FILE_DIRECTORY);
    EFI_FILE_PROTOCOL *file = NULL;
    bool good = true;

    if (!directory) {
        return false;
    }
    directory->Close(directory);
    /* The old file goes first: if it is longer, its end would stay. */
    file = make(boot, path, 0);
    if (!file || EFI_ERROR(file->Delete(file))) {
        return false;
    }
    file = make(boot, path, 0);
    if (!file) {
        return false;
    }
    for (unsigned i = 0; i < 2; i++) {
        UINTN length = lengths[i];

        good = good && (length == 0 ||
                        (!EFI_ERROR(file->Write(file, &length,
                                                (void *)(uintptr_t)parts[i])) &&
                         length == lengths[i]));
    }
    return !EFI_ERROR(file->Close(file)) && good;
}

void *efi_alloc(struct efi_boot *boot, size_t bytes)
{
    uint64_t pages = bytes / EFI_PAGE + 1;
    void *memory = (void *)(uintptr_t)efi_pages(boot, pages);

    if (memory) {
        memset(memory, 0, pages * EFI_PAGE);
    }
    return memory;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static bool ends_in(const char *name, const char *suffix)
{
    size_t length = strlen(name);
    size_t wanted = strlen(suffix);

    if (length < wanted) {
        return false;
    }
    for (size_t i = 0; i < wanted; i++) {
        if (lower(name[length - wanted + i]) != lower(suffix[i])) {
            return false;
        }
    }
    return true;
}

/* One read of a directory gives one entry; an empty read is the end (UEFI
 * 2.10 section 13.5.5). */
static enum efi_result list_open(EFI_FILE_PROTOCOL *directory,
                                 const char *suffix, efi_name each,
                                 void *argument)
{
    struct file_info buffer;
    const EFI_FILE_INFO *info = (const EFI_FILE_INFO *)buffer.bytes;
    char name[PATH_MAX];

    for (;;) {
        UINTN length = sizeof(buffer.bytes);
        EFI_STATUS status = directory->Read(directory, &length, buffer.bytes);
        if (EFI_ERROR(status)) {
            return EFI_RESULT_FAILED;
        }
        if (length < SIZE_OF_EFI_FILE_INFO) {
            return EFI_RESULT_OK;
        }
        if (info->Attribute & EFI_FILE_DIRECTORY) {
            continue;
        }
        if (ucs2_to_utf8(name, sizeof(name), info->FileName,
                         (length - SIZE_OF_EFI_FILE_INFO) / sizeof(CHAR16)) &&
            ends_in(name, suffix)) {
            each(argument, name);
        }
    }
}

enum efi_result efi_list_files(struct efi_boot *boot, const char *directory,
                               const char *suffix, efi_name each,
                               void *argument)
{
    EFI_FILE_PROTOCOL *source = NULL;
    enum efi_result result = open_path(boot, directory, &source);
    uint64_t size;

    if (result != EFI_RESULT_OK) {
        return result;
    }
    result = file_size(source, &size);
    if (result == EFI_RESULT_DIRECTORY) {
        result = list_open(source, suffix, each, argument);
    } else if (result == EFI_RESULT_OK) {
        /* reading a file would give its contents as names */
        result = EFI_RESULT_FILE;
    }
    source->Close(source);
    return result;
}
