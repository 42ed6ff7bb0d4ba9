# Boots in emulators: one line a result. ONLY=name runs one of them.

boot-needs = $(run-needs) $(CACHE)/modules-cloud.cpio \
             $(CACHE)/modules-generic.cpio \
             $(CACHE)/vmlinux $(CACHE)/formats/done $(guest-files) \
             $(guest-maps) $(USB)

$(CACHE)/vmlinux: $(CACHE)/kernel/cloud/version test/run/vmlinux.py
	@$(PYTHON) test/run/vmlinux.py $(CACHE)/kernel/cloud/vmlinuz $@ || :

$(CACHE)/formats/done: test/run/formats.sh
	@test/run/formats.sh $(CACHE)/formats
	@touch $@

boot-needs: $(boot-needs)

boot-tests: boot-needs
	@test/boot/boot.py $(ONLY)

# What takes too long for `make test`.
soak: boot-needs
	@test/boot/boot.py --long

.PHONY: boot-needs boot-tests soak
