# Boots in emulators: one line a result. ONLY=name runs one of them.

boot-needs = $(run-needs) $(CACHE)/modules-cloud.cpio \
             $(CACHE)/modules-generic.cpio $(guest-files) \
             $(guest-maps) $(USB)

boot-needs: $(boot-needs)

boot-tests: boot-needs
	@test/boot/boot.py $(ONLY)

# What takes too long for `make test`.
soak: boot-needs
	@test/boot/boot.py --long

.PHONY: boot-needs boot-tests soak
