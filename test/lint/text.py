"""What can be seen in the text alone: width, leftovers, length."""

import re

from tree import without_comments

# The processor's own names and numbers.
FACTS = ("arch/regs.h", "arch/msr.h", "arch/cpuid.h", "arch/apic_regs.h")

LINE_MAXIMUM = 80
FILE_MAXIMUM = 500


def width(tree):
    """No line over 80 columns."""
    for name in tree.select(".c", ".h", ".asm", ".inc", ".py", ".sh"):
        for number, line in enumerate(tree.lines(name), 1):
            if len(line.expandtabs(4)) > LINE_MAXIMUM:
                yield f"{name}:{number} has {len(line)} columns"


def leftovers(tree):
    """No TODO and the like in the code."""
    for name in tree.select(".c", ".h", ".asm", ".inc"):
        for number, line in enumerate(tree.lines(name), 1):
            if re.search(r"\b(TODO|FIXME|XXX|HACK)\b", line):
                yield f"{name}:{number}"


def once(tree):
    """Headers have #pragma once."""
    for name in tree.product(".h"):
        if "#pragma once" not in tree.text(name):
            yield f"{name}: no #pragma once"


def named(text):
    """(line, name) of the macros and constants that a file defines."""
    for number, line in enumerate(text.split("\n"), 1):
        found = re.match(r"\s*#\s*define\s+(\w+)|\s+([A-Z]\w+)(?: =|,|$)",
                         line)
        if found:
            yield number, found[1] or found[2]


def facts(tree):
    """What the headers of the processor name is defined nowhere else."""
    known = {name: header for header in FACTS if header in tree.names
             for _, name in named(tree.text(header))}
    for file in tree.select(".c", ".h"):
        if file in FACTS:
            continue
        for number, line in enumerate(tree.lines(file), 1):
            found = re.match(r"\s*#\s*define\s+(\w+)|\s+([A-Z]\w+) = ", line)
            name = found and (found[1] or found[2])
            if name in known:
                yield f"{file}:{number} defines {name} of {known[name]}"


def inlines(tree):
    """An inline function of a header is used."""
    used = {}
    for file in tree.select(".c", ".h"):
        for word in re.findall(r"\w+", without_comments(tree.text(file))):
            used[word] = used.get(word, 0) + 1
    for header in tree.product(".h"):
        for name in re.findall(r"^static inline [^;{(]*?\b(\w+)\(",
                               tree.text(header), re.M):
            if used[name] < 2:
                yield f"{header}: nothing uses {name}"


def long_files(tree):
    """Not a failure: somebody should look whether each has one subject."""
    for name in tree.select(".c", ".h", ".asm", ".py"):
        count = len(tree.lines(name)) - 1
        if count > FILE_MAXIMUM:
            yield f"{name} has {count} lines"
