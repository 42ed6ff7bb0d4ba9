#!/usr/bin/python3
"""`make test`: every test this machine can run, as many at a time as make has
jobs, a line a step as it ends, and as the last line "N passed, N failed, N
skipped". `make check`: the same without fuzz targets and with one small boot,
for after each edit. Called by test.mk, which gives the names of the unit tests
and fuzz targets in the environment.

  test.py all|check
"""

import os
import re
import signal
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "fuzz"), os.path.join(HERE, "run")]

import corpus  # noqa: E402  (found by the line above)
from limits import Ended, end_with_parent  # noqa: E402

BUILD = os.environ.get("BUILD", "build")
UNIT_TESTS = os.environ.get("UNIT_TESTS", "").split()
FUZZ_TARGETS = os.environ.get("FUZZ_TARGETS", "").split()
FUZZ_SECONDS = 5
# Of processor time. A step that takes longer is broken.
STEP_LIMIT = 600
BUILD_LIMIT = 3600
TAIL = 40
# In the order of their length: so that none is left alone at the end.
LONG_UNITS = ("virtio_wakeup", "virtio", "virtio_exhaustive", "decode",
              "virtio_packed", "virtio_race", "emulate_native")
CHECK_BOOT = "few_guests"
# Boots at the pace of a person: they leave the processors to the others.
WAITING = ("interactive",)


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


def jobs():
    """How many at a time, and make's flags without its own word of that: this
    program's makes are no part of the one that called it."""
    flags = os.environ.get("MAKEFLAGS", "").split()
    given = [flag[2:] for flag in flags if re.fullmatch(r"-j\d+", flag)]
    kept = [flag for flag in flags
            if not re.match(r"-j\d*$|--jobserver|--jobs", flag)]
    return int(given[0]) if given else os.cpu_count(), " ".join(kept)


JOBS, MAKEFLAGS = jobs()
ENVIRONMENT = dict(os.environ, MAKEFLAGS=MAKEFLAGS)


def command(*words, limit=STEP_LIMIT):
    """(exit status, output) of a program; a hang is a failure."""
    ended = Ended(words, limit, merged=True, env=ENVIRONMENT,
                  preexec_fn=end_with_parent)
    if ended.problem:
        return -1, f"{ended.output}\n{ended.problem}"
    return ended.status, ended.output


def make(*targets, limit=STEP_LIMIT):
    return command("make", "-s", "-k", f"-j{JOBS}", "--no-print-directory",
                   *targets, limit=limit)


def build(name, *targets):
    """True if all of it built."""
    started = time.monotonic()
    status, output = make(*targets, limit=BUILD_LIMIT)
    RESULTS.add(name, failed=bool(status),
                detail=f"{time.monotonic() - started:.1f} s", output=output)
    return status == 0


class Programs:
    """The host's programs. All are built first, by all of make's jobs: what
    several are made of is made once. Which of them failed is found by making
    each again."""

    lock = threading.Lock()  # two makes would make the same thing
    missing = False

    @classmethod
    def build(cls, programs):
        started = time.monotonic()
        status, _ = make(*programs, limit=BUILD_LIMIT)
        cls.missing = status != 0
        RESULTS.line("", "host programs",
                     f"{time.monotonic() - started:.1f} s")

    @classmethod
    def there(cls, name, program):
        """False: it does not build, and that has been told."""
        if not cls.missing:
            return True
        with cls.lock:
            status, output = make(program)
        if status:
            RESULTS.add(name, failed=1, detail="does not build", output=output)
        return status == 0


def lines_of(name, *words):
    """Runs a program that speaks our lines (ok, not ok, skip, note), and
    counts each as it comes."""
    process = subprocess.Popen(
        words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, errors="replace",
        env=ENVIRONMENT, preexec_fn=end_with_parent)
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
    if not Programs.there(f"unit {name}", program):
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


def in_python(name):
    """Tests in Python, all of a folder: the runner's own, and the checker's."""
    status, output = make(f"unit-{name}")
    ran = re.search(r"^Ran (\d+) tests? in ([\d.]+)s", output, re.M)
    failed = sum(map(int, re.findall(r"(?:failures|errors)=(\d+)", output)))
    if status and not failed or not ran or ran[1] == "0":
        failed = failed or 1  # it crashed, or tested nothing
    passed = int(ran[1]) - failed if ran else 0
    RESULTS.add(f"unit {name}", max(passed, 0), failed,
                f"{passed} passed, {failed} failed", output)


def fuzz(name):
    """A short run from the kept corpus; new finds are not kept."""
    program = f"{BUILD}/fuzz/{name}"
    if not Programs.there(f"fuzz {name}", program):
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


def lint():
    lines_of("lint", "make", "-s", "--no-print-directory", "lint")


def boot(name):
    lines_of(f"boot {name}", "test/boot/boot.py", name)


def boot_names():
    status, names = command("test/boot/boot.py", "--list")
    if status:
        RESULTS.add("boots", failed=1, detail="no list", output=names)
    return [] if status else names.split()


class Steps:
    """What is still to be done, each a function and its arguments; whoever is
    free takes the next."""

    def __init__(self, steps):
        self.lock = threading.Lock()
        self.steps = list(steps)

    def work(self):
        while True:
            with self.lock:
                if not self.steps:
                    return
                step, *arguments = self.steps.pop(0)
            step(*arguments)

    def run(self, beside=()):
        """`beside`: steps that wait most of the time, as the runner's tests
        do."""
        lanes = [threading.Thread(target=step[0], args=step[1:], daemon=True)
                 for step in [(in_python, "runner"), *beside]]
        lanes += [threading.Thread(target=self.work, daemon=True)
                  for _ in range(JOBS)]
        for lane in lanes:
            lane.start()
        for lane in lanes:
            lane.join()


def program_paths():
    return [f"{BUILD}/check/lintel-check"] + [
        f"{BUILD}/unit/{name}" for name in UNIT_TESTS]


def host_steps():
    first = [name for name in LONG_UNITS if name in UNIT_TESTS]
    rest = [name for name in UNIT_TESTS if name not in first]
    units = [(unit, name) for name in first + rest]
    return units[:len(first)] + [(lint,), (in_python, "checker"),
                                  (clauses,)] + units[len(first):]


def check():
    """The boot first: it is the longest."""
    if build("Lintel and guests", "all", "guests"):
        Programs.build(program_paths())
        Steps([(boot, CHECK_BOOT)] + host_steps()).run()


def everything():
    if build("Lintel", "all"):
        Programs.build(program_paths() + [f"{BUILD}/fuzz/{name}"
                                          for name in FUZZ_TARGETS])
        build("guests, kernels, stick", "boot-needs")
        Steps(host_steps() + [(fuzz, name) for name in FUZZ_TARGETS]
              + [(boot, name) for name in boot_names()
                 if name not in WAITING]).run([(boot, name)
                                               for name in WAITING])


def main(arguments):
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        {"all": everything, "check": check}[arguments[0]]()
    except KeyboardInterrupt:
        RESULTS.close()
        print("broken off", flush=True)
        os._exit(130)  # the lanes end with it, and what they have started
    return RESULTS.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
