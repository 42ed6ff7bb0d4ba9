unit-tests += config
config-sources := test/unit/config_test.c kernel/config.c \
    kernel/config_lines.c kernel/config_device.c kernel/config_loader.c \
    kernel/config_value.c \
    kernel/format.c
