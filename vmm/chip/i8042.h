/* The guest's keyboard controller, ports 0x60 and 0x64, with no keyboard or
 * mouse behind it: it answers commands, so that a kernel which waits for its
 * status bits does not wait for ever, and it can reset the machine (command
 * 0xfe). The FADT says there is none, so ACPI kernels do not ask.
 *
 * Who calls it: vm.c. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "vmm/memory/access.h"

struct vm;

struct i8042 {
    struct vm *vm;
    uint8_t config; /* the controller's command byte */
    uint8_t output_port;
    uint8_t command; /* that waits for its data byte; 0: none */
    uint8_t data;    /* output buffer */
    bool full;       /* output buffer full */
    bool timed_out;  /* that byte stands for a device that did not answer */
    bool last_was_command;
};

void i8042_init(struct i8042 *i8042, struct vm *vm);
enum access_result i8042_access(struct i8042 *i8042, struct access *access);
bool i8042_valid(const struct i8042 *i8042);
