# What boots, and booting it: the guest's kernel and initramfs, `make run`, the
# stick's image. build/cache holds what needs the network or never changes;
# `make clean` keeps it.

CACHE := $(BUILD)/cache

# A user's text reaches the runner as it was typed: exported, never expanded
# by make or a shell. options.py has the names.
ifneq ($(filter run,$(MAKECMDGOALS)),)
run-options := $(shell $(PYTHON) test/run/options.py --names)
endif
define run-export
override $(1) := $$(value $(1))
export $(1)
endef
$(foreach option,$(run-options),$(if $(filter-out undefined default,$(origin \
    $(option))),$(eval $(call run-export,$(option)))))

run-flavours := cloud generic rt
run-flavour  := $(or $(filter $(run-flavours),$(KERNEL)),cloud)
run-needs    := $(BUILD)/BOOTX64.EFI $(CHECKER) $(BUILD)/run/pace.so $(CACHE)/base.cpio \
                $(CACHE)/disk.img $(CACHE)/ovmf-bochs.fd
ifeq ($(filter-out $(run-flavours),$(KERNEL)),)
run-needs += $(CACHE)/modules-$(run-flavour).cpio
endif

# What the options name below build/, as make calls it.
run-words := $(foreach option,KERNEL SYMBOLS INITRD MODULE DISK LINTEL, \
    $(subst ;, ,$(value $(option))))
# No rule makes a name with a character that has a meaning for make.
run-plain  = $(if $(strip $(foreach mark,: = % \# $$ \ | * ? [ ~,$(findstring \
    $(mark),$(1)))),,$(1))
run-named := $(foreach word,$(filter $(BUILD)/%,$(patsubst ./%,%,$(patsubst \
    $(CURDIR)/%,%,$(run-words)))),$(call run-plain,$(word)))

run: $(run-needs) $(run-named)
	@test/run/run.py

# Of one that no other rule makes, the runner says that it is not there.
$(sort $(run-named)):

$(BUILD)/run/pace.so: test/run/pace.c
	@mkdir -p $(@D)
	$(call say,HOST,$<)$(HOSTCC) -std=gnu17 -O2 -fPIC -shared $(WARNINGS) \
	    -o $@ $<

kernel: kernel-$(run-flavour)

# The script knows by itself whether there is anything to fetch.
kernel-%:
	@mkdir -p $(CACHE)/kernel
	@test/run/kernel.sh $* $(CACHE)/kernel/$*

$(CACHE)/kernel/%/version: kernel-%
	@:

$(CACHE)/kernel/%/vmlinuz: $(CACHE)/kernel/%/version
	@:

$(CACHE)/modules-%.cpio: $(CACHE)/kernel/%/version test/run/initramfs.py
	@$(PYTHON) test/run/initramfs.py modules $(CACHE)/kernel/$* $@

$(CACHE)/base.cpio: test/run/initramfs.py test/run/init /bin/busybox
	@mkdir -p $(@D)
	@$(PYTHON) test/run/initramfs.py base $@

$(CACHE)/ovmf-bochs.fd: test/run/firmware.py $(wildcard /usr/share/ovmf/OVMF.fd)
	@mkdir -p $(@D)
	@$(PYTHON) test/run/firmware.py /usr/share/ovmf/OVMF.fd $@

$(CACHE)/disk.img: test/run/disk.py
	@mkdir -p $(@D)
	@$(PYTHON) test/run/disk.py $@

.PRECIOUS: $(CACHE)/kernel/%/version $(CACHE)/kernel/%/vmlinuz \
           $(CACHE)/modules-%.cpio

USB := $(BUILD)/lintel.img
usb: $(USB)
$(USB): $(BUILD)/BOOTX64.EFI $(BUILD)/guests/selftest.bin $(CHECKER) \
        test/run/usb.py test/run/image.py test/run/refuse.py
	@$(PYTHON) test/run/usb.py $@ $(BUILD)/BOOTX64.EFI \
	    $(BUILD)/guests/selftest.bin $(CHECKER)

distclean: clean
	rm -rf $(BUILD)

# On a machine without Python as much as there is.
help:
	@if [ -x $(PYTHON) ]; then $(PYTHON) test/run/options.py --help; \
	else sed 's/^OPTIONS$$/  (make setup: then they are listed)/' \
	    test/run/help.txt; fi

.PHONY: run kernel usb help distclean FORCE
