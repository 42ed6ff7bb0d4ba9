/* The guest's keyboard controller, ports 0x60 and 0x64. No keyboard or mouse is
 * attached. It answers commands, so that a kernel that polls its status bits
 * does not poll for ever. Command 0xfe resets the machine. The FADT says that
 * there is no keyboard controller, so kernels with ACPI do not probe for it.
 *
 * Who calls it: vm.c. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "vmm/memory/access.h"

struct vm;

struct i8042 {
    struct vm *vm;
    uint8_t config; /* the controller's command byte (command 0x20 reads it) */
    uint8_t output_port;
    uint8_t command; /* the command that waits for its data byte; 0: none */
    uint8_t data;    /* output buffer */
    bool full;       /* output buffer full */
    bool timed_out;  /* `data` stands for the answer of an absent device */
    bool last_was_command;
};

void i8042_init(struct i8042 *i8042, struct vm *vm);
enum access_result i8042_access(struct i8042 *i8042, struct access *access);
bool i8042_valid(const struct i8042 *i8042);
