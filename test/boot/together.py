"""Several machines at once (`run together`): two of Debian's, each with a load
of its own (the second one's typed at its shell), beside guests that do their
worst. Called by cases.py."""

import hashlib
import json
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


# A machine that fills memory and measures itself, beside one that wants all
# there is. Each entry's lines, and how many processors the emulator has.
CROWDS = {
    "crowdspin": "cpus 64\n",
    "crowdkick": "cpus 64\nlint off\n",
    "noisy": "cpus 7\ndisk zero:1M\n",
}
# Percent of a processor that the neighbour has at least: alone it has all.
HALF = 45
CROWD_SECONDS = 5


def neighbour(crowd=None, lines="", processors=1, share=""):
    """(pages that the neighbour filled in 2 s, its longest gap in us, the
    boot), beside `crowd` if there is one."""
    crowds = {crowd: lines + f"timeout {CROWD_SECONDS}\n"} if crowd else {}
    files = {"loader/loader.conf": b"run together\n"}
    for name, more in {"neighbour": share, **crowds}.items():
        files[f"{name}.bin"] = f"{BUILD}/guests/{name}.bin"
        files[f"loader/entries/{name}.conf"] = (
            f"title {name}\nlinux /{name}.bin\nmemory 16M\napicv off\n{more}"
        ).encode()
    result = boot(files, memory=192, processors=processors, timeout=400)
    match = re.search(r"pages ([0-9a-f]+) gap_us ([0-9a-f]+)", result.console)
    expect(match, f"the neighbour of {crowd} did not get to its end: "
                  f"{result.entries}")
    return int(match[1], 16), int(match[2], 16), result


def check_crowd(result, crowd):
    """The crowd's time-out came when it should, and its log is whole."""
    log = result.log_text()
    expect(result.entries.get(crowd) == (3, "timed out"),
           f"{crowd} ended as {result.entries.get(crowd)}")
    expect(result.entries.get("neighbour") == (0, "powered off"),
           f"beside {crowd}: {result.entries.get('neighbour')}")
    up = re.search(rf"{crowd}: time-out: (.|\n)*{crowd}: up (\d+) ms", log)
    expect(up and int(up[2]) < CROWD_SECONDS * 1000 + 100,
           f"{crowd} timed out after {up and up[2]} ms")


def check_lines(result):
    """Every line of the log is whole: JSON can be read, and no line stands in
    the middle of another."""
    for line in result.log:
        if " json " in line:
            json.loads(line.split(" json ", 1)[1])
        expect(line.count("] noisy: ") <= 1, f"two lines in one: {line!r}")
    expect(any('"clauses"' in line or '"summary"' in line or "exercised" in line
               for line in result.log), "the summary is missing")


def fair_shares():
    """A machine of one processor beside one of 64, on one processor."""
    alone, _, _ = neighbour()
    for crowd in ("crowdspin", "crowdkick"):
        pages, gap, result = neighbour(crowd, CROWDS[crowd])
        print(f"note: beside {crowd}: {pages} pages in place of {alone}, "
              f"longest gap {gap} us", flush=True)
        expect(pages * 100 >= alone * HALF,
               f"beside {crowd} {pages} pages, alone {alone}")
        expect(gap <= 20000, f"beside {crowd} a gap of {gap} us")
        check_crowd(result, crowd)
    pages, _, _ = neighbour("crowdspin", CROWDS["crowdspin"],
                            share="share 300\n")
    print(f"note: with share 300 beside crowdspin: {pages} pages", flush=True)
    expect(70 <= pages * 100 / alone <= 80,
           f"with share 300 {pages} pages, alone {alone}")


def reports_beside_a_neighbour():
    """A machine whose 7 processors break clauses without end fills the log's
    port; its neighbour has its half of one processor, or one of two."""
    alone, _, _ = neighbour(processors=2)
    for processors, least in ((1, HALF), (2, 90)):
        pages, gap, result = neighbour("noisy", CROWDS["noisy"], processors)
        print(f"note: beside noisy on {processors}: {pages} pages in place of "
              f"{alone}, longest gap {gap} us", flush=True)
        expect(pages * 100 >= alone * least,
               f"beside noisy {pages} pages, alone {alone}")
        check_crowd(result, "noisy")
        check_lines(result)
