unit-tests += boot_space
boot_space-sources := test/unit/vmm/boot/boot_space_test.c \
    $(support)/fake_panic.c vmm/boot/boot_space.c vmm/memory/guest_memory.c \
    vmm/memory/memory_map.c

define bzimage-test
unit-tests += $(1)
$(1)-sources := test/unit/vmm/boot/$(1)_test.c $$(support)/bzimage_rig.c \
    $$(support)/fake_panic.c $$(loader-parts)
$(1)-depends := $$(loader-depends)
endef
$(foreach test,bzimage bzimage_start,$(eval $(call bzimage-test,$(test))))

# $(2): its rig, of test/unit/support/.
define loader-test
unit-tests += $(1)
$(1)-sources := test/unit/vmm/boot/$(1)_test.c $(2:%=$$(support)/%) \
    $$(loader-test-parts)
$(1)-depends := $$(loader-depends)
endef
$(eval $(call loader-test,elf))
$(eval $(call loader-test,elf_params))
$(eval $(call loader-test,multiboot,multiboot_rig.c))
$(eval $(call loader-test,multiboot_info,multiboot_sections_rig.c))
$(eval $(call loader-test,multiboot_layout,multiboot_rig.c))
$(eval $(call loader-test,multiboot_screen,multiboot_rig.c))
$(eval $(call loader-test,multiboot_sections,multiboot_sections_rig.c))
multiboot_screen-sources += vmm/plan/screen.c

define multiboot-header-test
unit-tests += $(1)
$(1)-sources := test/unit/vmm/boot/$(1)_test.c \
    $$(support)/multiboot_header_rig.c $$(support)/multiboot_write.c \
    vmm/boot/multiboot1_header.c vmm/boot/multiboot2_header.c \
    kernel/base/format.c
endef
$(foreach test,multiboot1_header multiboot2_header, \
    $(eval $(call multiboot-header-test,$(test))))
