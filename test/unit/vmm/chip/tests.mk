# Chips that need but the fake platform.
# $(2): the sources, of vmm/chip/.
define chip-test
unit-tests += $(1)
$(1)-sources := test/unit/vmm/chip/$(1)_test.c $$(support)/chips_fake.c \
    $(2:%=vmm/chip/%)
endef
$(eval $(call chip-test,acpi_pm,acpi_pm.c i8042.c))
$(eval $(call chip-test,debug_exit,debug_exit.c))
$(eval $(call chip-test,pit,pit.c))
$(eval $(call chip-test,rtc,rtc.c rtc_calendar.c))
$(eval $(call chip-test,uart,uart.c))

unit-tests += fw_cfg
fw_cfg-sources := test/unit/vmm/chip/fw_cfg_test.c vmm/chip/fw_cfg.c

# The interrupt controllers come together.
define apic-test
unit-tests += $(1)
$(1)-sources := test/unit/vmm/chip/$(1)_test.c $(2:%=$$(support)/%) \
    $$(apic-rig-parts)
endef
$(eval $(call apic-test,apic_bus,lapic_rig.c))
$(eval $(call apic-test,ioapic))
$(eval $(call apic-test,lapic,lapic_rig.c))
$(eval $(call apic-test,lapic_modes,lapic_rig.c))
$(eval $(call apic-test,lapic_timer,lapic_timer_rig.c))
$(eval $(call apic-test,lapic_deadline,lapic_timer_rig.c))
$(eval $(call apic-test,pic))
