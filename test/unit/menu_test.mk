unit-tests += menu
menu-sources := test/unit/menu_test.c test/unit/fake_log.c vmm/menu.c
