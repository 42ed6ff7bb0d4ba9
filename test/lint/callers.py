"""Does who is said to call a file call it? Its opening comment names the
callers after "Who calls it:" or "called by"."""

import fnmatch
import os
import re

from rooms import includes
from tree import room_of, without_comments

END = r"\.\s*$|\.\s\s|\.\s[A-Z(]|$"
CLAIM = re.compile(
    rf"Who calls it:\s*(.*?)(?={END})"
    rf"|\b[Cc]alled (?:once )?by\s(.*?)(?=;|{END})", re.S)
FILE = re.compile(r"[\w*/]*[\w*]\.(?:c|asm)\b")
WORDS = {"if", "for", "while", "switch", "return", "sizeof", "defined",
         "format", "struct", "enum", "union", "void", "bool", "char", "int",
         "unsigned"}


def opening(text):
    """The first comment, in one line; "" if the file does not begin so."""
    found = re.match(r"\s*/\*(.*?)\*/", text, re.S)
    if not found:
        return ""
    paragraphs = re.split(r"\n\s*\*?\s*\n", found[1])
    return "\n".join(
        re.sub(r"\s*\n\s*\*?\s*", " ", paragraph).strip() + "  "
        for paragraph in paragraphs)


def claims(text):
    """The files that the opening comment names as callers."""
    for paragraph in opening(text).split("\n"):
        for found in CLAIM.finditer(paragraph):
            yield from FILE.findall(found[1] or found[2] or "")


def resolve(tree, name, near):
    """The files that a name in a comment of `near` means."""
    if "/" in name:
        return [other for other in tree.names
                if fnmatch.fnmatchcase(other, name)]
    beside = [other for other in tree.names
              if room_of(other) == room_of(near)
              and fnmatch.fnmatchcase(os.path.basename(other), name)]
    return beside or [other for other in tree.names
                      if fnmatch.fnmatchcase(os.path.basename(other), name)]


def offered(tree, name):
    """What others can use of a file: what a header declares, and what a
    source defines that is not static."""
    text = without_comments(tree.text(name))
    names = set()
    for line in text.split("\n"):
        if name.endswith(".h"):
            names.update(re.findall(r"\b([a-zA-Z_]\w*)\s*\(", line))
            names.update(re.findall(r"^\s*#\s*define\s+(\w+)", line))
            names.update(re.findall(r"\b(?:struct|enum|union)\s+(\w+)\s*\{",
                                    line))
            names.update(re.findall(r"^typedef .*?\b(\w+);", line))
            names.update(re.findall(r"^    ([A-Z]\w+)(?: =|,|$)", line))
            names.update(re.findall(r"^extern .*?\b(\w+)(?:\[[^]]*\])*;",
                                    line))
        elif re.match(r"[A-Za-z_]", line) and not line.startswith("static"):
            names.update(re.findall(
                r"\b([a-zA-Z_]\w*)(?:\[[^]]*\])*\s*(?:\(|=|;)", line))
    return {one for one in names - WORDS if not one.startswith("__")}


def reached(tree, name, seen):
    """Adds to `seen` the headers that a file includes, and those do."""
    for _, header in includes(tree, name):
        if header not in seen and header in tree.names:
            seen.add(header)
            reached(tree, header, seen)
    return seen


def inlined(text):
    """What the inline functions of a header use."""
    for body in re.findall(r"^static inline [^;{]*\{(.*?)^\}", text,
                           re.S | re.M):
        yield from re.findall(r"\w+", body)


def calls(tree, caller, name, offers):
    """Does the file `caller` use what `name` offers?"""
    if (name.endswith(".h") and caller.endswith(".c")
            and name not in reached(tree, caller, set())):
        return False
    used = set(re.findall(r"\w+", without_comments(tree.text(caller))))
    if name.endswith(".c"):
        for header in reached(tree, caller, set()):
            used.update(inlined(without_comments(tree.text(header))))
    return not offers.isdisjoint(used)


def callers(tree):
    """Who is said to call a file is there, and calls it."""
    for name in tree.product(".c", ".h"):
        for claimed in claims(tree.text(name)):
            found = resolve(tree, claimed, name)
            if not found:
                yield f"{name}: {claimed}, who is said to call it, is not there"
            offers = offered(tree, name)
            for caller in found:
                if caller != name and not calls(tree, caller, name, offers):
                    yield f"{name}: {caller} does not call it"
