"""Boots of Lintel on two processors: small guests whose vCPUs are on the second
one, or are moved between the two at every exit; Debian with its vCPU on one and
its devices on the other. Listed in cases.py."""

import re

import guests
from harness import Failure, Run, boot, expect

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
        elif name not in TOO_MANY:
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


def debian_on_two():
    """Console, disk and entropy from the other processor; every MUST kept."""
    run = Run(PROCESSORS=2, RUN="sha256sum /dev/vda; "
              "dd if=/dev/hwrng of=/dev/null bs=512 count=8; "
              "dd if=/dev/zero of=/dev/vda bs=64k count=32; sync; "
              "seq 1 500; echo all done")
    run.expect_status(0)
    expect("all done" in run.output and "\n500\n" in
           run.output.replace("\r", ""), "its output is not all there")
