# Host tests: the product's sources, compiled for this machine with ASan and
# UBSan, under cmocka. The folders are the product's; each has a tests.mk. A
# test is a line in unit-tests, its sources and, where it needs them, libraries,
# link flags, and a flavour: flags of the compiler that its objects share with
# those of other tests.

HOSTCC     := gcc
HOSTCFLAGS := -std=gnu17 -O1 -g -I. -I$(BUILD) $(WARNINGS) \
              -fsanitize=address,undefined -fno-sanitize-recover=all \
              -fno-omit-frame-pointer

unit-tests :=
include test/unit/support/parts.mk
include test/unit/arch/tests.mk
include test/unit/arch/efi/tests.mk
include test/unit/arch/vmx/tests.mk
include test/unit/kernel/tests.mk
include test/unit/kernel/base/tests.mk
include test/unit/virtio/tests.mk
include test/unit/vmm/tests.mk
include test/unit/vmm/boot/tests.mk
include test/unit/vmm/chip/tests.mk
include test/unit/vmm/config/tests.mk
include test/unit/vmm/cpu/tests.mk
include test/unit/vmm/firmware/tests.mk
include test/unit/vmm/memory/tests.mk
include test/unit/vmm/plan/tests.mk
include test/unit/vmm/report/tests.mk
include test/unit/vmm/vm/tests.mk

unit-objects := $(BUILD)/unit/objects
unit-flavours := plain

# $(1): a flavour.
define unit-flavour
$$(unit-objects)/$(1)/%.o: %.c
	@mkdir -p $$(@D)
	$$(call say,HOST,$$<)$$(HOSTCC) $$(HOSTCFLAGS) $$(flavour-$(1)) -MMD -MP \
	    -c $$< -o $$@
endef

# $(1): a test, $(2): its flavour.
define unit-rule
unit-flavours += $(2)
$(1)-objects := $$($(1)-sources:%.c=$$(unit-objects)/$(2)/%.o)
$$($(1)-objects): | $$($(1)-depends)
$$(BUILD)/unit/$(1): $$($(1)-objects)
	$$(call say,LINK)$$(HOSTCC) $$(HOSTCFLAGS) $$(flavour-$(2)) -o $$@ \
	    $$($(1)-objects) $$($(1)-libs) -lcmocka
unit-objects-all += $$($(1)-objects)
unit-$(1): $$(BUILD)/unit/$(1)
	$$<
.PHONY: unit-$(1)
endef
unit-objects-all :=
$(foreach test,$(unit-tests),$(eval $(call unit-rule,$(test),$(or \
    $($(test)-flavour),plain))))
$(foreach flavour,$(sort $(unit-flavours)), \
    $(eval $(call unit-flavour,$(flavour))))
-include $(sort $(unit-objects-all:.o=.d))

# Builds all; `make unit` runs them one by one and stops at the first failure.
unit-programs := $(addprefix $(BUILD)/unit/,$(unit-tests))
unit: $(unit-programs) unit-runner unit-checker
	@for program in $(unit-programs); do $$program || exit 1; done

# The tests in Python, beside what they test: the runner's own, and those of the
# program that checks sticks.
unit-runner = BUILD=$(BUILD) $(PYTHON) -m unittest discover -s $(1) \
    -p '*_test.py'
unit-runner: $(CHECKER) $(BUILD)/BOOTX64.EFI
	@$(call unit-runner,test/run)
unit-checker: $(CHECKER)
	@$(call unit-runner,test/check)
.PHONY: unit unit-runner unit-checker
