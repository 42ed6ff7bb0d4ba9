# What Lintel's hot paths cost, in ticks of Bochs' TSC; build/bench.json has
# the same figures for comparing.

$(BUILD)/bench/bench.bin: test/bench/bench.asm test/guests/guest.inc
	@mkdir -p $(@D)
	$(NASM) -f bin -Wall -Werror -I test/guests/ $< -o $@

bench: $(BUILD)/BOOTX64.EFI $(BUILD)/bench/bench.bin
	@test/bench/bench.py

.PHONY: bench
