/* A VM's virtio console: virtio/console.h over the VM's terminal, which it
 * shares with the 16550. vmm/vm/vm_device.c makes it, by
 * vmm/config/virtio_kinds.def.
 *
 * Who calls it: virtio/console.c, in the service tasks of its queues and in
 * accesses to emerg_wr. */
#include "virtio/console.h"

#include "virtio/ops.h"
#include "vmm/vm/vm.h"

/* A full terminal is looked at again after the time that a serial port takes
 * to send the contents of its FIFO. */
#define CONSOLE_RETRY (1400 * TIME_US)
#define CONSOLE_TRIES 64

const char *vm_device_console_make(struct vm_device *host,
                                   const struct virtio_device_options *options,
                                   size_t number)
{
    struct virtio_console *console =
        vm_device_state(host, sizeof(struct virtio_console));

    (void)number; /* there is one terminal, and so one console */
    if (console == NULL) {
        return "not enough memory for a console";
    }
    host->device = &console->device;
    return virtio_console_init(console, options, 0, 0, host);
}

/* True if a driver has set the console up: its receive queue is ready. */
static bool is_console_in_use(const struct virtio_device *device)
{
    return device->type == &virtio_console_type &&
           device->queues[VIRTIO_CONSOLE_RECEIVEQ].ready;
}

bool vm_device_console_input(struct vm *vm)
{
    for (unsigned i = 0; i < vm->device_count; i++) {
        if (is_console_in_use(vm->devices[i].device)) {
            event_signal(&vm->devices[i].queues[VIRTIO_CONSOLE_RECEIVEQ].wake);
            return true;
        }
    }
    return false;
}

/* Waits, as a task, until the terminal has room. Returns how many of `length`
 * bytes to write now. If there is no room for some time, returns `length`: the
 * port may be stuck, and console_write() can find that out. */
static size_t terminal_takes(const struct vm_device *host, size_t length)
{
    size_t room = console_room(&host->vm->console);

    for (unsigned i = 0; room == 0 && i < CONSOLE_TRIES && !host->vm->stopping;
         i++) {
        if (host->access != NULL) {
            return length;
        }
        task_sleep_until(time_now() + CONSOLE_RETRY);
        room = console_room(&host->vm->console);
    }
    return room == 0 || room > length ? length : room;
}

void env_console_write(struct virtio_device *device, const void *bytes,
                       size_t length)
{
    struct vm_device *host = vm_device_of(device);
    const uint8_t *byte = bytes;

    while (length > 0 && !host->vm->stopping) {
        size_t taken = terminal_takes(host, length);

        console_write(&host->vm->console, byte, taken);
        byte += taken;
        length -= taken;
        virtio_env_let_others_run(host);
    }
}

size_t env_console_read(struct virtio_device *device, void *buffer,
                        size_t length)
{
    return console_read(&vm_device_of(device)->vm->console, buffer, length);
}
