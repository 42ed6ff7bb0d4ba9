"""No false alarm: Debian's kernels on every combination of the ring features
that they negotiate, one after the other in one boot or each on a device of its
own, with traffic on every device and its drivers unbound and bound; and idle
for ten minutes of the machine's time, or for an hour. Nothing may be reported,
under strict lint. Called by cases.py."""

import itertools
import re

# First: it says where the others are.
from harness import BUILD, Failure, boot, expect
import initramfs
import machine
from plan import CMDLINE
import vmlinux

# Linux 6.1's virtio-mmio drivers accept these and leave IN_ORDER,
# NOTIFICATION_DATA and RING_RESET alone (vring_transport_features(); RING_RESET
# is of virtio-pci only). Name: bit.
RINGS = {"indirect_desc": 28, "event_idx": 29, "ring_packed": 34}
OTHERS = {"in_order": 35, "notification_data": 38, "ring_reset": 40}
VERSION_1 = 32

# The console is unbound last, with the output elsewhere meanwhile.
TRAFFIC = r"""
echo "rings $(sed 's/.*rings=//; s/ .*//' /proc/cmdline)"
for d in /sys/bus/virtio/devices/*; do
    echo "accepted $(cat $d/device) $(cat $d/features)"
done
# Devices are busy when their driver lets go of them.
rebind() {
    cd /sys/bus/virtio/drivers/$1
    for device in virtio[0-9]*; do
        before=$(ls -d $2 | wc -l)
        if [ "$3" = busy ]; then
            disk=$(ls $device/block 2>/dev/null)
            dd if=${disk:+/dev/}${disk:-$2} of=/dev/null bs=16k count=100 \
                2>/dev/null &
            usleep 10000
        fi
        echo $device >unbind
        wait
        echo $device >bind
        n=0
        while [ $(ls -d $2 | wc -l) -lt $before ] && [ $n -lt 100 ]; do
            usleep 10000
            n=$((n + 1))
        done
    done
}
disk() {
    dd if=/dev/hwrng of=/tmp/noise bs=512 count=16 2>/dev/null
    dd if=/tmp/noise of=$1 bs=512 seek=64 conv=fsync 2>/dev/null
    echo 3 >/proc/sys/vm/drop_caches
    dd if=$1 bs=512 skip=64 count=16 2>/dev/null | cmp - /tmp/noise &&
        dd if=$1 of=/dev/null bs=256k count=8 2>/dev/null
}
work() {
    for disk in /dev/vd?; do
        disk $disk || return
    done
    echo "$(ls /dev/vd? | wc -l) $1"
}
work "disks, and noise, are right"
seq 1 300
rebind virtio_blk "/dev/vd?" busy
rebind virtio_rng /dev/hwrng busy
work "and after bind"
exec >/dev/ttyS0 2>&1
rebind virtio_console /dev/hvc0
exec >/dev/hvc0 2>&1
seq 1 50
echo "console after bind"
idle=$(sed -n 's/.*idle=\([0-9]*\).*/\1/p' /proc/cmdline)
if [ -n "$idle" ]; then
    sleep $idle
    echo "idle for $idle s"
fi
"""


def combinations():
    """Names of the features that are left out."""
    for count in range(len(RINGS) + 1):
        yield from itertools.combinations(RINGS, count)


def name_of(without):
    return "without-" + "-".join(without) if without else "with-all"


def elf_of(flavour):
    """The kernel unpacked, which takes Bochs long: a minute and a half for
    generic's."""
    with open(f"{BUILD}/cache/kernel/{flavour}/vmlinuz", "rb") as file:
        return vmlinux.unpack(vmlinux.payload(file.read()))


def esp(kernel, flavour, sets, idle, seconds):
    files = {
        "loader/loader.conf": b"run all\n",
        "vmlinuz": kernel,
        "base.cpio": f"{BUILD}/cache/base.cpio",
        "modules.cpio": f"{BUILD}/cache/modules-{flavour}.cpio",
        "session.cpio": initramfs.session("features", TRAFFIC),
        "disk.img": f"{BUILD}/cache/disk.img",
    }
    for without in sets:
        name = name_of(without)
        lines = ["disk /disk.img"]
        if without:
            lines.append("features " + ",".join(f"-{word}"
                                                for word in without))
        files[f"loader/entries/{name}.conf"] = entry(
            name, f" idle={seconds}" if without in idle else "", lines)
    return files


def entry(name, options, lines):
    return "\n".join([
        f"title {name}", "linux /vmlinuz", "initrd /base.cpio",
        "initrd /modules.cpio", "initrd /session.cpio",
        f"options {CMDLINE} rings={name}{options}", "memory 256M",
        "rng on", "lint strict", "apicv off", *lines, ""]).encode()


def check_accepted(text, devices):
    """`devices`: pairs of a device's type and what it does not offer. The
    features in /sys: a digit a bit, the lowest first."""
    found = re.findall(r"^accepted (\w+) ([01]{64})$", text, re.M)
    expect([kind for kind, _ in found] == [kind for kind, _ in devices],
           f"devices with drivers: {found}")
    for (device, digits), (_, without) in zip(found, devices):
        for word, bit in (RINGS | OTHERS).items():
            wanted = word in RINGS and word not in without
            expect((digits[bit] == "1") == wanted,
                   f"{device}: bit {bit} ({word}) is {digits[bit]}")
        expect(digits[VERSION_1] == "1", f"{device}: no VERSION_1")


def check(result, name, devices, idle):
    expect(name in result.entries, "never ended")
    status, reason = result.entries[name]
    log = result.entry_log(name)
    reports = re.findall(r'json \{.*"type":"clause".*', log)
    expect(not reports, f"reported: {reports[:3]}")
    expect(re.search(r"exercised.*, 0 broken", log), "no summary of 0 broken")
    expect(status == 0, f"exit {status} ({reason})")
    parts = re.split(r"^rings (\S+)$", result.console, flags=re.M)
    text = dict(zip(parts[1::2], parts[2::2])).get(name, "")
    check_accepted(text, devices)
    disks = sum(kind == BLOCK for kind, _ in devices)
    said = [sentence.replace("#", str(disks)) for sentence in SAID]
    for sentence in said + ([f"idle for {idle} s"] if idle else []):
        expect(sentence in text, f"the guest did not say {sentence!r}: "
               f"{text[-400:]!r}")


CONSOLE, BLOCK, ENTROPY = "0x0003", "0x0002", "0x0004"
SAID = ("# disks, and noise, are right", "# and after bind",
        "console after bind")


BY_DEVICE = "by-device"


def by_device():
    """As many devices as combinations, in one machine: pairs of a device's type
    and what it does not offer, and its entry."""
    sets = list(combinations())
    kinds = [CONSOLE] + [BLOCK] * (len(sets) - 2) + [ENTROPY]
    words = {CONSOLE: "console", BLOCK: "block", ENTROPY: "entropy"}
    features = [f"{words[kind]}{number}=-{word}"
                for number, (kind, without) in enumerate(zip(kinds, sets))
                for word in without]
    lines = (["disk zero:4M"] * kinds.count(BLOCK)
             + ["features " + ",".join(features)])
    return list(zip(kinds, sets)), entry(BY_DEVICE, "", lines)


def silent(kernel, flavour, sets, idle=(), seconds=0):
    """Boots with each set of features left out, and with one for each device;
    those of `idle` stay for so many seconds. Yields (name, problem or None)."""
    files = esp(kernel, flavour, sets, idle, seconds)
    wanted = {name_of(without): [(kind, without)
                                 for kind in (CONSOLE, BLOCK, ENTROPY)]
              for without in sets}
    wanted[BY_DEVICE], files[f"loader/entries/{BY_DEVICE}.conf"] = by_device()
    result = boot(files, memory=768, timeout=3600, model=machine.MODEL)
    idlers = {name_of(without) for without in idle}
    for name, devices in wanted.items():
        try:
            check(result, name, devices,
                  seconds if name in idlers else 0)
            yield f"{flavour} {name}".replace("-", " "), None
        except Failure as failure:
            yield f"{flavour} {name}".replace("-", " "), str(failure)


# All combinations on one machine's devices, and for all devices at once both
# ends.
ENDS = [(), tuple(RINGS)]


def debian_cloud_features():
    """With everything on, idle for ten minutes (in Bochs 20 seconds)."""
    yield from silent(elf_of("cloud"), "cloud", ENDS, idle=[()], seconds=600)


def debian_generic_features():
    """The same drivers, of the same sources, as modules of another kernel."""
    yield from silent(elf_of("generic"), "generic", ENDS)


def debian_rings():
    """The other combinations, for all devices at once, on both kernels."""
    sets = [without for without in combinations() if without not in ENDS]
    for flavour in ("cloud", "generic"):
        yield from silent(elf_of(flavour), flavour, sets)


def debian_idle_hours():
    """All that is on by itself, and where rings and notifications differ from
    that. An hour takes Bochs some two minutes."""
    sets = [(), ("event_idx",), ("ring_packed",), ("event_idx", "ring_packed")]
    yield from silent(elf_of("cloud"), "cloud", sets, idle=sets, seconds=3600)
