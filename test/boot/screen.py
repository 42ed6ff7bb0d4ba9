"""A guest's screen on the machine's own, which is Bochs' and read by RFB: the
guest's four quarters in the middle, Lintel's text by Ctrl-A v, the quarters
again, and the text when the guest has ended."""

import machine
import rfb
from harness import BUILD, Failure, Skip, boot, check_to_the_end, expect
from multiboot import MODULES, entry, module

WIDTH, HEIGHT = 640, 400
# Red and green above blue and white, as the screen has them.
QUARTERS = (b"\x07", b"\x38", b"\xc0", b"\xff")


def expected(width, height):
    """The rows of a screen of that size."""
    left, top = (width - WIDTH) // 2, (height - HEIGHT) // 2
    black = bytes(width)
    halves = [a * (WIDTH // 2) + b * (WIDTH // 2)
              for a, b in (QUARTERS[:2], QUARTERS[2:])]
    upper, lower = (bytes(left) + half + bytes(width - left - WIDTH)
                    for half in halves)
    return ([black] * top + [upper] * (HEIGHT // 2) + [lower] * (HEIGHT // 2)
            + [black] * (height - top - HEIGHT))


def is_picture(rows):
    return rows == expected(len(rows[0]), len(rows))


def is_text(rows):
    """Thin, of no more than its two colours, and not the picture."""
    colours = set(b"".join(rows))
    lit = sum(len(row) - row.count(0) for row in rows)
    return (1 < len(colours) <= 3 and
            0 < lit < len(rows) * len(rows[0]) // 5)


class Watch:
    """What must be seen, one after the other, and what is then typed."""

    def __init__(self):
        self.screen = None
        self.steps = [("the guest's screen", is_picture, b"\x01v"),
                      ("text by Ctrl-A v", is_text, b"\x01v"),
                      ("the guest's screen again", is_picture, b"x"),
                      ("text when it has ended", is_text, b"")]

    def __call__(self, booted, session):
        if self.screen is None:
            self.screen = rfb.Screen(booted.process.pid)
            self.screen.start()
        if not self.steps or not session.console:
            return
        _, seen, keys = self.steps[0]
        rows = self.screen.picture()
        if rows and seen(rows):
            self.steps.pop(0)
            booted.type(keys)


def guests_screen():
    _, version = machine.bochs("bochs")
    if version >= machine.RFB_ENDS:
        raise Skip("this Bochs' rfb display has 256 colours only")
    files = {"loader/loader.conf": b"run all\n",
             "guests/mb1_screen.elf": f"{BUILD}/guests/mb1_screen.elf",
             "guests/spin.bin": f"{BUILD}/guests/spin.bin",
             "loader/entries/mb1_screen.conf": entry("mb1_screen",
                                                     "mb1_screen.elf"),
             "loader/entries/spin.conf": b"title spin\nmemory 16M\n"
                                         b"linux /guests/spin.bin\n"
                                         b"timeout 20\n"}
    for name, (size, seed) in MODULES.items():
        files[f"guests/{name}.dat"] = module(size, seed)
    watch = Watch()
    result = boot(files, timeout=120, watch=watch)
    if watch.steps:
        last = result.log[-1] if result.log else "nothing"
        raise Failure(f"there was never {watch.steps[0][0]}; the viewer: "
                      f"{watch.screen.problem}; Lintel's last line: {last}")
    log = result.entry_log("mb1_screen")
    expect("screen 640x400 at 0xf00000" in log,
           f"the log tells of no screen: {log[:300]!r}")
    check_to_the_end(result, "mb1_screen")
