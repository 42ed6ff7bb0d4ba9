#!/usr/bin/python3
"""Runs the boot tests: boot.py [NAME...]; without a name those of `make test`,
which --list names; --long runs the long ones. A line a result: "ok NAME
(seconds, seconds of processor time)", "not ok NAME: what is wrong", "skip NAME:
why". Called by boot.mk."""

import resource
import sys
import time
import traceback

import harness
from cases import BOOTS, LONG, SHORT


def results(boot):
    """A boot is a function: it returns (one result, its own name), raises, or
    yields several (name, problem or None)."""
    name = boot.__name__.replace("_", " ")
    harness.Folder.use(boot.__name__)
    try:
        outcome = boot()
        if outcome is None:
            yield name, None
        else:
            yield from outcome
    except harness.Skip as skip:
        yield name, skip
    except harness.Failure as failure:
        yield name, str(failure)
    except Exception:  # a defect of the test is a failure, not the end
        yield name, traceback.format_exc().strip().replace("\n", " | ")


def processor_seconds():
    """Of the emulators and runners that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main(wanted):
    names = [boot.__name__ for boot in BOOTS]
    if wanted == ["--list"]:
        print("\n".join(names))
        return 0
    names += [boot.__name__ for boot in LONG + SHORT]
    if wanted == ["--long"]:
        wanted = [boot.__name__ for boot in LONG]
    for name in wanted:
        if name not in names:
            sys.exit(f"boot: no {name}; there are {' '.join(names)}")
    failed = False
    for boot in BOOTS + LONG + SHORT:
        if boot.__name__ not in (wanted or names[:len(BOOTS)]):
            continue
        started = time.monotonic()
        used = processor_seconds()
        for name, problem in results(boot):
            if isinstance(problem, harness.Skip):
                line = f"skip {name}: {problem}"
            elif problem:
                failed = True
                line = f"not ok {name}: {problem}"
            else:
                line = (f"ok {name} ({time.monotonic() - started:.1f} s, "
                        f"{processor_seconds() - used:.1f} s)")
            print(line, flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
