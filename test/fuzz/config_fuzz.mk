fuzz-targets += config
config-fuzz-sources := test/fuzz/config_fuzz.c kernel/config.c \
    kernel/config_lines.c kernel/config_device.c kernel/config_loader.c \
    kernel/config_value.c \
    kernel/format.c
