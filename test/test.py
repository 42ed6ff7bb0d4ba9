#!/usr/bin/python3
"""`make test`: every test this machine can run, in two lanes at a time (one
has the emulators; the other the host programs, then emulators too), a line a
step as it ends, and as the last line "N passed, N failed, N skipped". Called
by test.mk, which gives the names of the unit tests and fuzz targets in the
environment."""

import os
import re
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "fuzz"))

import corpus  # noqa: E402  (found by the line above)

BUILD = os.environ.get("BUILD", "build")
FUZZ_SECONDS = 5
# A step that takes longer is broken.
STEP_LIMIT = 600
TAIL = 40


class Results:
    """Counts, and the one place that prints."""

    def __init__(self):
        self.lock = threading.Lock()
        self.started = time.monotonic()
        self.passed = self.failed = 0
        self.skipped = []
        self.failures = []

    def line(self, mark, name, detail):
        seconds = time.monotonic() - self.started
        text = f"[{seconds:5.0f} s] {mark:7} {name}"
        print(text + (f": {detail}" if detail else ""), flush=True)

    def add(self, name, passed=0, failed=0, detail="", output=""):
        with self.lock:
            self.passed += passed
            self.failed += failed
            self.line("FAILED" if failed else "ok", name, detail)
            if failed:
                self.failures.append(f"{name}: {detail}"[:600])
                for line in output.splitlines()[-TAIL:]:
                    print(f"          {line}", flush=True)

    def skip(self, name, reason):
        with self.lock:
            self.skipped.append(f"{name}: {reason}")
            self.line("skipped", name, reason)

    def close(self):
        for failure in self.failures:
            print(f"failed: {failure}")
        for skipped in self.skipped:
            print(f"skipped: {skipped}")
        print(f"{self.passed} passed, {self.failed} failed, "
              f"{len(self.skipped)} skipped", flush=True)
        return 1 if self.failed else 0


RESULTS = Results()


def command(*words):
    """(exit status, output) of a program; a hang is a failure."""
    try:
        result = subprocess.run(
            words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, timeout=STEP_LIMIT, check=False,
        )
        return result.returncode, result.stdout.decode(errors="replace")
    except subprocess.TimeoutExpired as expired:
        output = (expired.output or b"").decode(errors="replace")
        return -1, output + f"\nno end after {STEP_LIMIT} s"


def make(*targets):
    return command("make", "-s", "--no-print-directory", *targets)


def build(name, *targets):
    """True if it built."""
    started = time.monotonic()
    status, output = make(*targets)
    detail = f"{time.monotonic() - started:.1f} s"
    if status:
        RESULTS.add(name, failed=1, detail=detail, output=output)
    else:
        RESULTS.add(name, detail=detail)
    return status == 0


def lines_of(name, *words):
    """Runs a program that speaks our lines (ok, not ok, skip, note), and
    counts each as it comes."""
    process = subprocess.Popen(
        words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, errors="replace")
    other = []
    counted = 0
    for line in process.stdout:
        line = line.rstrip("\n")
        if match := re.match(r"ok (.*)$", line):
            RESULTS.add(match[1], passed=1)
        elif match := re.match(r"not ok ([^:]*): (.*)$", line):
            RESULTS.add(match[1], failed=1, detail=match[2])
        elif match := re.match(r"skip ([^:]*): (.*)$", line):
            RESULTS.skip(match[1], match[2])
        elif line.startswith("note: "):
            RESULTS.line("note", line[6:], "")
            continue
        else:
            other.append(line)
            continue
        counted += 1
    process.wait()
    if not counted or process.returncode not in (0, 1, 2):
        RESULTS.add(name, failed=1, detail=f"ended with "
                    f"{process.returncode}", output="\n".join(other))


def unit(name):
    """One program of cmocka tests."""
    program = f"{BUILD}/unit/{name}"
    status, output = make(program)
    if status:
        RESULTS.add(f"unit {name}", failed=1, detail="does not build",
                    output=output)
        return
    started = time.monotonic()
    status, output = command(program)
    seconds = time.monotonic() - started

    def count(word):
        return sum(map(int, re.findall(rf"\[ +{word} +\] (\d+) test",
                                       output)))

    passed, failed = count("PASSED"), count("FAILED")
    if status and not failed:
        failed = 1  # it crashed
    if not status and not passed:
        failed = 1  # it tested nothing
    RESULTS.add(f"unit {name}", passed, failed,
                f"{passed} passed, {failed} failed, {seconds:.1f} s", output)
    for skipped in re.findall(r"\[  SKIPPED \] (\w+)", output):
        RESULTS.skip(f"unit {name}", skipped)


def fuzz(name):
    """A short run from the kept corpus; new finds are not kept."""
    program = f"{BUILD}/fuzz/{name}"
    status, output = make(program)
    if status:
        RESULTS.add(f"fuzz {name}", failed=1, detail="does not build",
                    output=output)
        return
    finds, kept = f"{BUILD}/fuzz/{name}.short", f"{BUILD}/fuzz/{name}.kept"
    os.makedirs(finds, exist_ok=True)
    count = corpus.unpack(f"test/fuzz/corpus/{name}.txt", kept)
    status, output = command(
        program, f"-max_total_time={FUZZ_SECONDS}", "-print_final_stats=1",
        f"-artifact_prefix={BUILD}/fuzz/{name}-", finds, kept)
    runs = re.search(r"number_of_executed_units: (\d+)", output)
    RESULTS.add(f"fuzz {name}", passed=not status, failed=bool(status),
                detail=f"{runs[1] if runs else 0} inputs, from {count} kept",
                output=output)


def clauses():
    """The clause table's own judgement: nothing is unbroken or unexplained."""
    status, output = make("clauses")
    last = output.strip().split("\n")[-1]
    RESULTS.add("clause table", passed=not status, failed=bool(status),
                detail=last, output=output)


class Boots:
    """The boots still to run; either lane takes the next."""

    def __init__(self):
        self.lock = threading.Lock()
        self.ready = threading.Event()
        self.names = []

    def prepare(self):
        if build("guests, kernels, stick", "boot-needs"):
            _, names = command("test/boot/boot.py", "--list")
            self.names = names.split()
        self.ready.set()

    def run(self):
        self.ready.wait()
        while True:
            with self.lock:
                if not self.names:
                    return
                name = self.names.pop(0)
            lines_of(f"boot {name}", "test/boot/boot.py", name)


def host_lane(boots):
    lines_of("lint", "make", "-s", "lint")
    clauses()
    for name in os.environ.get("UNIT_TESTS", "").split():
        unit(name)
    for name in os.environ.get("FUZZ_TARGETS", "").split():
        fuzz(name)
    boots.run()


def emulator_lane(boots):
    boots.prepare()
    boots.run()


def main():
    if build("Lintel", "all"):
        boots = Boots()
        lanes = [threading.Thread(target=lane, args=(boots,))
                 for lane in (host_lane, emulator_lane)]
        for lane in lanes:
            lane.start()
        for lane in lanes:
            lane.join()
    return RESULTS.close()


if __name__ == "__main__":
    sys.exit(main())
