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

# Debian's kernels of other formats: a directory below the cache, and the
# package whose files it has (test/run/package.sh).
boot-packages := xen
xen-package   := xen-system-amd64/xen-hypervisor-[0-9.]*-amd64
boot-needs    += $(boot-packages:%=$(CACHE)/packages/%/version)

$(CACHE)/packages/%/version: FORCE
	@mkdir -p $(@D)
	@test/run/package.sh $($*-package) $(@D)

boot-needs: $(boot-needs)

boot-tests: boot-needs
	@test/boot/boot.py $(ONLY)

# What takes too long for `make test`.
soak: boot-needs
	@test/boot/boot.py --long

.PHONY: boot-needs boot-tests soak
