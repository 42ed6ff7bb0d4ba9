#!/bin/sh
# Fetches a Debian package and unpacks it; nothing is installed. Called by
# boot.mk for kernels that the boot tests try.
#
#   package.sh PACKAGE DIRECTORY [ARCHITECTURE]
#
# PACKAGE is a name, or META/PATTERN: the package matching PATTERN that META
# depends on (for names that have a version in them). Leaves the package's files
# in DIRECTORY, and DIRECTORY/version, its name and version; an empty version
# where it cannot be had, and the tests say so. What is there already is used
# as it is until apt's lists change and name a newer one.
set -eu
wanted=$1
to=$2
foreign=${3-}

# apt-cache takes a second to answer; its lists' date answers at once.
if [ "$to/version" -nt /var/lib/apt/lists ]; then
    exit 0
fi

rm -rf "$to.new"
mkdir -p "$to.new"

# Root's apt wants to drop to _apt, which may not write here.
set -- -o APT::Sandbox::User=root
if [ -n "$foreign" ]; then
    # Lists of another architecture, in a place of their own: the system's are
    # left as they are.
    apt=$(cd "$to.new" && pwd).apt
    mkdir -p "$apt/lists/partial" "$apt/cache"
    trap 'rm -rf "$apt"' EXIT
    set -- "$@" -o "Dir::State::Lists=$apt/lists" -o "Dir::Cache=$apt/cache" \
        -o "APT::Architectures=$foreign" -o "APT::Architecture=$foreign"
    apt-get "$@" -qq update >/dev/null 2>&1 || :
fi

case $wanted in
*/*)
    package=$(apt-cache "$@" depends --no-recommends --no-suggests \
        "${wanted%%/*}" 2>/dev/null |
        sed -n "s/^ *Depends: \(${wanted#*/}\)\$/\1/p" | head -n 1)
    ;;
*)
    package=$wanted
    ;;
esac
package=${package%%:*}
version=$(apt-cache "$@" policy "$package" 2>/dev/null |
    sed -n 's/^ *Candidate: *//p')
if [ -n "$version" ] &&
    [ "$(cat "$to/version" 2>/dev/null)" = "$package $version" ]; then
    touch "$to/version"
    rm -rf "$to.new"
    exit 0
fi

if [ -n "$version" ] &&
    (cd "$to.new" && apt-get -q "$@" download "$package" >&2) &&
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
    touch "$to/version"
fi
