"""Kernels of every format but Multiboot: own guests (test/guests/formats) that
check every field they were given against the entry here, and what is refused
with which words, all in one boot; then real kernels."""

import re

from harness import BUILD, Failure, boot, expect


def content(size, seed):
    return bytes((number * 7 + seed) & 255 for number in range(size))


FILES = {"a1": content(4999, 1), "a2": content(4, 2), "b": content(12288, 3),
         "c": content(1, 9)}
INITRD = "initrd /guests/a1.dat\ninitrd /guests/a2.dat\n"
MODULES = "module /guests/b.dat  irq=5 'x y'\nmodule /guests/c.dat\n"

# name: further lines of its entry.
GUESTS = {
    "elf64": INITRD + MODULES,
    "linux32": INITRD,
    "pvh32": INITRD + MODULES,
    "pvh64": INITRD + MODULES,
}


def built(name):
    with open(f"{BUILD}/guests/{name}.bin", "rb") as file:
        return file.read()


def refused():
    """name: the file, further lines of its entry, what Lintel must say."""
    gzip = b"\x1f\x8b\x08" + bytes(100)
    elf = built("elf64")
    return {
        "zgzip": (gzip, "", "compressed by gzip"),
        "zmodule": (built("selftest"), MODULES,
                    r"zmodule\.conf:4: module .*has no modules"),
        "zother": (elf[:18] + b"\xb7" + elf[19:], "",
                   "for another kind of machine"),
        "zshort": (elf[:0x1100], "", "cut short"),
    }


def check_guest(result, name):
    text = result.guest_text(name)
    if name not in result.entries:
        last = result.log[-1] if result.log else "nothing"
        raise Failure(f"never ended; Lintel's last line: {last}")
    status, reason = result.entries[name]
    expect(text is not None, f"printed nothing: exit {status} ({reason})")
    bad = re.findall(r"^not ok .*$", text, re.M)
    expect(not bad, "; ".join(bad))
    expect("\nend\n" in text,
           f"did not get to its end: exit {status} ({reason})")
    expect(status == 0, f"exit {status} ({reason}), not 0")


def check_refusal(result, name, says):
    status, reason = result.entries[name]
    expect(status == 4, f"exit {status} ({reason}), not 4")
    log = result.entry_log(name)
    expect(re.search(says, log), f"Lintel does not say {says}: {log[-300:]}")


def attempt(name, function, *arguments):
    try:
        function(*arguments)
        return name, None
    except Failure as failure:
        return name, str(failure)


def format_guests():
    """Yields (name, problem or None)."""
    files = {"loader/loader.conf": b"run all\n"}
    refusals = refused()
    for name, data in FILES.items():
        files[f"guests/{name}.dat"] = data
    for name, lines in GUESTS.items():
        files[f"guests/{name}.bin"] = f"{BUILD}/guests/{name}.bin"
        files[f"loader/entries/{name}.conf"] = (
            f"linux /guests/{name}.bin\noptions one two=2  'three 3'\n"
            f"memory 16M\n{lines}").encode()
    for name, (data, lines, _) in refusals.items():
        files[f"guests/{name}.bin"] = data
        files[f"loader/entries/{name}.conf"] = (
            f"title {name}\nlinux /guests/{name}.bin\nmemory 16M\n{lines}"
        ).encode()
    result = boot(files, timeout=120)
    for name in GUESTS:
        yield attempt(f"format {name}", check_guest, result, name)
    for name, (_, _, says) in refusals.items():
        yield attempt(f"refused {name}", check_refusal, result, name, says)
