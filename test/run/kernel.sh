#!/bin/sh
# Fetches Debian's current kernel packages and unpacks them; nothing is
# installed. Called by run.mk.
#
#   kernel.sh FLAVOUR DIRECTORY     FLAVOUR: cloud, generic, rt
#
# Leaves DIRECTORY/vmlinuz, DIRECTORY/lib/modules/VERSION with modules.dep, and
# DIRECTORY/version, the package and version they came from. What is there
# already is used as it is until apt's lists change and name a newer one.
set -eu
flavour=$1
to=$2

case $flavour in
cloud) meta=linux-image-cloud-amd64 ;;
generic) meta=linux-image-amd64 ;;
rt) meta=linux-image-rt-amd64 ;;
*)
    echo "kernel: $flavour: there are cloud, generic and rt" >&2
    exit 4
    ;;
esac

# apt-cache takes a second to answer; its lists' date answers at once.
if [ "$to/version" -nt /var/lib/apt/lists ]; then
    exit 0
fi

say_how() {
    rm -rf "$to.new"
    echo "kernel: $1" >&2
    echo "kernel: 'make run' takes Debian's kernel from the network once;" \
        "with a network (and 'apt-get update') try again, or give a kernel" \
        "of your own: make run KERNEL=/path/to/bzImage [INITRD=...]" >&2
    exit 4
}

# What a package depends on, of names that match.
needs() {
    apt-cache depends --no-recommends --no-suggests "$1" 2>/dev/null |
        sed -n "s/^ *Depends: \($2\)\$/\1/p"
}
# The meta package depends on exactly one image: linux-image-6.1.0-NN-....
resolve() {
    needs "$meta" 'linux-image-[0-9].*' | head -n 1
}
candidate() {
    apt-cache policy "$1" | sed -n 's/^ *Candidate: *//p'
}

package=$(resolve)
if [ -n "$package" ]; then
    version=$(candidate "$package")
    if [ "$(cat "$to/version" 2>/dev/null)" = "$package $version" ]; then
        touch "$to/version"
        exit 0
    fi
elif [ -e "$to/version" ]; then
    exit 0
fi

# From Linux 7 on the image's package is empty: kernel and modules come with
# others, which it depends on.
fetch() {
    rm -rf "$to.new"
    mkdir -p "$to.new/deb"
    # Root's apt wants to drop to _apt, which may not write here.
    (cd "$to.new/deb" &&
        apt-get -q -o APT::Sandbox::User=root download "$1" \
            $(needs "$1" 'linux-\(base\|binary\|modules\)-[0-9].*') >&2)
}

echo "kernel: fetching ${package:-$meta} (once; kept in $to)" >&2
if [ -z "$package" ] || ! fetch "$package"; then
    if [ -e "$to/version" ]; then
        rm -rf "$to.new"
        echo "kernel: cannot be fetched; going on with" \
            "$(cat "$to/version")" >&2
        exit 0
    fi
    # A list older than the archive names packages that are gone.
    if [ "$(id -u)" = 0 ]; then
        apt-get -qq update >&2 || true
    elif command -v sudo >/dev/null 2>&1; then
        sudo apt-get -qq update >&2 || true
    fi
    package=$(resolve)
    [ -n "$package" ] || say_how "apt knows no package $meta"
    version=$(candidate "$package")
    fetch "$package" || say_how "$package could not be downloaded"
fi

for deb in "$to.new"/deb/*.deb; do
    dpkg-deb -x "$deb" "$to.new" || say_how "$deb could not be unpacked"
done
if [ -d "$to.new/usr/lib/modules" ]; then
    mkdir -p "$to.new/lib"
    mv "$to.new/usr/lib/modules" "$to.new/lib/modules"
fi
release=$(ls "$to.new/lib/modules") ||
    say_how "the packages of $package have no modules"
for kernel in "$to.new/boot/vmlinuz-$release" \
    "$to.new/lib/modules/$release/vmlinuz"; do
    [ ! -e "$kernel" ] || mv "$kernel" "$to.new/vmlinuz"
done
[ -e "$to.new/vmlinuz" ] || say_how "the packages of $package have no kernel"
PATH=$PATH:/sbin:/usr/sbin depmod -b "$to.new" "$release"
rm -rf "$to.new/deb" "$to.new/boot" "$to.new/usr"
echo "$package $version" >"$to.new/version"
rm -rf "$to"
mv "$to.new" "$to"
echo "kernel: $package $version" >&2
