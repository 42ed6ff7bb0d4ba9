# Lintel's build. `make help` lists what there is to ask for.
#
# Each room names its own objects in ROOM/objects.mk; tests and the emulator
# runs have fragments of their own below test/.

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

# All processors, where -j does not say how many (make itself prefers what the
# user gave). Several goals are made one after the other: `make clean all` means
# that.
ifeq ($(MAKELEVEL)$(word 2,$(MAKECMDGOALS))$(filter -j% --jobs%,$(MAKEFLAGS)),0)
MAKEFLAGS += --jobs=$(shell nproc)
endif

BUILD   := build
CC      := gcc
NASM    := nasm
OBJCOPY := objcopy

WARNINGS := -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes \
            -Wmissing-prototypes -Wvla -Wundef -Wpointer-arith \
            -Wcast-qual -Wwrite-strings -Werror

CFLAGS := -std=gnu17 -O2 -g -I. -I$(BUILD) $(WARNINGS) -ffreestanding -fPIE \
          -fvisibility=hidden -mno-red-zone -mgeneral-regs-only \
          -fno-omit-frame-pointer -fno-asynchronous-unwind-tables \
          -fno-strict-aliasing -fcf-protection=none
CFLAGS += $(EXTRA_CFLAGS)

# A line a step, `$(call say,CC)COMMAND`; the whole command with V=1.
say = $(if $(filter-out 0,$(V)),,@printf '  %-5s %s\n' $(1) $(or $(2),$@);)

include test/run/setup.mk

objects :=
include arch/objects.mk
include kernel/objects.mk
include vmm/objects.mk
include virtio/objects.mk

all: $(BUILD)/BOOTX64.EFI

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(CFLAGS) $(CFLAGS-$<) -MMD -MP -c $< -o $@

$(BUILD)/%.o: %.asm
	@mkdir -p $(@D)
	$(call say,NASM,$<)$(NASM) -f elf64 -g -F dwarf -I $(BUILD)/ -MD $(@:.o=.d) $< -o $@

# What this tree calls itself. The file is new only if that has changed.
version := $(or $(shell git describe --always --dirty --tags 2>/dev/null),of no known version)
$(BUILD)/version.h: FORCE
	@mkdir -p $(@D)
	@echo '#define LINTEL_VERSION "$(version)"' >$@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@
$(BUILD)/vmm/main.o: $(BUILD)/version.h

lintel-objects := $(addprefix $(BUILD)/,$(objects))
-include $(lintel-objects:.o=.d)

include arch/link.mk
include test/check/check.mk
include test/unit/unit.mk
include test/fuzz/fuzz.mk
include test/guests/guests.mk
include test/run/run.mk
include test/boot/boot.mk
include test/bench/bench.mk
include test/pictures/pictures.mk
include test/clauses/clauses.mk
include test/lint.mk
include test/test.mk

# The cache holds what came from the network.
clean:
	rm -rf $(filter-out $(BUILD)/cache,$(wildcard $(BUILD)/*))

.PHONY: all clean
