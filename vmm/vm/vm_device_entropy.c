/* A VM's source of entropy: virtio/entropy.h over kernel/entropy.h.
 * vmm/vm/vm_device.c makes it, by vmm/config/virtio_kinds.def.
 *
 * Who calls it: virtio/entropy.c, in the service task of its queue. */
#include "virtio/entropy.h"

#include "kernel/entropy.h"
#include "vmm/vm/vm.h"

/* A source that had nothing is asked again after this time. */
#define ENTROPY_RETRY (10 * TIME_MS)

struct source {
    struct virtio_entropy
        entropy;        /* first, since the device is cast to this structure */
    struct timer retry; /* wakes queue 0 */
};

static void retry(void *argument)
{
    struct vm_device *host = argument;

    event_signal(&host->queues[0].wake);
}

static void end(struct vm_device *host)
{
    struct source *source = host->state;

    timer_cancel(&source->retry);
}

const char *vm_device_entropy_make(struct vm_device *host,
                                   const struct virtio_device_options *options,
                                   size_t number)
{
    struct source *source = vm_device_state(host, sizeof(struct source));

    (void)number; /* there is one such device */
    if (source == NULL) {
        return "not enough memory for an entropy device";
    }
    host->device = &source->entropy.device;
    host->end = end;
    source->retry.fire = retry;
    source->retry.argument = host;
    return virtio_entropy_init(&source->entropy, options, host);
}

size_t env_entropy(struct virtio_device *device, void *buffer, size_t length)
{
    struct source *source = vm_device_of(device)->state;
    size_t filled = entropy_fill(buffer, length);

    if (filled == 0) {
        timer_arm(&source->retry, time_now() + ENTROPY_RETRY);
    }
    return filled;
}
