"""Names of files in comments: each is there."""

import fnmatch
import os
import re

from tree import ROOMS, comments

SUFFIXES = (".c", ".h", ".asm", ".inc", ".py", ".mk", ".sh", ".ld", ".md")

# A file, with or without its folder; a folder or file of ours by its path.
BEFORE = r"(?<![\w/.$<{-])"
FILE = re.compile(BEFORE + r"[\w*./-]*[\w*]\."
                  r"(?:c|h|asm|py|mk|md|def|tsv)\b(?![\w/(-]|\.\w)")
PATH = re.compile(BEFORE + "(?:" + "|".join(ROOMS + ("test",)) +
                  r")/[\w*./-]*[\w*]")
# A name that stands for many: ROOM/objects.mk, NAME_fuzz.mk, STEM_type.c.
ANY = re.compile(r"(?:^|/)(?:ROOM|NAME|FOLDER|STEM|vm_device_STEM)(?=[/_.])")
PAPER = re.compile(r"\b(?:DESIGN|STYLE|RIG|HELPERS|NOTES|PLAN|ROADMAP)\b(?!_)")

# What a comment may name that is not ours.
OTHERS = {
    "multiboot2.h": "the specification's",
    "public/elfnote.h": "Xen's",
    "include/linux/build-salt.h": "Linux'",
    "arch/x86/boot/bzImage": "Linux'",
}


class Names:
    """What there is in a tree: files and folders, by path and by name."""

    def __init__(self, tree):
        self.paths = set(tree.names)
        for name in tree.names:
            while "/" in name:
                name = os.path.dirname(name)
                self.paths.add(name)
        self.stems = {os.path.splitext(name)[0] for name in tree.names}
        self.files = {os.path.basename(name) for name in tree.names}

    def there(self, name):
        if name in OTHERS or ANY.search(name) or name.startswith("build/"):
            return True
        if "/" not in name:
            pool = self.files
        else:
            pool = self.paths | self.stems
        if "*" in name:
            return any(fnmatch.fnmatchcase(other, name) for other in pool)
        return name in pool or name.removeprefix("./") in pool

    def beside(self, name, mention):
        """From the folder of the file `name`, as a link of a README has it."""
        return os.path.normpath(os.path.join(os.path.dirname(name),
                                             mention)) in self.paths


def mentioned(comment):
    """Names of files and papers in a comment, each once."""
    found = set(PAPER.findall(comment))
    for match in list(FILE.finditer(comment)) + list(PATH.finditer(comment)):
        found.add(match[0].rstrip("./-"))
    return found


def mentions(tree):
    """A file that a comment names is there."""
    names = Names(tree)
    for name in tree.select(*SUFFIXES, "Makefile"):
        for line, comment in comments(name, tree.text(name)):
            for mention in sorted(mentioned(comment)):
                if PAPER.fullmatch(mention):
                    there = any(file.split(".")[0] == mention
                                for file in names.files)
                else:
                    there = names.there(mention) or (
                        name.endswith(".md") and names.beside(name, mention))
                if not there:
                    yield f"{name}:{line} names {mention}"
