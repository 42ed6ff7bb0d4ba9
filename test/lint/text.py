"""What can be seen in the text alone: width, leftovers, length."""

import re

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


def long_files(tree):
    """Not a failure: somebody should look whether each has one subject."""
    for name in tree.select(".c", ".h", ".asm", ".py"):
        count = len(tree.lines(name)) - 1
        if count > FILE_MAXIMUM:
            yield f"{name} has {count} lines"
