# What Lintel's hot paths cost, in ticks of Bochs' TSC; build/bench.json has
# the same figures for comparing.

bench-guests := $(BUILD)/bench/bench.bin $(BUILD)/bench/ipi.bin

$(bench-guests): $(BUILD)/bench/%.bin: test/bench/%.asm $(guest-common)
	@mkdir -p $(@D)
	$(call say,NASM,$<)$(guest-nasm) -Wall -Werror $< -o $@

bench: $(BUILD)/BOOTX64.EFI $(bench-guests)
	@test/bench/bench.py

.PHONY: bench
