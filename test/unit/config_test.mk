config-rig-sources := test/unit/config_rig.c kernel/config.c \
    kernel/config_lines.c kernel/config_device.c kernel/config_loader.c \
    kernel/config_value.c kernel/format.c

unit-tests += config
config-sources := test/unit/config_test.c $(config-rig-sources)

unit-tests += config_loader
config_loader-sources := test/unit/config_loader_test.c $(config-rig-sources)

unit-tests += config_screen
config_screen-sources := test/unit/config_screen_test.c $(config-rig-sources)
