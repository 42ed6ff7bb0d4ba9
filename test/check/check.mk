# The program that says what Lintel would say of a stick, before anything boots:
# its own sources, and the product's, as they are in BOOTX64.EFI.

checker-objects := $(addprefix $(BUILD)/test/check/,check.o directory.o host.o)
checker-product := $(addprefix $(BUILD)/, \
    $(filter vmm/boot/%.o vmm/config/%.o vmm/report/symbols%.o \
    virtio/type.o virtio/%_type.o,$(objects)) \
    $(addprefix vmm/plan/, boot_plan.o check.o discover.o screen.o \
    virtio_plan.o) \
    vmm/load_config.o vmm/load_files.o vmm/memory/guest_memory.o \
    vmm/memory/memory_map.o kernel/base/format.o)
CHECKER := $(BUILD)/check/lintel-check

$(checker-objects): $(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(call say,HOST,$<)$(HOSTCC) -std=gnu17 -O2 -g -I. -I$(BUILD) \
	    $(WARNINGS) -MMD -MP -c $< -o $@
-include $(checker-objects:.o=.d)

# The product's objects hold machine code beside what its own link optimises.
$(CHECKER): $(checker-objects) $(checker-product)
	@mkdir -p $(@D)
	$(call say,LINK)$(HOSTCC) -fno-lto -o $@ $^

# DIR=... is where the stick's partition is mounted, as the user typed it.
ifneq ($(origin DIR),undefined)
override DIR := $(value DIR)
export DIR
endif
usb-check: $(CHECKER)
	@test -n "$$DIR" || { echo "make usb-check DIR=/media/stick: where the" \
	    "stick's partition is mounted" >&2; exit 1; }
	@$(CHECKER) "$$DIR"

.PHONY: usb-check
