"""Boots of Lintel on two processors: small guests whose vCPUs are on the second
one, or are moved between the two at every exit; Debian with its vCPU on one and
its devices on the other. Listed in cases.py."""

import re

import guests
import machine
from harness import Failure, Skip, boot, expect, run_on_several

# Beside each other they touch every part of a vCPU that moves with it: control
# registers, MSRs, FPU and debug registers, the local APIC and its timer, and
# devices. `spin` and `mute` are ended from the other processor.
NAMES = ("cpuid", "cr", "msr", "mute", "ring", "selftest", "smp",
         "smplint", "spin", "state", "timer", "uart")
ROAM = "-roam"
TOO_MANY = ("smp-64",)  # to move at every exit
MEMORY = 4096  # KiB, for all 64 vCPUs


def esp():
    files = guests.esp(NAMES)
    files["loader/loader.conf"] = b"run all\nlog debug\n"
    folder = "loader/entries/"
    for path in [path for path in files if path.startswith(folder)]:
        name = path.removeprefix(folder).removesuffix(".conf")
        if name.endswith(guests.VIRTUAL):
            del files[path]
            continue
        if b"apicv " not in files[path]:
            files[path] += b"apicv unposted\n"
        if name not in TOO_MANY:
            files[f"{folder}{name}{ROAM}.conf"] = files[path] + b"pin roam\n"
    return files


def runs():
    """(entry, its guest)."""
    for name, guest in guests.entries():
        if guest in NAMES and not name.endswith(guests.VIRTUAL):
            yield name, guest
            if name not in TOO_MANY:
                yield f"{name}{ROAM}", guest


def most_own_memory(log):
    """(KiB that Lintel and the largest machine use for themselves, which)."""
    image = re.search(r"own memory: (\d+) KiB in image", log)
    machines = re.findall(r"^(\S+): .*, \d+ MiB$(?:\n.*)*?"
                          r"own memory: (\d+) KiB in \d+ tasks", log, re.M)
    name, most = max(machines, key=lambda found: int(found[1]))
    return int(image[1]) + int(most), name


def check_machine(result):
    log = result.log_text()
    expect("2 processors in use" in log, "there are not two processors")
    free = set(re.findall(r"(\d+) pages free again", log))
    expect(len(free) == 1, f"pages free after each machine: {sorted(free)}")
    own, most = most_own_memory(log)
    expect(own <= MEMORY, f"own memory: {own} KiB with {most}")


def two_processors():
    """Yields (name, problem or None)."""
    result = boot(esp(), timeout=400, processors=2)
    for name, guest in runs():
        try:
            guests.check(result, name, guest)
            yield f"on two processors: {name}", None
        except Failure as failure:
            yield f"on two processors: {name}", str(failure)
    try:
        check_machine(result)
        yield "two processors", None
    except Failure as failure:
        yield "two processors", str(failure)


def boot_virtual(names):
    """(a boot of these guests with interrupts posted to them, their
    entries)."""
    wanted = [(name, guest) for name, guest in guests.entries()
              if guest in names and not name.endswith(guests.SOFTWARE)
              and (name == guest or name.endswith(guests.VIRTUAL))]
    entries = [f"loader/entries/{name}.conf" for name, _ in wanted]
    files = {path: content for path, content in guests.esp(names).items()
             if not path.startswith("loader/entries/") or path in entries}
    return boot(files, timeout=240, processors=2), wanted


def posted_interrupts():
    """Yields (name, problem or None)."""
    if machine.bochs(machine.program())[1] < (2, 8):
        raise Skip("Bochs has posted interrupts from 2.8 on")
    result, wanted = boot_virtual((guests.HELD, "posted"))
    expect(", posted interrupts)" in result.log_text(),
           "this processor has no posted interrupts")
    found = guests.defect(result)
    if found:
        raise Skip(found)
    for name, problem in guests.results(result, wanted):
        yield f"posted interrupts: {name}", problem
    for name, problem in guests.results(*boot_virtual(("levels", "smp"))):
        yield f"posted interrupts: {name}", problem


def debian_on_two():
    """Console, disk and entropy from the other processor; every MUST kept."""
    run = run_on_several(
        PROCESSORS=2,
        RUN="sha256sum /dev/vda; "
            "dd if=/dev/hwrng of=/dev/null bs=512 count=8; "
            "dd if=/dev/zero of=/dev/vda bs=64k count=32; sync; "
            "seq 1 500; echo all done")
    run.expect_status(0)
    expect("all done" in run.output and "\n500\n" in
           run.output.replace("\r", ""), "its output is not all there")
