# Packages before anything else: the groups that the asked goals need are
# checked while this is read (one dpkg-query), and installed if missing.

# Debian's, which has Debian's modules; a user's own need not.
PYTHON := /usr/bin/python3
export PYTHONDONTWRITEBYTECODE := 1

setup-none  := help clean distclean setup
setup-build := all
setup-run   := run bench usb kernel initramfs disk
setup-goals := $(filter-out $(setup-none),$(or $(MAKECMDGOALS),all))

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
setup-output := $(shell test/run/setup.sh $(setup-groups))
ifneq ($(.SHELLSTATUS),0)
$(error packages are missing)
endif
endif
endif

setup:
	test/run/setup.sh build run test
.PHONY: setup
