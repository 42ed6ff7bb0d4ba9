# What the compiler does not see: which room includes what, headers that stand
# alone, layout, what virtio/ asks of the world, sizes.

lint: all
	@CC="$(CC)" CFLAGS="$(filter-out -O2 -g,$(CFLAGS)) $(EFI_CFLAGS)" BUILD=$(BUILD) \
	    $(PYTHON) test/lint/lint.py

.PHONY: lint
