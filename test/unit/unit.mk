# Host tests: the product's sources, compiled for this machine with ASan and
# UBSan, under cmocka. The folders are the product's; each has a tests.mk. A
# test is a line in unit-tests, its sources and, where it needs them, libraries
# and flags.

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

define unit-rule
$$(BUILD)/unit/$(1): $$($(1)-sources) $$($(1)-depends)
	@mkdir -p $$(@D)
	$$(call say,HOST)$$(HOSTCC) $$(HOSTCFLAGS) $$($(1)-cflags) -MMD -MP -MF $$@.d -o $$@ \
	    $$($(1)-sources) -lcmocka $$($(1)-libs)
-include $$(BUILD)/unit/$(1).d
unit-$(1): $$(BUILD)/unit/$(1)
	$$<
.PHONY: unit-$(1)
endef
$(foreach test,$(unit-tests),$(eval $(call unit-rule,$(test))))

# Builds all; `make unit` runs them one by one and stops at the first failure.
unit-programs := $(addprefix $(BUILD)/unit/,$(unit-tests))
unit: $(unit-programs)
	@for program in $^; do $$program || exit 1; done
.PHONY: unit
