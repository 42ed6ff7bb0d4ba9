unit-tests += string
string-sources := test/unit/string_test.c
string-cflags := -fno-builtin -fno-tree-loop-distribute-patterns
