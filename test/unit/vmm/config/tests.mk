define config-test
unit-tests += $(1)
$(1)-sources := test/unit/vmm/config/$(1)_test.c $$(support)/config_rig.c \
    $$(config-parts)
endef
$(foreach test,config config_lines config_loader config_screen, \
    $(eval $(call config-test,$(test))))

unit-tests += errors
errors-sources := test/unit/vmm/config/errors_test.c $(config-parts)
