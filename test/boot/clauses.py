"""The guest that breaks clauses (test/guests/breaker.asm and what it includes),
an entry a case, all in one boot: each must be reported by its id, and nothing
else. Called by cases.py; test/clauses/clauses.py reads the same lines."""

import json
import os
import re

from harness import BUILD, ROOT, Failure, boot, expect

GUESTS = os.path.join(ROOT, "test/guests")
# What some acts break besides: told by another clause at once.
BESIDES = {
    "init-drv-013": {"feat-drv-001"},  # the refusal to go on from
    "lintel-stall-001": {"mmio-txt-004"},  # the notification itself
}


# Not to accept what is offered is the breach.
NOT_ACCEPTED = {"resv-drv-006"}


def text_of(name):
    with open(os.path.join(GUESTS, name), encoding="utf-8") as source:
        return source.read()


def cases():
    """{id: the features its driver accepts}, in the order of their numbers."""
    found = {}
    for name in re.findall(r'^%include "(breaker_\w+\.inc)"',
                           text_of("breaker.asm"), re.M):
        found.update(re.findall(r'^case "([^"]+)", [^,]+, \w+, ([^,]+), \d+$',
                                text_of(name), re.M))
    return found


def esp():
    files = {
        "loader/loader.conf": b"run all\n",
        "breaker.bin": f"{BUILD}/guests/breaker.bin",
        "ro.img": bytes(1 << 16),
    }
    for number, (name, accepted) in enumerate(cases().items()):
        split = "PACKED" not in accepted and name not in NOT_ACCEPTED
        files[f"loader/entries/{name}.conf"] = (
            f"title {name}\nlinux /breaker.bin\noptions {number}\n"
            "memory 16M\ndisk zero:1M\ndisk /ro.img ro\nrng on\ntimeout 30\n"
            + ("features -ring_packed\n" if split else "")
        ).encode()
    return files


# The fields of a report, as the README lists them.
FIELDS = {"lintel", "type", "vm", "id", "section", "level", "counts", "text",
          "device", "queue", "repeat", "summary", "values", "words", "verdict",
          "at", "vcpu", "rip", "bytes", "symbol", "history", "story"}


def check_fields(report):
    """A report has all its fields; one of an access says where it was made."""
    expect(set(report) == FIELDS and report["lintel"] == 2,
           f"fields {sorted(set(report) ^ FIELDS)} of {report['id']}")
    expect(report["history"], f"no history in {report['id']}")
    if report["at"] == "access":
        expect(report["vcpu"] == 0 and report["bytes"]
               and int(report["rip"], 16) > 0, f"no place in {report['id']}")


def reported(log):
    """{id: whether a report of it makes the run fail} of an entry's log."""
    found = {}
    for line in re.findall(r"json (\{.*\})$", log, re.M):
        report = json.loads(line)
        if report["type"] == "clause":
            check_fields(report)
            expect(report["counts"] or report["level"] != "error",
                   f"an error that does not count: {report['id']}")
            found[report["id"]] = (found.get(report["id"], False)
                                   or report["counts"])
    return found


def check(result, name):
    expect(name in result.entries, "never ended")
    status, reason = result.entries[name]
    found = reported(result.entry_log(name))
    ids = set(found) - BESIDES.get(name, set())
    expect(ids == {name}, f"reported: {sorted(found)}")
    expect(status == int(any(found.values())), f"exit {status} ({reason})")
    expect(re.search(rf"^case {name}$\n+done$", result.console, re.M),
           "the guest did not get to its end")


def broken_clauses():
    """Yields (name, problem or None)."""
    result = boot(esp(), timeout=900)
    for name in cases():
        try:
            check(result, name)
            yield f"breaks {name}", None
        except Failure as failure:
            yield f"breaks {name}", str(failure)
