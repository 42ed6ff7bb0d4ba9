"""Lintel's refusals, before an emulator starts and in the words of the
user's options. build/check/lintel-check judges, by Lintel's own sources.
Called by run.py for each run, and by usb.py for the stick's image."""

import os
import re
import subprocess

from options import Wrong

ENTRY = "loader/entries/guest.conf"
LOADER = "loader/loader.conf"
# As much of a value as a sentence repeats.
SHOWN = 60
# As much of it as Lintel's own sentences repeat (vmm/config/config_lines.c).
LINTEL_SHOWN = 60


def lay_out(files, directory):
    """Makes the directory of `files` ({name: path, or bytes})."""
    for name, source in files.items():
        path = os.path.join(directory, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if isinstance(source, bytes):
            with open(path, "wb") as out:
                out.write(source)
        else:
            os.symlink(os.path.abspath(source), path)


def judge(program, directory, *arguments):
    """[(name in the directory or "", line or 0, text)] of all that is wrong
    with it."""
    if not os.path.exists(program):
        raise OSError(f"{program} is not there: make builds it")
    result = subprocess.run([program, *arguments, directory],
                            capture_output=True, text=True, check=False,
                            errors="replace")
    if result.returncode not in (0, 1):
        raise OSError(f"{program} failed with {result.returncode}: "
                      f"{result.stderr.strip()}")
    if result.returncode == 0:
        return []
    errors = []
    # The last line counts them. Other characters than "\n" that Python takes
    # for a line's end may be the user's.
    for line in result.stdout.rstrip("\n").split("\n")[:-1]:
        place = re.match(re.escape(directory) + r"/(.*?):(?:(\d+):)? (.*)",
                         line)
        errors.append((place[1], int(place[2] or 0), place[3]) if place
                      else ("", 0, line))
    return errors


def without_key(line, text):
    """Lintel's sentences begin with the key and the value, or one item of it,
    which the user has not written like that."""
    key, _, value = line.partition(" ")
    said = re.match(rf"{key}(?: (.*?))?: (.*)", text)
    if not said:
        return text
    item = said[1] or ""
    if item and item not in value[:LINTEL_SHOWN]:
        return text
    whole = (value, value[:LINTEL_SHOWN], value.split(" ")[0], "")
    return said[2] if item in whole else f"{item}: {said[2]}"


class Words:
    """The user's words for what the entry's lines and files are. `lines`:
    (text, option) each."""

    def __init__(self, files, lines):
        self.files = files
        self.lines = lines

    def source(self, name):
        """The user's path of a file of the ESP; "" for one of the runner's."""
        source = self.files.get(name, "")
        return source if isinstance(source, str) else ""

    def shown(self, line):
        value = line.partition(" ")[2]
        if value.startswith("\\"):
            return self.source(value[1:].split(" ")[0])
        return value if len(value) <= SHOWN else value[:SHOWN - 3] + "..."

    def of_line(self, line, option, text):
        value = self.shown(line)
        name = f"{option}={value}" if value else option
        return f"{name}: {without_key(line, text)}"

    def of_file(self, name, number, text):
        option = next((option for line, option in self.lines
                       if f"\\{name}" in line.split(" ")), name)
        where = f"line {number}: " if number else ""
        return f"{option}={self.source(name)}: {where}{text}"

    def of_loader(self, number, text):
        lines = self.files[LOADER].decode().splitlines()
        if not 0 < number <= len(lines):
            return f"{LOADER}: {text}"
        line = lines[number - 1]
        return self.of_line(line, line.split(" ")[0].upper(), text)

    def of(self, name, number, text):
        if name == ENTRY and 0 < number <= len(self.lines):
            text = self.of_line(*self.lines[number - 1], text)
        elif name == LOADER:
            text = self.of_loader(number, text)
        elif self.source(name):
            text = self.of_file(name, number, text)
        for file in sorted(self.files, key=len, reverse=True):
            if self.source(file):
                text = text.replace(f"\\{file}", self.source(file))
        return text


def check(program, files, lines, directory, memory, processors):
    """Raises Wrong, a line an error, where Lintel would not start `files` on
    a machine of `memory` MiB with so many processors. `lines` are those of
    the entry in `files`; `directory` is made for it."""
    for text, option in lines:
        if "\n" in text:
            raise Wrong(f"{option}: it has more than one line, and an entry's "
                        "value is one")
    lay_out(files, directory)
    errors = judge(program, directory, "--memory", f"{memory}M",
                   "--processors", str(processors))
    words = Words(files, lines)
    if errors:
        raise Wrong("\nrun: ".join(words.of(*error) for error in errors))
