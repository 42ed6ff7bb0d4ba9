#!/usr/bin/python3
"""The house rules that a program can check. A line a rule: "ok RULE", or
"not ok RULE: where" with every offender. Called by lint.mk; CC, CFLAGS and
BUILD come from the environment."""

import concurrent.futures
import os
import re
import subprocess
import sys

BUILD = os.environ.get("BUILD", "build")
ROOMS = ("arch", "kernel", "vmm", "virtio")

# Room: what it may include besides itself. A room, or single headers of one.
ARROWS = {
    "vmm": ("arch/", "kernel/", "virtio/"),
    "kernel": ("arch/",),
    "virtio": (),
    # The last two are pure functions that freestanding C lacks.
    "arch": ("kernel/base/panic.h", "kernel/base/log.h", "kernel/base/string.h",
             "kernel/base/format.h"),
}

# What the compiler itself calls.
COMPILER = {"memcpy", "memmove", "memset", "memcmp", "__stack_chk_fail",
            "__stack_chk_guard"}

LINE_MAXIMUM = 80
FILE_MAXIMUM = 500


def tracked(*suffixes, room=None):
    """Files git knows (or would add), in all or one folder."""
    names = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
        + ([room] if room else []),
        check=True, capture_output=True, text=True,
    ).stdout.split("\n")
    return [name for name in names
            if name.endswith(suffixes) and os.path.exists(name)]


def lines_of(name):
    with open(name, encoding="utf-8", errors="replace") as lines:
        return lines.read().split("\n")


def arrows():
    """Includes go along the rooms' arrows."""
    for room in ROOMS:
        allowed = (room + "/",) + ARROWS[room]
        for name in tracked(".c", ".h", room=room):
            for number, line in enumerate(lines_of(name), 1):
                match = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
                if not match or not match[1].startswith(
                    tuple(other + "/" for other in ROOMS)
                ):
                    continue
                if not match[1].startswith(allowed):
                    yield f"{name}:{number} includes {match[1]}"


def syntax(name):
    result = subprocess.run(
        [os.environ.get("CC", "gcc"), *os.environ.get("CFLAGS", "-I.").split(),
         "-Wno-unused", "-fsyntax-only", "-include", name, "-x", "c",
         "/dev/null"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        check=False,
    )
    if result.returncode:
        return f"{name}: {result.stdout.splitlines()[0]}"
    return None


def headers():
    """Each header compiles alone."""
    names = [name for room in ROOMS for name in tracked(".h", room=room)]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        yield from filter(None, pool.map(syntax, names))
    for name in names:
        if "#pragma once" not in "\n".join(lines_of(name)):
            yield f"{name}: no #pragma once"


def layout():
    """clang-format has nothing to change."""
    result = subprocess.run(
        ["clang-format", "--dry-run", "--Werror", *tracked(".c", ".h")],
        stderr=subprocess.PIPE, text=True, check=False,
    )
    seen = set()
    for line in result.stderr.splitlines():
        match = re.match(r"(\S+?:\d+):", line)
        if match and match[1] not in seen:
            seen.add(match[1])
            yield match[1]


def symbols(flag, objects):
    """The names nm lists for `objects`."""
    output = subprocess.run(["nm", flag, *objects], check=True,
                            capture_output=True, text=True).stdout
    return set(re.findall(r"(\S+)$", output, re.M)) - {
        f"{name}:" for name in objects}


def world():
    """virtio/ calls nothing but env.h's functions."""
    with open("virtio/objects.mk", encoding="utf-8") as text:
        names = re.findall(r"\b(\w+)\.o\b", text.read())
    objects = [f"{BUILD}/virtio/{name}.o" for name in names]
    known = set(re.findall(r"\b(env_\w+)\(", "\n".join(
        lines_of("virtio/env.h"))))
    asked = symbols("--undefined-only", objects)
    own = symbols("--defined-only", objects)
    for name in sorted(asked - own - known - COMPILER):
        yield f"virtio/ needs {name}"


def width():
    """No line over 80 columns."""
    for name in tracked(".c", ".h", ".asm", ".inc", ".py", ".sh"):
        for number, line in enumerate(lines_of(name), 1):
            if len(line.expandtabs(4)) > LINE_MAXIMUM:
                yield f"{name}:{number} has {len(line)} columns"


def leftovers():
    """No TODO and the like in the code."""
    for name in tracked(".c", ".h", ".asm", ".inc"):
        for number, line in enumerate(lines_of(name), 1):
            if re.search(r"\b(TODO|FIXME|XXX|HACK)\b", line):
                yield f"{name}:{number}"


def long_files():
    """Not a failure: somebody should look whether each has one subject."""
    for name in tracked(".c", ".h", ".asm", ".py"):
        count = len(lines_of(name)) - 1
        if count > FILE_MAXIMUM:
            yield f"{name} has {count} lines"


RULES = (arrows, headers, layout, world, width, leftovers)


def main():
    failed = False
    for rule in RULES:
        offenders = list(rule())
        name = rule.__name__
        if offenders:
            failed = True
            print(f"not ok lint {name}: " + "; ".join(offenders), flush=True)
        else:
            print(f"ok lint {name}", flush=True)
    for offender in long_files():
        print(f"note: {offender}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
