#!/bin/sh
# Finds the Debian packages of packages.txt that are missing; installs them, or
# only names them. Called by setup.mk before anything else of the build, so it
# needs nothing but what every Debian system has: a shell, dpkg and apt.
#
#   setup.sh install|check GROUP...   groups of packages.txt: build run test
set -u
here=$(dirname "$0")
act=$1
shift

wanted=
while read -r group package reason; do
    for asked in "$@"; do
        [ "$group" = "$asked" ] && wanted="$wanted $package"
    done
done <"$here/packages.txt"

if ! command -v dpkg-query >/dev/null 2>&1; then
    echo "setup: this is not Debian (no dpkg-query), so the packages in" \
        "$here/packages.txt cannot be checked; going on without" >&2
    exit 0
fi

# One call for all: a package that is not installed is missing from its output
# or has another state than "ii".
installed=" $(dpkg-query -W -f '${db:Status-Abbrev}${Package} ' $wanted \
    2>/dev/null | sed -e 's/ii  */+/g') "
missing=
for package in $wanted; do
    case $installed in
    *"+$package "*) ;;
    *) missing="$missing $package" ;;
    esac
done
[ -z "$missing" ] && exit 0

echo "setup: missing here:" >&2
for package in $missing; do
    sed -n "s/^[a-z]*  *$package  */setup:   $package: /p" \
        "$here/packages.txt" >&2
done

if [ "$act" = check ]; then
    echo "setup: 'make setup' installs them" >&2
    exit 4
fi
if ! command -v apt-get >/dev/null 2>&1; then
    echo "setup: no apt-get here; install these by hand:$missing" >&2
    exit 4
fi
become=
if [ "$(id -u)" != 0 ]; then
    if command -v sudo >/dev/null 2>&1; then
        become=sudo
    else
        echo "setup: not root and no sudo; as root: apt-get install$missing" >&2
        exit 4
    fi
fi

install() {
    $become env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
        --no-install-recommends -o Dpkg::Use-Pty=0 $missing >&2
}

# The lists may be absent (fresh chroot) or too old (404): one update heals
# both, and is tried only when the first attempt fails.
echo "setup: installing:$missing" >&2
if ! install 2>/dev/null; then
    $become apt-get update -qq >&2
    if ! install; then
        echo "setup: apt-get could not install:$missing" >&2
        echo "setup: is there a network, and does 'apt-get update' work?" \
            "Then 'make setup' again" >&2
        exit 4
    fi
fi
