"""Boots of Lintel on two processors: small guests whose vCPUs are on the second
one, or are moved between the two at every exit; Debian with its vCPU on one and
its devices on the other. Listed in cases.py."""

import re

import guests
from harness import Failure, Run, boot, expect

# Beside each other they touch every part of a vCPU that moves with it: control
# registers, MSRs, FPU and debug registers, the local APIC and its timer, and
# devices. `spin` and `mute` are ended from the other processor.
NAMES = ("cpuid", "cr", "msr", "mute", "ring", "selftest", "spin", "state",
         "timer", "uart")
ROAM = "-roam"


def esp():
    files = guests.esp(NAMES)
    files["loader/loader.conf"] = b"run all\nlog debug\n"
    for path in [path for path in files if path.endswith(".conf")]:
        if path.startswith("loader/entries/"):
            name = path[:-len(".conf")]
            files[f"{name}{ROAM}.conf"] = files[path] + b"pin roam\n"
    return files


def runs():
    """(entry, its guest)."""
    for name, guest in guests.entries():
        if guest in NAMES:
            yield name, guest
            yield f"{name}{ROAM}", guest


def check_machine(result):
    log = result.log_text()
    expect("2 processors in use" in log, "there are not two processors")
    free = set(re.findall(r"(\d+) pages free again", log))
    expect(len(free) == 1, f"pages free after each machine: {sorted(free)}")


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
