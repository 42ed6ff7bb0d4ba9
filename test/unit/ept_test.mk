unit-tests += ept
ept-sources := test/unit/ept_test.c arch/ept.c
