unit-tests += load
load-sources := test/unit/load_test.c test/unit/fake_log.c vmm/load.c \
    vmm/menu.c vmm/virtio_plan.c vmm/symbols.c vmm/symbols_elf.c \
    vmm/symbols_text.c vmm/elf.c kernel/config.c kernel/config_lines.c \
    kernel/config_device.c kernel/config_loader.c kernel/config_value.c \
    kernel/format.c
