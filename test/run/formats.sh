#!/bin/sh
# Fetches kernels of other formats from Debian and unpacks them; nothing is
# installed. Called by boot.mk, for the boot tests.
#
#   formats.sh DIRECTORY
#
# Leaves in DIRECTORY what could be had of
#
#   ipxe.lkrn       a bzImage with a 16-bit entry alone
#   memtest32.bin   ... with a 32-bit entry
#   memtest64.bin   ... with a 64-bit entry
#   linux32         Debian's Linux for the i386: ... with a 32-bit entry
#   grub.pvh        GRUB as an ELF32 file with a PVH note
#
# and in DIRECTORY/done what is missing, with the reason. The tests skip that.
set -u
to=$1
work=$to.new

[ -e "$to/done" ] && exit 0
rm -rf "$work"
mkdir -p "$work/deb" "$work/i386/lists/partial" "$work/i386/cache"
work=$(cd "$work" && pwd)
echo "formats: fetching kernels of other formats (once; kept in $to)" >&2

# fetch PACKAGE [APT OPTIONS]: unpacks it below $work/PACKAGE.
fetch() {
    package=$1
    shift
    (cd "$work/deb" && rm -f ./*.deb &&
        apt-get -q -o APT::Sandbox::User=root "$@" download "$package" &&
        dpkg-deb -x ./*.deb "$work/$package") >"$work/log" 2>&1 && return
    echo "$package: $(tail -n 1 "$work/log")" >>"$work/missing"
    return 1
}

fetch ipxe && cp "$work/ipxe/boot/ipxe.lkrn" "$work"
if fetch memtest86+; then
    cp "$work/memtest86+/boot/memtest86+ia32.bin" "$work/memtest32.bin"
    cp "$work/memtest86+/boot/memtest86+x64.bin" "$work/memtest64.bin"
fi
if fetch grub-xen-bin && fetch grub-common; then
    echo halt >"$work/grub.cfg"
    "$work/grub-common/usr/bin/grub-mkimage" -O i386-xen_pvh -p /boot \
        -d "$work/grub-xen-bin/usr/lib/grub/i386-xen_pvh" \
        -c "$work/grub.cfg" -o "$work/grub.pvh" halt normal ||
        echo "grub.pvh: grub-mkimage failed" >>"$work/missing"
fi

# Lists of the other architecture, in a place of their own: the system's are
# left as they are.
i386() {
    set -- -o "Dir::State::Lists=$work/i386/lists" \
        -o "Dir::Cache=$work/i386/cache" \
        -o APT::Architectures=i386 -o APT::Architecture=i386 \
        -o APT::Sandbox::User=root
    apt-get "$@" -qq update >/dev/null 2>&1
    image=$(apt-cache "$@" depends linux-image-686 2>/dev/null |
        sed -n 's/^ *Depends: \(linux-image-[0-9][^:]*\).*$/\1/p' | head -n 1)
    if [ -z "$image" ]; then
        echo "linux32: apt knows no linux-image-686" >>"$work/missing"
        return
    fi
    fetch "$image" "$@" && cp "$work/$image"/boot/vmlinuz-* "$work/linux32"
}
i386

touch "$work/missing"
mkdir "$work/keep"
for name in ipxe.lkrn memtest32.bin memtest64.bin linux32 grub.pvh; do
    if [ -e "$work/$name" ]; then mv "$work/$name" "$work/keep"; fi
done
mv "$work/missing" "$work/keep/done"
rm -rf "$to"
mv "$work/keep" "$to"
rm -rf "$work"
cat "$to/done" >&2
exit 0
