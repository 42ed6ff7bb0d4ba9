"""Several machines at once (`run together`): two of Debian's, each with a load
of its own (the second one's typed at its shell), beside guests that do their
worst. Called by cases.py."""

import hashlib
import os
import re
import sys

from harness import BUILD, Failure, boot, expect

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../run"))

import initramfs  # noqa: E402  (found by the line above)
import machine  # noqa: E402
from plan import CMDLINE  # noqa: E402

KEYBOARD = re.compile(r"^-- keyboard: (\S+) --$")
NAMED = re.compile(r"^([a-z0-9-]+)\| (.*)$")
# Writes to the console without end; writes MSRs at random; touches memory that
# is not there.
NEIGHBOURS = {"x-flood": "flood", "x-msrstorm": "msrstorm", "x-wild": "wild"}
LOAD = ("echo begin-{name}; for i in 1 2 3 4; do sha256sum /dev/vda; "
        "dd if=/dev/hwrng bs=64 count=4 2>/dev/null | wc -c; done; "
        "echo end-{name}")


def texts(console, names):
    """{name: what the machine wrote}: lines of who had the keyboard stand as
    they are, others' begin with their name."""
    found = {name: [] for name in names}
    keyboard = names[0]
    for line in console.split("\n"):
        if match := KEYBOARD.match(line):
            keyboard = match[1]
        elif (match := NAMED.match(line)) and match[1] in found:
            found[match[1]].append(match[2])
        elif keyboard in found:
            found[keyboard].append(line)
    return {name: "\n".join(lines) for name, lines in found.items()}


# As make run has it there: Bochs delivers virtual interrupts to a guest that
# has them off, when one of the host's comes in, and here many come.
def debian(name, disk, command):
    return {
        f"{name}.cpio": initramfs.session(name, command),
        f"{name}.img": disk,
        f"loader/entries/{name}.conf": (
            f"title Debian {name}\nlinux /vmlinuz\ninitrd /base.cpio\n"
            f"initrd /modules.cpio\ninitrd /{name}.cpio\n"
            f"options {CMDLINE}\nmemory 128M\nrng on\ndisk /{name}.img\n"
            "apicv off\n"
        ).encode(),
    }


def check_debian(result, name, text, disk):
    expect(result.entries.get(name) == (0, "powered off"),
           f"{name} ended as {result.entries.get(name)}")
    checksum = hashlib.sha256(disk).hexdigest()
    expect(f"begin-{name}" in text and f"end-{name}" in text,
           f"{name} did not run its load: {text[-300:]!r}")
    expect(text.count(f"{checksum}  /dev/vda") == 4,
           f"{name}: its disk's checksum, 4 times")
    expect(len(re.findall(r"^256$", text, re.M)) == 4,
           f"{name}: its entropy, 4 times")


def machines_together():
    disks = {"one": bytes(1 << 20), "two": b"\x5a" * (1 << 20)}
    files = {
        "loader/loader.conf": b"run together\nlog debug\n",
        "vmlinuz": f"{BUILD}/cache/kernel/cloud/vmlinuz",
        "base.cpio": f"{BUILD}/cache/base.cpio",
        "modules.cpio": f"{BUILD}/cache/modules-cloud.cpio",
    }
    files |= debian("one", disks["one"], LOAD.format(name="one"))
    files |= debian("two", disks["two"], None)
    typed = "\x012" + LOAD.format(name="two") + "; exit\n"
    for name, guest in NEIGHBOURS.items():
        files[f"{guest}.bin"] = f"{BUILD}/guests/{guest}.bin"
        files[f"loader/entries/{name}.conf"] = (
            f"title {name}\nlinux /{guest}.bin\nmemory 16M\ntimeout 15\n"
        ).encode()
    result = boot(files, memory=640, timeout=400, model=machine.MODEL,
                  keys=[(b"run-two: begin", typed.encode())])
    names = list(disks) + list(NEIGHBOURS)
    expect(result.status == 3, f"exit {result.status} {result.reason}, not 3")
    expect(set(result.entries) == set(names), f"ended: {result.entries}")
    expect(result.entries["x-flood"][0] == 3, "the flood was not stopped")
    expect(result.entries["x-wild"][0] == 2, "the wild access was survived")
    # Each one's own, without the memory of those beside it.
    own = re.findall(r"own memory: (\d+) KiB in \d+ tasks",
                     result.log_text())
    expect(len(own) == len(names) and max(map(int, own)) < 1024,
           f"own memory: {own} KiB")
    parts = texts(result.console, names)
    for name, disk in disks.items():
        check_debian(result, name, parts[name], disk)
        other = "two" if name == "one" else "one"
        expect(f"begin-{other}" not in parts[name],
               f"words of {other} on {name}'s console")


def together_or_not_at_all():
    """One machine that finds too little memory left keeps the others from
    starting."""
    files = {"loader/loader.conf": b"run together\n",
             "guest.bin": f"{BUILD}/guests/selftest.bin"}
    for name, memory in (("a", "60M"), ("b", "60M")):
        files[f"loader/entries/{name}.conf"] = (
            f"title {name}\nlinux /guest.bin\nmemory {memory}\n").encode()
    result = boot(files)
    expect(result.entries == {"a": (4, "not started"), "b": (4, "not started")},
           f"ended: {result.entries}")
    expect("guest selftest" not in result.console, "a machine ran")
    if "run together: not every machine could be built" not in \
            result.log_text():
        raise Failure("the log does not say why nothing ran")
