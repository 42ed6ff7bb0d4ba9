# The clause table. The build stops at a listed clause that nothing checks;
# `make clauses`, and `make test` with it, fails for one that no host test or,
# without a reason in unprovoked.tsv, no guest breaks. That they do break it,
# test/unit/virtio/virtio_test.c and test/boot/clauses.py prove.

$(BUILD)/clauses.checked: virtio/clauses.def $(wildcard virtio/*.c) \
                          test/clauses/clauses.py
	@mkdir -p $(@D)
	@$(PYTHON) test/clauses/clauses.py --check
	@touch $@

all: $(BUILD)/clauses.checked

clauses:
	@$(PYTHON) test/clauses/clauses.py

.PHONY: clauses
