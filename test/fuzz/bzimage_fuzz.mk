# What the fuzz targets of the loaders are made of.
loader-fuzz-sources := test/fuzz/fuzz_machine.c $(support)/elf_write.c \
    $(support)/fake_registers.c $(support)/multiboot_write.c $(loader-parts)

# Most of their inputs are changes to a sound kernel: what comparisons with magic
# numbers would teach is known, and without their trace they run twice as often.
loader-fuzz-cflags := -O2 -fno-sanitize-coverage=trace-cmp

define loader-fuzz
fuzz-targets += $(1)
$(1)-fuzz-cflags  := $$(loader-fuzz-cflags)
$(1)-fuzz-sources := test/fuzz/$(1)_fuzz.c $$(loader-fuzz-sources)
$(1)-fuzz-depends := $$(loader-depends)
endef
$(foreach target,bzimage elf multiboot,$(eval $(call loader-fuzz,$(target))))
