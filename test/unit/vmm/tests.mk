unit-tests += load
load-sources := test/unit/vmm/load_test.c vmm/load.c vmm/load_config.c \
    vmm/load_files.c vmm/menu.c vmm/plan/virtio_plan.c \
    $(sort $(symbols-parts) $(config-parts))

unit-tests += menu
menu-sources := test/unit/vmm/menu_test.c $(support)/fake_log.c vmm/menu.c \
    kernel/base/format.c
