/* A VM's disks: virtio/block.h over memory. vmm/vm/vm_device.c makes them, by
 * vmm/config/virtio_kinds.def.
 *
 * Who calls it: virtio/block_request.c, in the service tasks of their
 * queues. */
#include "virtio/block.h"

#include "kernel/base/format.h"
#include "kernel/base/string.h"
#include "kernel/page.h"
#include "vmm/vm/vm.h"

struct disk {
    struct virtio_block
        block;      /* first, since the device is cast to this structure */
    uint8_t *bytes; /* the medium; `size` bytes of it are used */
    uint64_t size;
};

static struct disk *disk_of(struct vm_device *host)
{
    return host->state;
}

/* Makes the medium, which belongs to this VM alone. The file's bytes stay as
 * they were loaded, so that another entry with the same file starts from the
 * same contents. */
static const char *make_medium(struct vm_device *host,
                               const struct config_disk *config,
                               const struct entry_file *file)
{
    struct disk *disk = disk_of(host);
    size_t pages = 0;

    disk->size = file->bytes != NULL ? file->size : config->size;
    pages = (size_t)((disk->size + PAGE_SIZE - 1) / PAGE_SIZE);
    if (pages == 0) {
        return "a disk of no bytes";
    }
    disk->bytes = file->bytes != NULL ? page_alloc_dirty(pages, PAGE_SIZE)
                                      : page_alloc(pages, PAGE_SIZE);
    if (disk->bytes == NULL) {
        return "not enough memory for a disk";
    }
    host->guest_pages = pages;
    if (file->bytes != NULL) {
        memcpy(disk->bytes, file->bytes, disk->size);
    }
    return NULL;
}

static void end(struct vm_device *host)
{
    if (host->guest_pages != 0) {
        page_free(disk_of(host)->bytes, host->guest_pages);
    }
}

const char *vm_device_block_make(struct vm_device *host,
                                 const struct virtio_device_options *options,
                                 size_t number)
{
    const struct config_disk *config = &host->vm->config->disk[number];
    struct disk *disk = vm_device_state(host, sizeof(struct disk));
    char serial[VIRTIO_BLOCK_SERIAL + 1];
    const char *why = NULL;

    if (disk == NULL) {
        return "not enough memory for a disk";
    }
    host->device = &disk->block.device;
    host->end = end;
    why = make_medium(host, config, &host->vm->files->disk[number]);
    if (why != NULL) {
        return why;
    }
    format_sn(serial, sizeof(serial), "lintel-disk%u", (unsigned)number);
    return virtio_block_init(&disk->block, options, disk->size,
                             config->read_only, serial, host);
}

/* True if the range lies on the medium. The device has checked the range
 * against its capacity; here it is checked against the memory. False also
 * when the VM ends: nothing waits for the data then. */
static bool covers(const struct vm_device *host, const struct disk *disk,
                   uint64_t offset, size_t length)
{
    return !host->vm->stopping && offset <= disk->size &&
           length <= disk->size - offset;
}

bool env_disk_read(struct virtio_device *device, uint64_t offset, void *buffer,
                   size_t length)
{
    struct vm_device *host = vm_device_of(device);
    const struct disk *disk = disk_of(host);

    if (!covers(host, disk, offset, length)) {
        return false;
    }
    memcpy(buffer, disk->bytes + offset, length);
    virtio_env_let_others_run(host);
    return true;
}

bool env_disk_write(struct virtio_device *device, uint64_t offset,
                    const void *buffer, size_t length)
{
    struct vm_device *host = vm_device_of(device);
    const struct disk *disk = disk_of(host);

    if (!covers(host, disk, offset, length)) {
        return false;
    }
    memcpy(disk->bytes + offset, buffer, length);
    virtio_env_let_others_run(host);
    return true;
}

/* The medium is memory, so written data is as safe as it can be. */
bool env_disk_flush(struct virtio_device *device)
{
    (void)device;
    return true;
}
