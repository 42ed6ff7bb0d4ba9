"""Multiboot kernels: own guests (test/guests/multiboot) that check every field
they were given against the entry here, all in one boot."""

import re

from harness import BUILD, Failure, boot, expect

GUESTS = {
    "mb1_elf": "mb1_elf.elf",
    "mb1_flat": "mb1_flat.bin",
    "mb2_elf64": "mb2_elf64.elf",
    "mb2_flat": "mb2_flat.bin",
    "mb2_reloc": "mb2_reloc.elf",
}

# What check.inc knows of them: the size, and the first byte of each.
MODULES = {"a": (5000, 1), "b": (1, 2), "c": (12288, 3)}


def module(size, seed):
    return bytes((number * 7 + seed) & 255 for number in range(size))


def entry(name, file):
    return (f"title {name}\nlinux /guests/{file}\noptions one two=2  'three 3'"
            "\nmemory 16M\ninitrd /guests/a.dat\n"
            "module /guests/b.dat irq=5 'x y'\nmodule /guests/c.dat\n"
            ).encode()


def check(result, name):
    text = result.guest_text(name)
    if name not in result.entries:
        last = result.log[-1] if result.log else "nothing"
        raise Failure(f"never ended; Lintel's last line: {last}")
    status, reason = result.entries[name]
    expect(text is not None, f"printed nothing: exit {status} ({reason})")
    bad = re.findall(r"^not ok .*$", text, re.M)
    expect(not bad, "; ".join(bad))
    expect("\nend\n" in text, f"did not get to its end: exit {status} "
           f"({reason})")
    expect(status == 0, f"exit {status} ({reason}), not 0")


def multiboot_guests():
    """Yields (name, problem or None)."""
    files = {"loader/loader.conf": b"run all\n"}
    for name, (size, seed) in MODULES.items():
        files[f"guests/{name}.dat"] = module(size, seed)
    for name, file in GUESTS.items():
        files[f"guests/{file}"] = f"{BUILD}/guests/{file}"
        files[f"loader/entries/{name}.conf"] = entry(name, file)
    result = boot(files, timeout=120)
    for name in GUESTS:
        try:
            check(result, name)
            yield f"multiboot {name}", None
        except Failure as failure:
            yield f"multiboot {name}", str(failure)
