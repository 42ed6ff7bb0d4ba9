unit-tests += processors
processors-sources := test/unit/processors_test.c kernel/processors.c
