unit-tests += load
load-sources := test/unit/vmm/load_test.c $(support)/fake_log.c vmm/load.c \
    vmm/menu.c vmm/plan/virtio_plan.c $(symbols-parts) \
    $(wildcard vmm/config/*.c) $(virtio-type-parts)

unit-tests += menu
menu-sources := test/unit/vmm/menu_test.c $(support)/fake_log.c vmm/menu.c
