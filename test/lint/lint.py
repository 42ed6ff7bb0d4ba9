#!/usr/bin/python3
"""The house rules that a program can check. A line a rule: "ok lint RULE", or
"not ok lint RULE: where" with every offender. The rules' own tests come first
(test_lint.py). Called by test/lint.mk."""

import io
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import callers  # noqa: E402  (found by the line above)
import mentions  # noqa: E402
import rooms  # noqa: E402
import text  # noqa: E402
import tools  # noqa: E402
import tree  # noqa: E402

RULES = (
    rooms.arrows,
    callers.callers,
    mentions.mentions,
    text.width,
    text.leftovers,
    text.once,
    text.facts,
    text.inlines,
    tools.headers,
    tools.layout,
    tools.world,
    tools.exports,
)


def own_tests():
    """Each rule finds an offender."""
    output = io.StringIO()
    suite = unittest.defaultTestLoader.loadTestsFromName("test_lint")
    result = unittest.TextTestRunner(stream=output).run(suite)
    for test, _ in result.failures + result.errors:
        yield str(test)
    if not result.testsRun:
        yield "none ran"


def report(name, offenders):
    """Prints the rule's line. True: it holds."""
    offenders = list(offenders)
    if offenders:
        print(f"not ok lint {name}: " + "; ".join(offenders), flush=True)
    else:
        print(f"ok lint {name}", flush=True)
    return not offenders


def main():
    files = tree.of_git()
    good = report("own tests", own_tests())
    for rule in RULES:
        good = report(rule.__name__, rule(files)) and good
    for offender in text.long_files(files):
        print(f"note: {offender}", flush=True)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
