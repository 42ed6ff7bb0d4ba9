#!/usr/bin/python3
"""The clause table, from the sources: each clause of virtio/clauses.def, where
it is checked, what the device then does, which host test breaks it and whether
the guest breaker does, or why not; what of the specification is not in that
list, and why; and what the devices themselves are held to, with the tests that
they keep it. `--check` only says which clause nothing checks (part of the
build). Called by clauses.mk."""

import glob
import re
import sys

DEFINITION = re.compile(
    r'^CLAUSE\((\w+), "([^"]+)", (\w+), "([^"]+)",\s*'
    r'((?:"[^"]*"\s*)+)\)', re.M)
NAME = re.compile(r"\bCLAUSE_([A-Z]+_[A-Z]+_\d+)\b")
# A definition at the left margin: a function's or a table's name.
OPENING = re.compile(r"^(?:[a-z_][\w \*]*?)\b(\w+)(\(|\[| = \{)")
# A line that only notes that a clause was looked at is no check of it.
NOTED = re.compile(r"mark_exercised\([^;]*\);")
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
            name, identity, level, section, _ in
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
    for file in sorted(glob.glob("test/unit/virtio/virtio_breaches_*.c")):
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
    return {identity for file in glob.glob("test/guests/breaker_*.inc")
            for identity in re.findall(r'^case "([^"]+)"', text_of(file),
                                       re.M)}


def table(name):
    """[(id, text)] of a file beside this one."""
    lines = text_of(f"test/clauses/{name}").strip().split("\n")
    return [tuple(line.split("\t")) for line in lines[1:]]


def unit_tests():
    """Names of the host tests about virtio that cmocka runs."""
    return {name for file in glob.glob("test/unit/virtio/virtio_*.c")
            for name in re.findall(r"cmocka_unit_test\((\w+)\)",
                                   text_of(file))}


def device_rows():
    """[(id, tests or "- " and why none)] of the devices' own clauses."""
    known = unit_tests()
    for identity, text in table("device.tsv"):
        absent = [word for word in text.split(" ") if word not in known]
        if absent and not text.startswith("- "):
            sys.exit(f"clauses: {identity}: no such test: {' '.join(absent)}")
        yield identity, text


def short(items):
    return items[0] + (f" +{len(items) - 1}" if len(items) > 1 else "")


def rows(clauses, checked, host, guest):
    reasons = {identity: f"no: {why}" for identity, why in
               table("unprovoked.tsv")}
    yield ("clause", "level", "section", "checked in", "verdict", "host test",
           "guest")
    for name, identity, level, section in clauses:
        tests = host.get(name, [])
        verdicts = dict.fromkeys(verdict for _, verdict in tests)
        yield (
            identity, level, section, short(checked.get(name, ["-"])),
            " ".join(filter(None, verdicts)) or "-",
            short([test for test, _ in tests] or ["-"]),
            "yes" if identity in guest else reasons.get(identity, "-"),
        )


def show(lines):
    lines = list(lines)
    widths = [max(map(len, column)) for column in zip(*lines)]
    for line in lines:
        print("  ".join(text.ljust(width) for text, width in
                        zip(line, widths)).rstrip())


def judge(clauses, host, guest):
    """What is wrong with the tables, in sentences."""
    ids = {identity for _, identity, _, _ in clauses}
    explained = {identity for identity, _ in table("unprovoked.tsv")}
    for name, identity, _, _ in clauses:
        if name not in host:
            yield f"no host test breaks {identity}"
        if identity not in guest | explained:
            yield f"no guest breaks {identity}, and nothing says why"
    for identity in guest - ids:
        yield f"a guest breaks {identity}: there is no such clause"
    for identity in explained & guest:
        yield f"a guest breaks {identity}, whatever unprovoked.tsv says"
    for identity, _ in table("elsewhere.tsv"):
        if identity in ids:
            yield f"{identity} is in the list, whatever elsewhere.tsv says"


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
    device = list(device_rows())
    show(rows(clauses, checked, host, guest))
    print("\nof drivers, not in the list:")
    show(table("elsewhere.tsv"))
    print("\nof devices:")
    show(device)
    tested = sum(1 for _, text in device if not text.startswith("- "))
    by_host = sum(1 for name in names if name in host)
    print(f"\ndevice clauses: {len(device)} listed, {tested} tested, "
          f"{len(device) - tested} do not apply")
    print(f"clauses: {len(clauses)} listed, {len(names & checked.keys())} "
          f"checked, {by_host} broken by a host test, "
          f"{len(guest)} broken by a guest")
    wrong = list(judge(clauses, host, guest))
    if wrong:
        sys.exit("clauses: " + "; ".join(wrong))


if __name__ == "__main__":
    main()
