objects += $(addprefix vmm/, \
    last_run_save.o \
    load.o \
    load_config.o \
    load_files.o \
    main.o \
    menu.o \
    run.o \
    status_line.o \
    )

include vmm/boot/objects.mk
include vmm/chip/objects.mk
include vmm/config/objects.mk
include vmm/cpu/objects.mk
include vmm/firmware/objects.mk
include vmm/memory/objects.mk
include vmm/plan/objects.mk
include vmm/report/objects.mk
include vmm/vm/objects.mk
