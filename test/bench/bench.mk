# What Lintel's hot paths cost, in ticks of Bochs' TSC; build/bench.json has
# the same figures for comparing.

bench-guests := $(BUILD)/bench/bench.bin $(BUILD)/bench/ipi.bin

$(bench-guests): $(BUILD)/bench/%.bin: test/bench/%.asm test/guests/guest.inc \
    test/guests/smp.inc
	@mkdir -p $(@D)
	$(call say,NASM,$<)$(NASM) -f bin -Wall -Werror -I test/guests/ $< -o $@

bench: $(BUILD)/BOOTX64.EFI $(bench-guests)
	@test/bench/bench.py

.PHONY: bench
