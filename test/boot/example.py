"""The README's example (test/guests/example): its mistake is reported as the
README shows it, and without the mistake it works. In small_guests' boot."""

import re

from harness import BUILD, Failure, expect

# Name: its exit status, what it prints, what Lintel's log of it says.
KERNELS = {
    "example": (1, r"^([0-9a-f]{2} ){7}the device stopped$",
                r"entropy2 queue 0: MUST split-drv-014 (.|\n)*"
                r"avail\.idx=0, seen before=0x7, taken so far=0x7(.|\n)*"
                r"last notified by vcpu0 at 0x[0-9a-f]+ get_random\+0x"),
    "example-fixed": (0, r"^([0-9a-f]{2} ){10}ten random bytes$",
                      r"by plain ELF at "),
}


def esp():
    files = {}
    for name in KERNELS:
        files[f"guests/{name}.elf"] = f"{BUILD}/guests/{name}.elf"
        files[f"loader/entries/{name}.conf"] = (
            f"linux /guests/{name}.elf\nmemory 16M\n"
            "disk zero:1M\n").encode()
    return files


def check(result, name):
    status, printed, logged = KERNELS[name]
    log = result.entry_log(name)
    expect(name in result.entries, "never ended")
    expect(result.entries[name][0] == status,
           f"{result.entries[name]}, not {status}")
    expect(re.search(printed, result.console, re.M),
           f"the console does not say {printed}")
    expect(re.search(logged, log, re.M), f"Lintel's log does not say {logged}")
    if status == 0:
        expect(" MUST " not in log, "a report where there is no mistake")


def results(result):
    """Yields (name, problem or None)."""
    for name in KERNELS:
        try:
            check(result, name)
            yield f"guest {name}", None
        except Failure as failure:
            yield f"guest {name}", str(failure)
