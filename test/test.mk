# `make test`: everything; `make check`: what is quick. See test/test.py.

test check:
	@BUILD=$(BUILD) UNIT_TESTS="$(unit-tests)" \
	    FUZZ_TARGETS="$(fuzz-targets)" $(PYTHON) test/test.py \
	    $(if $(filter test,$@),all,check)

.PHONY: test check
