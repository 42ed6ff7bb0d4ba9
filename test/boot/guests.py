"""Small guests (test/guests), all in one boot with `run all`: how each must
end. A guest that crashes must not keep the next one from running."""

import re

import example
from harness import BUILD, Failure, Skip, boot, expect

GOOD, BROKEN, CRASH, LATE, FAILED = 0, 1, 2, 3, 5

# name: exit statuses allowed, what Lintel's log of it must say (a regular
# expression), further lines of its entry. In the order they run (by name).
GUESTS = {
    "apic": ((GOOD,), None, ""),
    "apictable": ((CRASH,), r"page table(, descriptor or stack)? at "
                  r"guest-physical 0xfee00", ""),
    "apicoff": ((GOOD,), r"read of the local APIC's page at offset 0x30 while "
                r"the local APIC is off, by vcpu0 at 0x[0-9a-f]+: (.|\n)*"
                r"vcpu0 moves its local APIC to 0xfef00000, RIP 0x", ""),
    "clocks": ((GOOD,), None, "cpus 2\n"),
    "cpuid": ((GOOD,), None, ""),
    "cr": ((GOOD,), None, ""),
    "deaf": ((CRASH,), r"HLT with interrupts off", ""),
    "discover": ((GOOD,), None, "discover cmdline\noptions last\n"),
    "exitbad": ((FAILED,), r"exit 5 ended by isa-debug-exit with 0x12345 "
                           r"\(QEMU: exit 139\)$", ""),
    "exitgood": ((GOOD,), r"exit 0 ended by isa-debug-exit with 0x10 "
                          r"\(QEMU: exit 33\)$", ""),
    # Zeros for hours, if nobody stopped it.
    "flood": ((LATE,), r"time-out", "timeout 1\n"),
    "held": ((GOOD,), None, ""),
    "kvmclock": ((GOOD,), r"kvmclock: .* at 0xd0000000 is not written", ""),
    "levels": ((GOOD,), None, "timeout 20\n"),
    "lintby": ((BROKEN,), r"block1: MUST mmio-drv-004(.|\n)*goes on as if"
               r"(.|\n)*entropy2: MUST mmio-drv-004(.|\n)*the read gives 0",
               "disk zero:1M\nlint strict,console0=off,block1=tolerant\n"),
    "mmio": ((GOOD,), None, ""),
    "msr": ((GOOD,), None, ""),
    # It may die of what it does to itself; nobody else may.
    "msrstorm": ((GOOD, CRASH, LATE), None, "timeout 20\n"),
    "mute": ((LATE,), r"vcpu0: halted at", "timeout 1\n"),
    # Its own ELF file names both places.
    "named": ((CRASH,), r"by vcpu0 at 0x1000[0-9a-f]+ read_a_byte\+0xa: "
              r"0f b6 43 04(.|\n)*vcpu0 at 0x1000[0-9a-f]+ read_nothing\+0x5: "
              r"read of 4 bytes(.|\n)*code: 8b 03", ""),
    "pic": ((GOOD,), None, "discover cmdline\ntimeout 20\n"
            "features -ring_packed\n" + "disk zero:1M\n" * 4),
    "ports": ((GOOD,), None, ""),
    "posted": ((GOOD,), None, "timeout 60\n"),
    "reset": ((GOOD,), r"exit 0 reset", ""),
    "ring": ((BROKEN,), r"split-drv-014(.|\n)*last notified by vcpu0 at "
             r"0x[0-9a-f]+ start\.used\+0x[0-9a-f]+: c7 43 50(.|\n)*"
             r", 1 broken$",
             "symbols /guests/ring.map\nfeatures -ring_packed\n"),
    "selftest": ((GOOD,), None, ""),
    "smp": ((GOOD,), None, "timeout 60\n"),
    "smpdeaf": ((CRASH,), r"vcpu\d at .*: every processor is in HLT with "
                          r"interrupts off", ""),
    "smplint": ((BROKEN,), r"mmio-drv-004(.|\n)*by vcpu2 at 0x[0-9a-f]+ "
                r"read_a_byte\+0: 0f b6 43 04(.|\n)*split-drv-014(.|\n)*"
                r"last notified by vcpu1 at 0x[0-9a-f]+ notify\+0: c7 43 50"
                r"(.|\n)*, 2 broken$",
                "symbols /guests/smplint.map\nfeatures -ring_packed\n"),
    "spin": ((LATE,), r"time-out", "timeout 1\n"),
    "state": ((GOOD,), None, ""),
    "timer": ((GOOD,), None, ""),
    "triple": ((CRASH,), r"triple fault", ""),
    "uart": ((GOOD,), None, ""),
    "wild": ((CRASH,), r"vcpu0 at 0x[0-9a-f]+ \S+\+0x.*0xe0000000",
             "symbols /guests/wild.map\n"),
    "wildtable": ((CRASH,), r"0xe0000000", ""),
}
# These run twice, with the local APIC by the processor and in software: the
# second entry's name ends so.
SOFTWARE = "-software"
BOTH = ("apic", "apicoff", "apictable", "cr", "held", "msr", "msrstorm",
        "selftest", "state", "timer")
# These run with several numbers of processors, up to SOME in both ways.
PROCESSORS = {"levels": (2, 4), "posted": (3,), "smp": (2, 4, 8, 64),
              "smpdeaf": (3,), "smplint": (3,)}
SOME = 8
VIRTUAL = "-virtual"
# What these do counts only where the emulator has none of these defects: the
# entry that shows it, what it says then, and what is the matter.
HELD = "held"
POSTED = f"posted-3{VIRTUAL}"
DEFECTS = (
    (HELD, HELD, "not ok with interrupts off nothing is delivered",
     "this Bochs delivers virtual interrupts to a guest that has them off"),
    (POSTED, "posted", "not ok nothing comes that nobody sent",
     "this Bochs makes up a vector when nothing is posted any more"),
)
SELF_CHECKING = {name for name, (statuses, _, _) in GUESTS.items()
                 if statuses in ((GOOD,), (BROKEN,)) and name != "reset"}


def variants(guest):
    """{entry: its lines beside the guest's}."""
    if guest in PROCESSORS:
        return {f"{guest}-{count}{way}": f"cpus {count}\n{line}"
                for count in PROCESSORS[guest]
                for way, line in (("", "apicv off\n"), (VIRTUAL, ""))
                if not way or count <= SOME}
    found = {guest: ""}
    if guest in BOTH:
        found[f"{guest}{SOFTWARE}"] = "apicv off\n"
    return found


def esp(names):
    files = {"loader/loader.conf": b"run all\n"}
    for name in names:
        entry = (f"title {name}\nlinux /guests/{name}.bin\nmemory 16M\n"
                 f"rng on\n{GUESTS[name][2]}")
        files[f"guests/{name}.bin"] = f"{BUILD}/guests/{name}.bin"
        if "symbols" in GUESTS[name][2]:
            files[f"guests/{name}.map"] = f"{BUILD}/guests/{name}.map"
        for variant, lines in variants(name).items():
            files[f"loader/entries/{variant}.conf"] = (
                f"{entry}{lines}".encode())
    return files


def entries():
    """(entry, its guest)."""
    for name in GUESTS:
        for variant in variants(name):
            yield variant, name


def earlier_runs(result, name, guest):
    """How many entries of the same guest ran before this one."""
    ran = re.findall(r"^(\S+): .*, \d+ MiB$", result.log_text(), re.M)
    same = [other for other in ran
            if other == guest or other.startswith(f"{guest}-")]
    return same.index(name) if name in same else len(same)


def reported_devices(log):
    """The devices that an entry's reports are about."""
    return set(re.findall(r'json \{.*"device":"(\w+)"', log))


def check(result, name, guest):
    statuses, pattern, _ = GUESTS[guest]
    text = result.guest_text(guest, earlier_runs(result, name, guest))
    if name not in result.entries:
        last = result.log[-1] if result.log else "nothing"
        raise Failure(f"never ended; Lintel's last line: {last}")
    status, reason = result.entries[name]
    bad = re.findall(r"^not ok .*$", text or "", re.M)
    expect(not bad, "; ".join(bad))
    expect(status in statuses, f"exit {status} ({reason}), not {statuses}")
    expect(text is not None, "printed nothing")
    if guest in SELF_CHECKING:
        expect("\nend\n" in text, "did not get to its end")
    if pattern:
        expect(re.search(pattern, result.entry_log(name), re.M),
               f"Lintel's log does not say {pattern}")
    if name == "lintby":
        found = reported_devices(result.entry_log(name))
        expect(found == {"block1", "entropy2"}, f"reported: {found}")


def defect(result):
    """The emulator's, or None."""
    for name, guest, sign, sentence in DEFECTS:
        text = result.guest_text(guest, earlier_runs(result, name, guest))
        if sign in (text or ""):
            return f"{sentence} (guest {guest})"
    return None


def results(result, wanted=None):
    """Yields (entry, problem or None)."""
    found = defect(result)
    for name, guest in wanted or entries():
        try:
            if found and (name == HELD or name.endswith(VIRTUAL)):
                raise Skip(found)
            check(result, name, guest)
            yield name, None
        except Skip as skip:
            yield name, skip
        except Failure as failure:
            yield name, str(failure)


# Exits, devices, reports, and an end by a crash.
FEW = ("cpuid", "mmio", "ring", "selftest", "triple")


def few_guests():
    """Yields (name, problem or None)."""
    wanted = [(name, guest) for name, guest in entries() if guest in FEW]
    for name, problem in results(boot(esp(FEW)), wanted):
        yield f"guest {name}", problem


def small_guests():
    """Yields (name, problem or None)."""
    result = boot(esp(GUESTS) | example.esp(), timeout=240)
    for name, problem in results(result):
        yield f"guest {name}", problem
    yield from example.results(result)
    worst = max((status for status, _ in result.entries.values()), default=None)
    if result.status is None or result.status != worst:
        yield "guests' closing line", (
            f"exit {result.status} where the worst entry's is {worst}")
    else:
        yield "guests' closing line", None
