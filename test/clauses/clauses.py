#!/usr/bin/python3
"""The clause table, from the sources: each clause of virtio/clauses.def, where
it is checked, what the device then does, which host test breaks it and whether
the guest breaker does. `--check` only says which clause nothing checks (part of
the build). Called by clauses.mk."""

import glob
import re
import sys

DEFINITION = re.compile(
    r'^CLAUSE\((\w+), "([^"]+)", (\w+), (\w+), "([^"]+)",\s*'
    r'((?:"[^"]*"\s*)+)\)', re.M)
NAME = re.compile(r"\bCLAUSE_([A-Z]+_[A-Z]+_\d+)\b")
# A definition at the left margin: a function's or a table's name.
OPENING = re.compile(r"^(?:[a-z_][\w \*]*?)\b(\w+)(\(|\[| = \{)")
# A line that only notes that a clause was looked at is no check of it.
NOTED = re.compile(r"breaks\([^;]*, false\);")
# BREACH(test, CLAUSE, ...) and the macros made of it.
BREACH = re.compile(
    r"^    ([A-Z_]+)\((\w+),\s+([A-Z]+_[A-Z]+_\d+)\b(.*?)\),$", re.M | re.S)
MACRO = re.compile(r"^#define ([A-Z_]+)\(.*?\)\s+\\\n((?:.*\\\n)*.*)", re.M)
VERDICTS = ("TAKEN", "IGNORED", "READS_ZERO", "READS_ONES", "FEATURES_REFUSED",
            "QUEUE_REFUSED", "DROPPED", "REQUEST_FAILED", "NEEDS_RESET",
            "WAITS", "NOT_SEEN", "BITS_IGNORED", "NOTIFIED")
VERDICT = re.compile(r"(?:VIRTIO_VERDICT_|\b)(" + "|".join(VERDICTS) + r")\b")


def text_of(name):
    with open(name, encoding="utf-8") as source:
        return source.read()


def definitions():
    """[(C name, id, level, section)], in the list's order."""
    return [(name, identity, level, section) for
            name, identity, _, level, section, _ in
            DEFINITION.findall(text_of("virtio/clauses.def"))]


def checks():
    """{C name: [file:function]}."""
    found = {}
    for file in sorted(glob.glob("virtio/*.c")):
        where = ""
        # A statement of several lines that only notes is one, too.
        source = NOTED.sub("", text_of(file))
        for line in source.split("\n"):
            if match := OPENING.match(line):
                where = match[1]
            for name in NAME.findall(line):
                place = f"{file.removeprefix('virtio/')}:{where}"
                places = found.setdefault(name, [])
                if place not in places:
                    places.append(place)
    return found


def host_tests():
    """{C name: [(test, verdicts)]}, of the tables that virtio_test.c runs under
    each lint."""
    found = {}
    for file in sorted(glob.glob("test/unit/virtio_breaches_*.c")):
        macros, table = text_of(file).split("const struct breach ", 1)
        bodies = dict(MACRO.findall(macros))
        entries = BREACH.findall(table)
        # A macro may name the clause itself.
        for macro, body in bodies.items():
            if clause := re.search(r"BREACH\(name_, ([A-Z_]+\d+)", body):
                entries += [
                    (macro, test, clause[1], "") for test in
                    re.findall(rf"^    {macro}\((\w+)", table, re.M)]
        for macro, test, clause, rest in entries:
            verdicts = VERDICT.findall(rest) or VERDICT.findall(
                bodies.get(macro, ""))
            found.setdefault(clause, []).append(
                (test, "/".join(dict.fromkeys(verdicts)).lower()))
    return found


def guest_tests():
    """Ids the breaker breaks; test/boot/clauses.py proves it."""
    return set(re.findall(r'^case "([^"]+)"',
                          text_of("test/guests/breaker.asm"), re.M))


def elsewhere():
    """[(id, why it is not in the list)]."""
    lines = text_of("test/clauses/elsewhere.tsv").strip().split("\n")
    return [line.split("\t") for line in lines[1:]]


def short(items):
    return items[0] + (f" +{len(items) - 1}" if len(items) > 1 else "")


def rows(clauses, checked, host, guest):
    yield ("clause", "level", "section", "checked in", "verdict", "host test",
           "guest")
    for name, identity, level, section in clauses:
        tests = host.get(name, [])
        verdicts = dict.fromkeys(verdict for _, verdict in tests)
        yield (
            identity, level, section, short(checked.get(name, ["-"])),
            " ".join(filter(None, verdicts)) or "-",
            short([test for test, _ in tests] or ["-"]),
            "yes" if identity in guest else "-",
        )


def show(lines):
    lines = list(lines)
    widths = [max(map(len, column)) for column in zip(*lines)]
    for line in lines:
        print("  ".join(text.ljust(width) for text, width in
                        zip(line, widths)).rstrip())


def main():
    clauses = definitions()
    checked = checks()
    names = {name for name, _, _, _ in clauses}
    missing = [identity for name, identity, _, _ in clauses
               if name not in checked]
    if missing:
        sys.exit(f"clauses: nothing checks {' '.join(missing)}")
    if "--check" in sys.argv:
        return
    host, guest = host_tests(), guest_tests()
    show(rows(clauses, checked, host, guest))
    print("\nnot in the list:")
    show(elsewhere())
    broken = [identity for name, identity, _, _ in clauses if name in host]
    by_guest = guest & {identity for _, identity, _, _ in clauses}
    print(f"\nclauses: {len(clauses)} listed, {len(names & checked.keys())} "
          f"checked, {len(broken)} broken by a host test, "
          f"{len(by_guest)} broken by a guest")
    bad = {identity for _, identity, _, _ in clauses} - set(broken)
    if bad or guest - by_guest:
        sys.exit(f"clauses: no host test breaks {' '.join(sorted(bad))}; "
                 f"no such clause: {' '.join(sorted(guest - by_guest))}")


if __name__ == "__main__":
    main()
