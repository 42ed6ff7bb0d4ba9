"""Which room may include which: the arrows of the house, as data."""

import os
import re

from tree import ROOMS, room_of, without_comments

# From the lowest up. A room of vmm/ uses those below it; those on one line do
# not know each other.
VMM = (
    ("vmm/memory", "vmm/config"),
    ("vmm/chip",),
    ("vmm/cpu",),
    ("vmm/boot", "vmm/firmware"),
    ("vmm/report",),
    ("vmm/plan",),
    ("vmm/vm",),
    ("vmm/debug",),
    ("vmm",),
)
OUTSIDE_VMM = ("arch", "arch/efi", "arch/vmx", "kernel", "kernel/base",
               "kernel/drivers", "virtio")

# Room: what it may include beside itself. kernel/base and arch stand on each
# other: a log that is written by the machine's instructions, a machine that
# says what is wrong.
ARROWS = {
    "kernel/base": ("arch",),
    "arch": ("kernel/base",),
    "arch/efi": ("arch", "kernel/base"),
    "arch/vmx": ("arch", "kernel/base"),
    "kernel": ("arch", "arch/vmx", "kernel/base"),
    "kernel/drivers": ("arch", "kernel", "kernel/base"),
    "virtio": (),
}

# What others may include of a room that has a door; the rest is its own.
DOORS = {
    "arch/efi": ("arch/efi/efi.h", "arch/efi/efi_file.h"),
    "arch/vmx": ("arch/vmx/guest.h", "arch/vmx/ept.h", "arch/vmx/vmx.h"),
}


def allowed():
    """ARROWS and those of vmm/."""
    rooms = dict(ARROWS)
    below = OUTSIDE_VMM
    for level in VMM:
        for room in level:
            rooms[room] = below
        below += level
    return rooms


def includes(tree, name):
    """(line, header) of the headers of ours that a file includes, by the
    path from the tree's top or from the file's own folder."""
    lines = without_comments(tree.text(name)).split("\n")
    for number, line in enumerate(lines, 1):
        found = re.match(r'\s*#\s*include\s*["<]([^">]+)[">]', line)
        if not found:
            continue
        beside = os.path.normpath(os.path.join(room_of(name), found[1]))
        header = beside if beside in tree.names else found[1]
        if header.split("/")[0] in ROOMS:
            yield number, header


def arrows(tree):
    """Includes go along the rooms' arrows, and through their doors."""
    rooms = allowed()
    for name in tree.product(".c", ".h"):
        room = room_of(name)
        if room not in rooms:
            yield f"{name}: {room} is no room that rooms.py knows"
            continue
        for number, header in includes(tree, name):
            other = room_of(header)
            if other == room:
                continue
            if other not in rooms[room]:
                yield f"{name}:{number} includes {header}"
            elif header not in DOORS.get(other, (header,)):
                yield f"{name}:{number} includes {header}, which is {other}'s"
