"""What comes out of a run: Lintel's log as it grows, and the guest's console
with the rig's own marks taken out. Called by session.py and test/boot."""

import re

# The firmware clears screens and moves cursors on both serial ports.
ESCAPES = re.compile(rb"\x1b\[[0-9;=?]*[A-Za-z]")
LOG_LINE = re.compile(r"^\[ *\d+\.\d{3}\] ")
# vmm/main.c's lines for programs: no time stamp, whatever the log's level.
EXIT = re.compile(r"^lintel: exit ([0-5])\b ?(.*)")
ENTRY_EXIT = re.compile(r"^lintel: entry (\S+): exit ([0-5])\b ?(.*)")
# vmm/main.c's line before it builds an entry's machine: "ID: TITLE, N MiB".
GUEST_STARTS = re.compile(r"^(\S+): .*, \d+ MiB$")


class Log:
    """Lintel's log file, read while it is written."""

    def __init__(self, path):
        self.file = open(path, "rb")
        self.rest = b""
        self.lines = []  # Lintel's lines without time stamp
        self.status = None
        self.reason = ""
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
        elif not LOG_LINE.match(text):
            return  # the firmware's
        text = LOG_LINE.sub("", text)
        self.lines.append(text)
        if match := GUEST_STARTS.match(text):
            self.started.append(match[1])


def worth_showing(lines, state):
    """Which of Lintel's lines a user should see unasked: errors, warnings and
    the indented lines that belong to them. `state` is a dict between calls."""
    shown = []
    for line in lines:
        if line.startswith(("error: ", "warning: ")):
            if " json {" in line:
                continue
            text = line.split(": ", 1)[1]
            state["open"] = True
            shown.append(line if not text.startswith(" ") else text)
        elif line.startswith("  ") and state.get("open"):
            shown.append(line)
        else:
            state["open"] = False
    return shown


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
