#!/usr/bin/python3
"""`make bench`: boots the guest bench.asm in Bochs, under `lint strict` and
again under `lint off`, and prints what its paths cost, beside what is aimed at
and what KVM takes. Called by bench.mk."""

import json
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "boot"))

# Found by the line above.
from harness import BUILD, LINTEL, Folder, boot  # noqa: E402

GUESTS = ("bench", "ipi")
CPUS = {"bench": 1, "ipi": 2}
RESULT = f"{BUILD}/bench.json"
LINTS = ("strict", "off")
KIB = 1 << 10

# The guest's name for it, ours, the aim, and KVM of Debian's 6.1 kernel with
# QEMU 7.2 in the same emulator (KVM: the least of several runs).
PATHS = (
    ("cpuid", "CPUID, and back", 150, 1013),
    ("vmcall", "VMCALL, and back", 150, 3226),
    ("msr", "RDMSR of an x2APIC register", None, None),
    ("port", "port read answered by a device", 250, 5340),
    ("mmio", "MMIO read answered by a device", 400, 6225),
    ("self-ipi", "self-IPI to a halted processor, awake again", 1000, 6936),
    ("ipi", "IPI to a halted vCPU beside it, to handler", None, None),
    ("ipi-answered", "the same, answered", 2500, 21581),
    ("ipi-and-back", "the same, answered by an IPI", None, None),
    ("deadline", "TSC deadline, set to handler", 700, 5390),
    ("service", "kick to service task's first instruction", 500, None),
    ("interrupt", "kick to the guest's interrupt handler", 1500, None),
    ("read", "4 KiB block read from memory, whole", 2500, None),
    ("packed-interrupt", "packed: kick to the interrupt handler", None, None),
    ("packed-read", "packed: 4 KiB block read, whole", None, None),
)
IMAGE_LIMIT = 512 * KIB
MEMORY_LIMIT = 4096 * KIB

NOTE = """\
Ticks of Bochs' TSC: one an instruction, REP counting each step. What the
processor itself takes for an exit and an entry is not in them, neither in
Lintel's nor in KVM's."""


class Broken(Exception):
    """A figure is missing; says which."""


def esp():
    files = {"loader/loader.conf": b"run all\nlog debug\n"}
    for guest in GUESTS:
        files[f"{guest}.bin"] = f"{BUILD}/bench/{guest}.bin"
        for lint in LINTS:
            files[f"loader/entries/{guest}-{lint}.conf"] = (
                f"title {guest}\nlinux /{guest}.bin\nmemory 16M\n"
                f"disk zero:1M\nlint {lint}\ncpus {CPUS[guest]}\n"
            ).encode()
    return files


def served_at(log):
    """The TSC when the disk's queue was last served."""
    match = re.search(
        r"^  block\d+: .*\n    queue 0, \w+: .* TSC (0x[0-9a-f]+)$", log, re.M)
    if not match:
        raise Broken("Lintel's log does not say when the disk was served")
    return int(match[1], 16)


LAST = {"bench": "kick", "ipi": "ipi-and-back"}


def figures(guest, text, log):
    """{path: ticks} of one run of a guest."""
    found = {name: int(value, 16) for name, value in
             re.findall(r"^bench (\S+) (0x[0-9a-f]+)$", text, re.M)}
    if LAST[guest] not in found:
        raise Broken(f"{guest} ended early: {text.strip()[-200:]!r}")
    if guest == "bench":
        found["service"] = served_at(log) - found.pop("kick")
    return found


def run():
    """{lint level: figures}, and the log."""
    result = boot(esp())
    measured = {lint: {} for lint in LINTS}
    for guest in GUESTS:
        order = re.findall(rf"^{guest}-(\S+): {guest}, \d+ MiB$",
                           result.log_text(), re.M)
        for number, lint in enumerate(order):
            text = result.guest_text(guest, number) or ""
            measured[lint].update(
                figures(guest, text, result.entry_log(f"{guest}-{lint}")))
    return measured, result


def memory(result):
    """Own memory in bytes, Lintel's and the first machine's."""
    own = re.findall(r"own memory: (\d+) KiB", result.log_text())
    if len(own) < 2:
        raise Broken("Lintel's log does not say what memory it uses")
    return sum(map(int, own[:2])) * KIB


def ticks(number):
    return "" if number is None else f"{number:,}"


def show(measured, image, own):
    strict, off = (measured[lint] for lint in LINTS)
    form = "{:<45}{:>8}{:>10}{:>8}{:>8}".format
    print(form("path", "ticks", "lint off", "aim", "KVM"))
    for name, label, aim, kvm in PATHS:
        print(form(label, ticks(strict[name]), ticks(off[name]), ticks(aim),
                   ticks(kvm)))
    print()
    print(f"image {image // KIB} KiB (limit {IMAGE_LIMIT // KIB}), own memory "
          f"{own // KIB} KiB without page tables (limit "
          f"{MEMORY_LIMIT // KIB})")
    print(NOTE)


def main():
    Folder.use("bench")
    try:
        measured, result = run()
        image, own = os.path.getsize(LINTEL), memory(result)
    except Broken as problem:
        sys.exit(f"bench: {problem}")
    show(measured, image, own)
    broken = {name: status for name, status in result.entries.items()
              if status[0] != 0}
    if broken:
        sys.exit(f"bench: the guest should end well: {broken}")
    with open(RESULT, "w") as out:
        json.dump({"ticks": measured, "image": image, "memory": own}, out)
        out.write("\n")


if __name__ == "__main__":
    main()
