#!/bin/sh
# Fetches a Debian package and unpacks it; nothing is installed. Called by
# boot.mk for kernels that the boot tests try.
#
#   package.sh PACKAGE DIRECTORY
#
# PACKAGE is a name, or META/PATTERN: the package matching PATTERN that META
# depends on (for names that have a version in them). Leaves the package's files
# in DIRECTORY, and DIRECTORY/version, its name and version; an empty version
# where it cannot be had, and the tests say so. What is there already is used
# as it is until apt's lists change and name a newer one.
set -eu
wanted=$1
to=$2

# apt-cache takes a second to answer; its lists' date answers at once.
if [ "$to/version" -nt /var/lib/apt/lists ]; then
    exit 0
fi

resolve() {
    case $wanted in
    */*)
        apt-cache depends --no-recommends --no-suggests "${wanted%%/*}" \
            2>/dev/null |
            sed -n "s/^ *Depends: \(${wanted#*/}\)\$/\1/p" | head -n 1
        ;;
    *)
        echo "$wanted"
        ;;
    esac
}

package=$(resolve)
version=$(apt-cache policy "$package" 2>/dev/null |
    sed -n 's/^ *Candidate: *//p')
if [ -n "$version" ] &&
    [ "$(cat "$to/version" 2>/dev/null)" = "$package $version" ]; then
    touch "$to/version"
    exit 0
fi

rm -rf "$to.new"
mkdir -p "$to.new"
# Root's apt wants to drop to _apt, which may not write here.
if [ -n "$version" ] &&
    (cd "$to.new" &&
        apt-get -q -o APT::Sandbox::User=root download "$package" >&2) &&
    dpkg-deb -x "$to.new"/*.deb "$to.new"; then
    rm "$to.new"/*.deb
    echo "$package $version" >"$to.new/version"
    rm -rf "$to"
    mv "$to.new" "$to"
else
    echo "package: $wanted cannot be fetched; is there a network?" >&2
    rm -rf "$to.new"
    mkdir -p "$to"
    [ -s "$to/version" ] || : >"$to/version"
fi
