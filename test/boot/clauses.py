"""The guest that breaks clauses (test/guests/breaker.asm), an entry a case, all
in one boot: each must be reported by its id, and nothing else. Called by
cases.py and, for the table, by test/clauses/clauses.py."""

import json
import os
import re

from harness import BUILD, ROOT, Failure, boot, expect

SOURCE = os.path.join(ROOT, "test/guests/breaker.asm")
# What some acts break besides: told by another clause at once.
BESIDES = {
    "init-drv-013": {"feat-drv-001"},  # the refusal to go on from
    "lintel-stall-001": {"mmio-txt-004"},  # the notification itself
}


def cases():
    """Ids, in the order of their numbers."""
    with open(SOURCE, encoding="utf-8") as source:
        return re.findall(r'^case "([^"]+)"', source.read(), re.M)


def esp():
    files = {
        "loader/loader.conf": b"run all\n",
        "breaker.bin": f"{BUILD}/guests/breaker.bin",
        "ro.img": bytes(1 << 16),
    }
    for number, name in enumerate(cases()):
        files[f"loader/entries/{name}.conf"] = (
            f"title {name}\nlinux /breaker.bin\noptions {number}\n"
            "memory 16M\ndisk zero:1M\ndisk /ro.img ro\nrng on\ntimeout 30\n"
        ).encode()
    return files


# The fields of a report, as the README lists them.
FIELDS = {"lintel", "type", "vm", "id", "section", "level", "text", "device",
          "queue", "repeat", "summary", "values", "words", "verdict", "at",
          "vcpu", "rip", "bytes", "symbol", "history", "story"}


def check_fields(report):
    """A report has all its fields; one of an access says where it was made."""
    expect(set(report) == FIELDS and report["lintel"] == 2,
           f"fields {sorted(set(report) ^ FIELDS)} of {report['id']}")
    expect(report["history"], f"no history in {report['id']}")
    if report["at"] == "access":
        expect(report["vcpu"] == 0 and report["bytes"]
               and int(report["rip"], 16) > 0, f"no place in {report['id']}")


def reported(log):
    """{id: the reports' levels} of an entry's log."""
    found = {}
    for line in re.findall(r"json (\{.*\})$", log, re.M):
        report = json.loads(line)
        if report["type"] == "clause":
            check_fields(report)
            found.setdefault(report["id"], set()).add(report["level"])
    return found


def check(result, name):
    expect(name in result.entries, "never ended")
    status, reason = result.entries[name]
    found = reported(result.entry_log(name))
    ids = set(found) - BESIDES.get(name, set())
    expect(ids == {name}, f"reported: {sorted(found)}")
    broken = any("error" in levels for levels in found.values())
    expect(status == int(broken), f"exit {status} ({reason})")
    expect(re.search(rf"^case {name}$\n+done$", result.console, re.M),
           "the guest did not get to its end")


def broken_clauses():
    """Yields (name, problem or None)."""
    result = boot(esp(), timeout=400)
    for name in cases():
        try:
            check(result, name)
            yield f"breaks {name}", None
        except Failure as failure:
            yield f"breaks {name}", str(failure)
