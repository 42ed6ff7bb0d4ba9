"""What comes out of a run: Lintel's log as it grows, and the guest's console
with the rig's own marks taken out. Called by session.py and test/boot."""

import re

# The firmware clears screens and moves cursors on both serial ports.
ESCAPES = re.compile(rb"\x1b\[[0-9;=?]*[A-Za-z]")
LOG_LINE = re.compile(r"^\[ *\d+\.\d{3}\] ")
# Lintel's first line. From there to the first with a time all lines are its.
BANNER = re.compile(r"^Lintel \S+.* on .*, \d+ processors?, \d+ MiB$")
# vmm/main.c's lines for programs: no time stamp, whatever the log's level.
EXIT = re.compile(r"^lintel: exit ([0-5])\b ?(.*)")
ENTRY_EXIT = re.compile(r"^lintel: entry (\S+): exit ([0-5])\b ?(.*)")
# vmm/main.c's line before it builds an entry's machine: "ID: TITLE, N MiB".
GUEST_STARTS = re.compile(r"^(\S+): .*, \d+ MiB$")
# A report of a broken MUST, as the line for programs tells it.
BROKEN = re.compile(r' json \{.*"type":"clause".*"level":"error"')
DEVICES = re.compile(r"^(devices by .*)$")
# vmm/vm/vm.c's lines before the guest's first instruction.
MACHINE = (
    # The version, without who built it and when.
    (re.compile(r"^kernel (?:([^(]*?)(?: \(.*)?, )?by (.*) at 0x\w+, entry "
                r"0x\w+$"),
     lambda kernel, protocol: f"kernel {kernel or ''}".rstrip()
     + f", started by: {protocol}"),
    (re.compile(r"^(\d+ processors?, \d+ MiB)$"), str),
    (DEVICES, str),
)
# vmm/vm/vm_run.c's first line of what Ctrl-A s asks for.
STATE = re.compile(r"^\S+: up \d+ ms$")


class Log:
    """Lintel's log file, read while it is written."""

    def __init__(self, path):
        self.file = open(path, "rb")
        self.rest = b""
        self.lines = []  # Lintel's lines without time stamp
        self.early = False  # Lintel runs and has no clock yet
        self.status = None
        self.reason = ""
        self.broken = False  # a MUST, by any guest
        self.entries = {}  # id: (status, reason)
        self.started = []  # ids, in order

    def poll(self):
        """Takes what is new; the new lines."""
        before = len(self.lines)
        self.rest += self.file.read()
        *whole, self.rest = self.rest.split(b"\n")
        for raw in whole:
            self.take(raw)
        return self.lines[before:]

    def finish(self):
        """The last line may lack its end."""
        self.poll()
        self.take(self.rest)
        self.rest = b""

    def take(self, raw):
        text = ESCAPES.sub(b"", raw).decode(errors="replace").strip("\r\n")
        if match := ENTRY_EXIT.match(text):
            self.entries[match[1]] = (int(match[2]), match[3])
        elif match := EXIT.match(text):
            self.status, self.reason = int(match[1]), match[2]
        elif LOG_LINE.match(text):
            self.early = False
        elif BANNER.match(text):
            self.early = True
        elif not self.early:
            return  # the firmware's
        text = LOG_LINE.sub("", text)
        self.lines.append(text)
        if match := GUEST_STARTS.match(text):
            self.started.append(match[1])
        if BROKEN.search(text):
            self.broken = True


def of_machine(line):
    """What the guest's machine is, in the words of the terminal; or None."""
    for pattern, words in MACHINE:
        if match := pattern.match(line):
            return words(*match.groups())
    return None


class Shown:
    """Lintel's lines that a user sees unasked: what machine the guest has,
    errors, warnings, the state that was asked for by Ctrl-A s, and the indented
    lines that belong to them."""

    def __init__(self):
        self.opened = False  # what is indented belongs to a line shown
        self.unfinished = False  # more lines follow at once
        self.count = 0  # errors and states
        self.rest = []  # lines not shown, in order

    def choose(self, lines):
        """Those of `lines` that are shown, as they are."""
        chosen = (self.line(line) for line in lines)
        return [text for text in chosen if text is not None]

    def line(self, line):
        if "json {" in line:
            self.opened = False  # for programs; a report's last line
            self.unfinished = False
            return None
        if line.startswith(("error: ", "warning: ")):
            text = line.split(": ", 1)[1]
            self.opened = self.unfinished = True
            self.count += line.startswith("error: ")
            return text if text.startswith(" ") else line
        if line.startswith("  ") and self.opened:
            return line
        self.opened = bool(STATE.match(line))
        self.count += self.opened
        text = line if self.opened else of_machine(line)
        # Of the machine's lines, the one of its devices is the last.
        self.unfinished = text is not None and not DEVICES.match(line)
        if text is None:
            self.rest.append(line)
        return text


class Marks:
    """Takes the lines that ./init writes for us out of the console's bytes.
    `begun`: the session is up; `code`: the command's exit code."""

    def __init__(self, identity):
        self.word = f"run-{identity}: ".encode()
        self.line = re.compile(
            re.escape(self.word) + rb"(begin|exit (\d+)[^\r\n]*)\r*\n"
        )
        self.rest = b""
        self.begun = False
        self.code = None

    def feed(self, data):
        """(bytes outside the session, bytes of the session) of `data`; what
        may be the start of a mark is held back."""
        data = self.rest + data
        parts = {False: b"", True: b""}
        while match := self.line.search(data):
            parts[self.running()] += data[: match.start()]
            if match[1] == b"begin":
                self.begun = True
            else:
                self.code = int(match[2])
            data = data[match.end():]
        keep = len(data) - self.held_back(data)
        self.rest = data[keep:]
        parts[self.running()] += data[:keep]
        return parts[False], parts[True]

    def running(self):
        return self.begun and self.code is None

    def held_back(self, data):
        """How many of the last bytes may belong to a mark."""
        at = data.rfind(self.word)
        if at >= 0 and b"\n" not in data[at:]:
            return len(data) - at
        for length in range(min(len(self.word), len(data)), 0, -1):
            if data.endswith(self.word[:length]):
                return length
        return 0
