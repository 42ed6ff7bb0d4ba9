"""A guest's screen on the machine's own, which is Bochs' and read by RFB: the
guest's four quarters in the middle, Lintel's text by Ctrl-A v, the quarters
again, and the text when the guest has ended. And of two guests the one's that
has the keyboard."""

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
    """Thin, of some colours but not the picture's four, above a line of
    status."""
    text = rows[:-16]
    lit = sum(len(row) - row.count(0) for row in text)
    return (not set(b"".join(QUARTERS)) <= set(b"".join(text)) and
            0 < lit < len(text) * len(text[0]) // 5)


class Watch:
    """What must be seen, one after the other, and what is then typed: a list of
    (words for it, function of the screen's rows, keys). `keyboard`: the keys
    are the machine's own keyboard's, not the serial port's."""

    def __init__(self, steps, keyboard=False):
        self.screen = None
        self.steps = steps
        self.keyboard = keyboard

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
            if self.keyboard:
                self.screen.press(keys)
            else:
                booted.type(keys)


    def boot(self, files, **options):
        result = boot(files, timeout=120, watch=self, **options)
        if self.steps:
            last = result.log[-1] if result.log else "nothing"
            raise Failure(f"there was never {self.steps[0][0]}; the viewer: "
                          f"{self.screen.problem}; Lintel's last line: {last}")
        return result


def files_of(loader, *names):
    """An ESP with those entries, each the guest with a screen."""
    _, version = machine.bochs("bochs")
    if version >= machine.RFB_ENDS:
        raise Skip("this Bochs' rfb display has 256 colours only")
    files = {"loader/loader.conf": loader,
             "guests/mb1_screen.elf": f"{BUILD}/guests/mb1_screen.elf"}
    for name in names:
        files[f"loader/entries/{name}.conf"] = entry(name, "mb1_screen.elf")
    for name, (size, seed) in MODULES.items():
        files[f"guests/{name}.dat"] = module(size, seed)
    return files


def guests_screen():
    files = files_of(b"run all\n", "mb1_screen")
    files["guests/spin.bin"] = f"{BUILD}/guests/spin.bin"
    files["loader/entries/spin.conf"] = (b"title spin\nmemory 16M\n"
                                         b"linux /guests/spin.bin\n"
                                         b"timeout 20\n")
    watch = Watch([("the guest's screen", is_picture, b"\x01v"),
                   ("text by Ctrl-A v", is_text, b"\x01v"),
                   ("the guest's screen again", is_picture, b"x"),
                   ("text when it has ended", is_text, b"")],
                  keyboard=True)
    result = watch.boot(files)
    log = result.entry_log("mb1_screen")
    expect("screen 640x400 at 0xf00000" in log,
           f"the log tells of no screen: {log[:300]!r}")
    check_to_the_end(result, "mb1_screen")


def screens_together():
    """The first one's is changed to text, to tell it from the second's."""
    watch = Watch([("the first one's screen", is_picture, b"\x01v"),
                   ("the first one's text", is_text, b"\x01n"),
                   ("the second one's screen", is_picture, b"\x01n"),
                   ("the first one's text again", is_text, b"\x01n"),
                   ("the second one's screen again", is_picture, b"x"),
                   ("the first one's text at last", is_text, b"\x01v"),
                   ("the first one's screen at last", is_picture, b"x")])
    result = watch.boot(files_of(b"run together\n", "one", "two"),
                        processors=2)
    expect(result.entries == {"one": (0, "powered off"),
                              "two": (0, "powered off")},
           f"they ended so: {result.entries}")
