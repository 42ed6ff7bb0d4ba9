# `make test`: everything, see test/test.py.

test:
	@BUILD=$(BUILD) UNIT_TESTS="$(unit-tests)" \
	    FUZZ_TARGETS="$(fuzz-targets)" $(PYTHON) test/test.py

.PHONY: test
