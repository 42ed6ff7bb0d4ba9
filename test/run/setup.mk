# Packages before anything else: the groups that the asked goals need are
# checked while this is read (one dpkg-query). `run`, `test` and `setup` install
# those that are missing; for any other goal they are named, and nothing starts.

# Debian's, which has Debian's modules; a user's own need not.
PYTHON := /usr/bin/python3
export PYTHONDONTWRITEBYTECODE := 1

setup-none    := help clean distclean setup
setup-install := run test
setup-build   := all guests clauses $(BUILD)/BOOTX64.EFI $(BUILD)/lintel.elf \
                 $(BUILD)/guests/%
setup-run     := run bench usb kernel kernel-%
setup-goals   := $(filter-out $(setup-none),$(or $(MAKECMDGOALS),all))

ifneq ($(setup-goals),)
ifndef LINTEL_SETUP
export LINTEL_SETUP := done
setup-groups := build
ifneq ($(filter-out $(setup-build),$(setup-goals)),)
setup-groups += run
endif
ifneq ($(filter-out $(setup-build) $(setup-run),$(setup-goals)),)
setup-groups += test
endif
setup-output := $(shell test/run/setup.sh $(if $(filter \
    $(setup-install),$(setup-goals)),install,check) $(setup-groups))
ifneq ($(.SHELLSTATUS),0)
$(error packages are missing)
endif
endif
endif

setup:
	test/run/setup.sh install build run test
.PHONY: setup
