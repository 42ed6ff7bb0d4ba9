"""The boots, in the order they run: each a function that raises Failure (or
Skip), or yields several results. Called by boot.py.

Debian's kernel goes through the runner, as `make run` does; the rest talks to
an emulator of its own."""

from guests import small_guests

BOOTS = [small_guests]
