#!/usr/bin/python3
"""`make run`: boots a guest under Lintel in an emulator and comes back with a
status. Options come from the environment (the Makefile exports them) or as
NAME=value arguments; options.py has them. Unlike make, which answers 2 to
every failure, this program's own exit status is the run's:

0 powered off, no clause broken   3 time-out
1 clauses broken                  4 Lintel, its configuration or the emulator
2 the guest crashed               5 the RUN command failed, or the guest said
                                    by isa-debug-exit that it failed
"""

import contextlib
import os
import shutil
import sys

import image
import machine
import options
import refuse
from options import Wrong
from plan import BUILD, Plan
from session import Screen, Session
from terminal import Ended, catch_signals

RUN_TIMEOUT = 600
MIB = 1 << 20
# What Lintel and the firmware need beside the guest and its files.
OWN_MEMORY = 128 * MIB


def command_verdict(session):
    """(status, sentence) of a run whose command has reported its code: how the
    guest ended after that does not matter. A kernel without ACPI halts with
    interrupts off where others power off."""
    log, code = session.log, session.marks.code
    if code != 0:
        return 5, f"the command failed with exit code {code}"
    after = ""
    if session.timed_out:
        after = f"; then, {session.timed_out}"
    elif log.status > 1:
        after = f"; then, {log.reason}"
    if log.broken:
        return 1, f"clauses broken{after}"
    return 0, f"the command succeeded{after}" if after else log.reason


def verdict(session, command):
    """(status, sentence) of a run that is over."""
    log, marks = session.log, session.marks
    lintel_failed = log.status == 4 or not (log.status is not None
                                            or session.timed_out)
    if command and marks.code is not None and not lintel_failed:
        return command_verdict(session)
    if session.timed_out:
        return 3, f"{session.timed_out} (TIMEOUT=...)"
    if log.status is None:
        return 4, "the emulator ended and Lintel had not said how"
    if b"Kernel panic - not syncing" in session.console and log.status < 2:
        return 2, "the guest's kernel panicked"
    if command and log.status == 0:
        return 5, "the guest ended before the command did"
    return log.status, log.reason


def tail(title, text, count):
    lines = [line.rstrip() for line in text if line.strip()][-count:]
    if lines:
        sys.stderr.write(f"--- {title}\n")
        sys.stderr.write("".join(f"{line}\n" for line in lines))


def keep(session, directory, status):
    """The full logs, where the README says they are: one folder up. Whichever
    of several runs ends last is what stands there."""
    session.log.finish()
    with open(f"{directory}/console.txt", "wb") as out:
        out.write(session.console)
    with open(f"{directory}/status", "w") as out:
        out.write(f"{status}\n")
    for name in ("console.txt", "log.txt", "status", "emulator.txt",
                 "bochs.txt"):
        if os.path.exists(f"{directory}/{name}"):
            os.replace(f"{directory}/{name}", f"{directory}/../{name}")


def memory_of(plan, files):
    """MiB of the machine that Lintel, the guest and the files fit in."""
    memory = plan.memory + image.size_of(files) + OWN_MEMORY
    if plan.kind == "bochs" and memory > machine.BOCHS_MEMORY * MIB:
        raise Wrong(f"the guest's memory, its disks and files, and Lintel take "
                    f"{-(-memory // MIB)} MiB, and Bochs has "
                    f"{machine.BOCHS_MEMORY} at most: make MEMORY or DISK "
                    "smaller, or use MACHINE=kvm, which has more")
    return -(-memory // MIB)


def pace_of(plan, person):
    """The library that keeps Bochs' time from running ahead, where a person
    is at the console."""
    path = f"{BUILD}/run/pace.so"
    return path if person and plan.kind == "bochs" else ""


def firmware_of(kind):
    return f"{BUILD}/{machine.OVMF_BOCHS}" if kind == "bochs" else machine.OVMF


def start(plan, given, directory, person):
    """The machine, switched on."""
    files = plan.esp()
    disk = f"{directory}/esp.img"
    memory = memory_of(plan, files)
    processors = options.value(given, "PROCESSORS", 1)
    refuse.check(f"{BUILD}/check/lintel-check", files, plan.lines,
                 f"{directory}/check", memory, processors)
    image.make(disk, files)
    return machine.Machine(
        plan.kind, directory, disk, memory, processors, bochs=given["BOCHS"],
        pace=pace_of(plan, person), firmware=firmware_of(plan.kind))


def tell_failure(session, screen, complaints, directory):
    """What the user has not seen of a run that failed."""
    if screen.command or not session.log.started:
        text = bytes(screen.unseen).decode(errors="replace")
        tail("the guest's last lines", text.splitlines(), 15)
    if not screen.shown.count or session.log.status is None:
        tail("Lintel's last lines", screen.shown.rest, 15)
    if session.log.status is None:
        tail("the emulator's last words", complaints, 5)
    sys.stderr.write("--- all of it: console.txt and log.txt in "
                     f"{os.path.dirname(directory)}\n")


def execute(plan, given, directory):
    command = bool(given["RUN"])
    verbose = given["V"] not in ("", "0")
    person = not command and os.isatty(0)
    timeout = options.value(given, "TIMEOUT",
                            RUN_TIMEOUT if command else None)
    booted = start(plan, given, directory, person)
    session = Session(booted, plan.identity, timeout, by_clock=person)
    screen = Screen(session, command, verbose, plan.own_init)
    status, sentence = 4, "the run was broken off"
    try:
        if person:
            sys.stderr.write(f"{plan.kind}; Ctrl-A x ends it, Ctrl-A h shows "
                             "the keys\n")
        screen.run()
        status, sentence = verdict(session, command)
        if command and session.marks.code is not None:
            sys.stderr.write(f"run: exit code {session.marks.code}\n")
    finally:
        complaints = booted.complaints()
        booted.stop()
        keep(session, directory, status)
    if status in (2, 3, 4) and not verbose:
        tell_failure(session, screen, complaints, directory)
    sys.stderr.write(f"lintel: exit {status} {sentence} "
                     f"({booted.seconds():.1f} s)\n")
    return status


def keep_refusal(logs):
    """The status of a run that did not start, in place of an earlier run's
    logs. Where that folder cannot be written, the sentence alone tells."""
    with contextlib.suppress(OSError):
        os.makedirs(logs, exist_ok=True)
        for name in ("console.txt", "log.txt", "emulator.txt", "bochs.txt"):
            if os.path.exists(f"{logs}/{name}"):
                os.remove(f"{logs}/{name}")
        with open(f"{logs}/status", "w") as out:
            out.write("4\n")


def folder_of(logs):
    """This run's own, below the logs'."""
    directory = f"{logs}/{os.getpid()}"
    try:
        os.makedirs(directory, exist_ok=True)
    except OSError as error:
        raise Wrong(f"LOGS={logs}: {error.strerror}") from error
    return directory


def main():
    catch_signals()
    directory = ""
    logs = f"{BUILD}/run"
    try:
        given = options.read(sys.argv[1:], os.environ)
        logs = os.path.abspath(given["LOGS"] or logs)
        plan = Plan(given)
        directory = folder_of(logs)
        return execute(plan, given, directory)
    except (Wrong, ValueError, OSError) as error:
        sys.stderr.write(f"run: {error}\n")
        keep_refusal(logs)
        return 4
    except Ended as ended:
        sys.stderr.write(f"\nrun: ended by {ended}\n")
        return 128 + ended.number
    finally:
        if directory:
            shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
