"""The files that the rules look at. A rule takes a Tree, so that its test can
give it one of its own. Used by every module of test/lint."""

import io
import os
import re
import subprocess
import tokenize

ROOMS = ("arch", "kernel", "vmm", "virtio")


class Tree:
    """Texts by name. `names` are the files there are, in order; `read` gives
    the text of one."""

    def __init__(self, names, read):
        self.names = names
        self.read = read
        self.texts = {}

    def text(self, name):
        if name not in self.texts:
            self.texts[name] = self.read(name)
        return self.texts[name]

    def lines(self, name):
        return self.text(name).split("\n")

    def select(self, *suffixes, under=""):
        """The files with one of these endings, in one folder or anywhere."""
        return [name for name in self.names
                if name.endswith(suffixes) and name.startswith(under)]

    def product(self, *suffixes):
        return [name for name in self.select(*suffixes)
                if room_of(name).split("/")[0] in ROOMS]


def of_git():
    """What git knows (or would add), as it is on disk."""
    output = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        check=True, capture_output=True, text=True).stdout
    names = sorted(name for name in set(output.split("\n"))
                   if os.path.isfile(name))
    return Tree(names, _read)


def _read(name):
    with open(name, encoding="utf-8", errors="replace") as file:
        return file.read()


def of_texts(texts):
    """For tests: {name: text}."""
    return Tree(sorted(texts), texts.__getitem__)


def room_of(name):
    """The folder of a file: vmm/vm/vm.c is in vmm/vm."""
    return os.path.dirname(name)


def without_comments(text):
    """C without comments, lines kept."""
    return re.sub(r"/\*.*?\*/", lambda found: "\n" * found[0].count("\n"),
                  text, flags=re.S)


def _c_comments(text):
    for found in re.finditer(r"/\*(.*?)\*/|//([^\n]*)", text, re.S):
        yield text.count("\n", 0, found.start()) + 1, found[0]


def _line_comments(text, mark):
    """What follows `mark`; a run of such lines is one comment."""
    first, words = 0, []
    for number, line in enumerate(text.split("\n"), 1):
        found = re.search(rf"(?:^|\s){mark}(.*)$", line)
        if found:
            first = first or number
            words.append(found[1])
        elif words:
            yield first, "\n".join(words)
            first, words = 0, []
    if words:
        yield first, "\n".join(words)


def _python_comments(text):
    """Comments and the strings that stand alone, which are documentation."""
    previous, depth = None, 0
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            alone = depth == 0 and previous in (
                None, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT)
            if token.type == tokenize.COMMENT or (
                    token.type == tokenize.STRING and alone):
                yield token.start[0], token.string
            if token.type not in (tokenize.COMMENT, tokenize.NL):
                previous = token.type
            if token.type == tokenize.OP:
                depth += (token.string in "([{") - (token.string in ")]}")
    except (tokenize.TokenError, SyntaxError):
        return


def comments(name, text):
    """(line, comment) of a file; of prose, all of it."""
    if name.endswith((".c", ".h")):
        yield from _c_comments(text)
    elif name.endswith((".asm", ".inc")):
        yield from _line_comments(text, ";")
    elif name.endswith(".py"):
        yield from _python_comments(text)
    elif name.endswith((".mk", ".sh", "Makefile", ".ld")):
        yield from _line_comments(text, "#")
        yield from _c_comments(text) if name.endswith(".ld") else ()
    elif name.endswith(".md"):
        yield 1, text
