"""A run that fails resets the machine, and the next start writes its log and
console to the stick and turns the machine off: in Bochs after a guest's crash,
in QEMU after the refusal without VMX. Called by cases.py."""

import subprocess
import time

import image
import machine
from harness import BUILD, LINTEL, Folder, expect, firmware_of
from limits import Limit

LOADER = b"hold off\nafter reset\n"


def run(kind, entry, guest):
    """(the file on the stick, Lintel's log of both starts)"""
    disk = f"{Folder.path}/esp.img"
    image.make(disk, {"EFI/BOOT/BOOTX64.EFI": LINTEL,
                      "loader/loader.conf": LOADER,
                      "loader/entries/a.conf": entry, "guest.bin": guest})
    booted = machine.Machine(kind, Folder.path, disk, 256,
                             model=machine.MODEL_AVX512, resets=True,
                             firmware=firmware_of(kind, False))
    limit = Limit(booted.process.pid, 240)
    try:
        while not booted.ended():
            problem = limit.problem()
            expect(not problem, f"it never ended: {problem}")
            time.sleep(0.2)
    finally:
        booted.stop()
    with open(booted.log, errors="replace") as file:
        log = file.read()
    found = subprocess.run(["mtype", "-i", disk, "::/lintel/last-run.txt"],
                           check=False, capture_output=True)
    return found.stdout.decode(errors="replace").replace("\r", ""), log


def last_run():
    for kind, says, log_says in (
            ("bochs", ("guest triple\n", "guest crashed: vcpu0 at ",
                       "lintel: entry a: exit 2 crashed\n",
                       "lintel: exit 2 guest crashed\n"),
             "lintel: exit 2 the run before this start; it is saved"),
            ("tcg", ("error: this virtual machine's processor has no VMX",
                     "lintel: exit 4 no VMX\n"),
             "lintel: exit 4 the run before this start; it is saved")):
        saved, log = run(kind, b"linux /guest.bin\nmemory 16M\n",
                         f"{BUILD}/guests/triple.bin")
        for words in says:
            expect(words in saved, f"{kind}: the file lacks {words!r}: "
                   f"{saved[-500:]!r}; the log: {log[-500:]!r}")
        expect(log_says in log and log.count("lintel: exit") == 2,
               f"{kind}: the second start says {log[-400:]!r}")
