"""The boots, in the order they run: each a function that raises Failure (or
Skip), or yields several results. The longest stand at the front, so that none
is left alone at the end. Called by boot.py.

Debian's kernel goes through the runner, as `make run` does; the rest talks to
an emulator of its own."""

import clauses
import debian
import errors
import features
import formats
import guests
import interactive
import last_run
import multiboot
import processors
import screen
import together

BOOTS = [
    guests.small_guests,
    features.debian_cloud_features,
    debian.debian_generic,
    processors.two_processors,
    processors.posted_interrupts,
    multiboot.multiboot_guests,
    screen.guests_screen,
    screen.screens_together,
    multiboot.xen,
    formats.format_guests,
    formats.real_kernels,
    formats.slow_kernels,
    formats.vmlinux_by_pvh,
    clauses.broken_clauses,
    debian.debian_cloud,
    debian.debian_smp_on_two,
    interactive.interactive,
    debian.make_run,
    debian.endings,
    debian.panic_is_a_crash,
    debian.time_is_right,
    debian.without_acpi,
    debian.power_off_without_acpi,
    debian.memory_beyond_4_gib,
    debian.killed_runner,
    together.machines_together,
    together.together_or_not_at_all,
    together.fair_shares,
    together.reports_beside_a_neighbour,
    errors.bad_entries,
    errors.bad_loader,
    errors.bad_files,
    errors.before_the_first,
    errors.without_vmx,
    errors.one_serial_port,
    errors.stick,
    last_run.last_run,
]

# By `make soak`: too long for `make test`.
LONG = [
    debian.debian_generic_packed,
    debian.debian_smp,
    processors.debian_on_two,
    features.debian_idle_hours,
    features.debian_rings,
    features.debian_generic_features,
]

# By `make check`: what a minute has room for.
SHORT = [
    guests.few_guests,
]
