"""Boots of Debian's kernels by `make run`'s runner: what a user does with
them."""

import hashlib
import re
import signal
import subprocess
import time

# First: it says where the others are.
from harness import (BUILD, ROOT, RUNNER, Folder, Run, Skip, boot, expect,
                     run_on_several)
import features
import initramfs
import machine
from interactive import emulators, wait_gone
from limits import Ended
from plan import CMDLINE

# What Debian's 6.1 kernel says at warning level or above on this machine, and
# why that is right.
EXPECTED_WARNINGS = (
    "PCI: Fatal: No config space access function",  # there is no PCI
    "PCI: System does not support PCI",
)

ACCEPTANCE = (
    "uname -a; cat /proc/interrupts; cat /proc/iomem; sha256sum /dev/vda; "
    "dd if=/dev/hwrng bs=32 count=4 | xxd; cat /proc/fb; "
    'dmesg | grep -i -E "virtio|tsc|apic"; sleep 2; '
    'echo warnings:; dmesg -r | grep -E "^<[0-4]>"; echo end of warnings'
)


def check_nothing_broken(run):
    expect("violation" not in run.errors and "error: " not in run.errors,
           f"Lintel reports: {run.errors[-600:]}")
    with open(f"{Folder.path}/log.txt", errors="replace") as log:
        summary = re.findall(r"exercised.*, (\d+) broken", log.read())
    expect(summary == ["0"], f"clauses broken: {summary}")


def check_warnings(output):
    part = re.search(r"^warnings:\n(.*?)^end of warnings$", output,
                     re.M | re.S)
    expect(part, "the warnings are missing from the output")
    for line in part[1].splitlines():
        expect(any(known in line for known in EXPECTED_WARNINGS),
               f"a kernel warning: {line}")


def acceptance(**options):
    run = Run(RUN=ACCEPTANCE, **options)
    run.expect_status(0)
    with open(f"{BUILD}/cache/disk.img", "rb") as disk:
        checksum = hashlib.sha256(disk.read()).hexdigest()
    expect(f"{checksum}  /dev/vda" in run.output,
           "the disk's checksum differs from its image's")
    noise = re.findall(r"^[0-9a-f]{8}: ((?:[0-9a-f]{4} ){8})", run.output,
                       re.M)
    expect(len(set(noise)) == 8, f"8 different lines of entropy: {noise}")
    expect(re.search(r"virtio\d", run.output), "no virtio interrupts")
    expect("run: exit code 0" in run.errors, "the exit code was not printed")
    check_nothing_broken(run)
    check_warnings(run.output)
    return run


def debian_cloud():
    run = acceptance(KERNEL="cloud")
    expect(run.seconds < 150, f"took {run.seconds:.0f} s of processor time")


def generic(**options):
    """And by its framebuffer driver it finds the machine's screen."""
    run = acceptance(SCREEN="1024x768", **options)
    expect("\n0 VESA VGA\n" in run.output, "it found no framebuffer")
    expect(re.search(r"^0fd00000-0fffffff : vesafb$", run.output, re.M),
           "its framebuffer is not the end of 256 MiB")


def debian_generic():
    """The ELF file out of its bzImage, at Linux' 64-bit entry, as kernels for
    Firecracker are started."""
    kernel = f"{Folder.path}/vmlinux"
    with open(kernel, "wb") as file:
        file.write(features.elf_of("generic"))
    generic(KERNEL=kernel, MODULES=f"{BUILD}/cache/kernel/generic",
            PROTOCOL="elf")
    with open(f"{Folder.path}/log.txt", errors="replace") as log:
        expect(re.search(r"kernel by plain ELF at 0x1000000(.|\n)*e_entry "
                         r"0x1000000 is in no segment as a virtual address",
                         log.read()), "the log does not tell its entry")


def debian_generic_packed():
    """The bzImage: it takes a minute and a half to unpack itself."""
    generic(KERNEL="generic")


# Each processor reads the disk and prints, all at once; then one goes and comes
# back, and works again. In between their clocks are read in turn: the kernel's
# log has the processor's own.
SMP = r"""
load() {
    for cpu in 0 1 2 3; do
        taskset -c $cpu sh -c "
            head -c 262144 /dev/vda | sha256sum
            dd if=/dev/vda of=/dev/null bs=16k count=48 iflag=direct \
                2>/dev/null || echo dd failed
            dmesg | tail -n 40; echo done on \$(nproc) $cpu" &
    done
    wait
}
nproc
load
for turn in 1 2 3 4 5; do
    for cpu in 0 1 2 3; do
        taskset -c $cpu sh -c "echo turn >/dev/kmsg"
    done
done
cd /sys/devices/system/cpu/cpu3
echo 0 >online; echo now $(cat ../online)
echo 1 >online; echo now $(cat ../online)
load
sleep 2
echo seconds $(date +%s) $(cat /sys/class/rtc/rtc0/since_epoch)
cat /proc/interrupts
dmesg | grep turn$
echo warnings:; dmesg -r | grep -E "^<[0-4]>"; echo end of warnings
"""


def debian_smp():
    """Four vCPUs on one processor."""
    check_smp(Run(RUN=SMP, CPUS="4", TIMEOUT="390"))


def debian_smp_on_two():
    """The same on two."""
    check_smp(run_on_several(RUN=SMP, CPUS="4", PROCESSORS="2",
                             TIMEOUT="390"))


def check_smp(run):
    run.expect_status(0)
    with open(f"{BUILD}/cache/disk.img", "rb") as disk:
        checksum = hashlib.sha256(disk.read(1 << 18)).hexdigest()
    expect(run.output.count(f"{checksum}  -") == 8
           and "dd failed" not in run.output,
           "a processor read the disk wrong")
    for cpu in range(4):
        done = re.findall(rf"^done on 1 {cpu}$", run.output, re.M)
        expect(len(done) == 2, f"CPU {cpu} did its work {len(done)} times")
    expect(re.findall(r"^now (.*)$", run.output, re.M) == ["0-2", "0-3"],
           "CPU 3 did not go and come back")
    shot = re.search(r"^ *CAL:((?: +\d+){4})", run.output, re.M)
    expect(shot and all(int(count) for count in shot[1].split()),
           f"function call interrupts: {shot and shot[1]}")
    check_smp_clocks(run.output)
    check_nothing_broken(run)
    check_warnings(run.output)


def check_smp_clocks(output):
    """One processor's clock is the other's, and the machine's RTC."""
    turns = [float(at) for at in re.findall(r"^\[ *([\d.]+)\] turn$", output,
                                            re.M)]
    # What was printed twice is the same.
    turns = turns[-20:]
    expect(len(turns) == 20 and turns == sorted(turns),
           f"clocks of the processors in turn: {turns}")
    system, rtc = map(int, re.search(r"^seconds (\d+) (\d+)$", output,
                                     re.M).groups())
    expect(abs(system - rtc) <= 1, f"system {system} s, RTC {rtc} s")


CLOCKS = """
head -n 1 /proc/meminfo
cd /sys/devices/system/clocksource/clocksource0
echo clocks: $(cat available_clocksource)
for clock in $(cat current_clocksource) kvm-clock; do
    echo $clock >current_clocksource
    echo clock: $(cat current_clocksource)
    a=$(date +%s); sleep 5; b=$(date +%s)
    echo slept $((b - a))
    cat /sys/class/rtc/rtc0/since_epoch
    date +%s
done
dmesg | grep -i clock
echo warnings:; dmesg -r | grep -E "^<[0-4]>"; echo end of warnings
"""


def time_is_right():
    """Seconds of the guest's clocks, by TSC and by KVM's, and of the machine's
    RTC agree; in a machine with much memory."""
    run = Run(RUN=CLOCKS, MEMORY="1536M")
    run.expect_status(0)
    total = re.search(r"MemTotal: +(\d+) kB", run.output)
    expect(total and int(total[1]) > 1400 * 1024,
           f"the guest sees too little: {run.output!r}")
    output = run.output
    available = re.search(r"^clocks: (.*)$", output, re.M)
    expect(available and {"tsc", "kvm-clock"} <= set(available[1].split()),
           f"clock sources: {output!r}")
    expect(re.findall(r"^clock: (.*)$", output, re.M) == ["tsc", "kvm-clock"],
           f"clock sources used: {output!r}")
    slept = re.findall(r"slept (\d+)", output)
    expect(len(slept) == 2 and set(slept) <= {"5", "6"},
           f"sleep 5: {slept}")
    seconds = [int(line) for line in re.findall(r"^(\d{9,})$", output, re.M)]
    expect(len(seconds) == 4 and abs(seconds[0] - seconds[1]) <= 1
           and abs(seconds[2] - seconds[3]) <= 1,
           f"RTC and system: {seconds}")
    expect("kvm-clock: Using msrs 4b564d01 and 4b564d00" in output,
           "the kernel does not use KVM's clock")
    check_warnings(output)


NO_ACPI = b"""#!/bin/busybox sh
mount -t proc proc /proc
cat /proc/interrupts
grep -c ^processor /proc/cpuinfo
reboot -f
"""


def without_acpi():
    """Nor MP tables, which Debian's kernels do not read: PIC and PIT do, and
    the keyboard controller's reset."""
    archive = initramfs.Archive()
    archive.file("init", NO_ACPI, 0o755)
    with open(f"{Folder.path}/init.cpio", "wb") as out:
        out.write(archive.finish())
    run = Run(CMDLINE="acpi=off earlyprintk=serial,ttyS0,115200 console=ttyS0 "
                      "panic=-1 cryptomgr.notests",
              INITRD=f"{BUILD}/cache/base.cpio {Folder.path}/init.cpio",
              DISK="none", TIMEOUT="120")
    run.expect_status(0)
    for line in (r"^ +0: +\d+ +XT-PIC +timer",
                 r"^ +4: +\d+ +XT-PIC +ttyS0"):
        expect(re.search(line, run.output, re.M),
               f"an interrupt is not there: {run.output[-1500:]!r}")


def power_off_without_acpi():
    """The kernel halts with interrupts off; the command has had its end."""
    run = Run(RUN="echo so far; exit 0", DISK="none", TIMEOUT="120",
              CMDLINE=f"acpi=off {CMDLINE}")
    run.expect_status(0)
    expect(run.output == "so far\n" and
           "the command succeeded; then, guest crashed" in run.errors,
           f"it said {run.output[-300:]!r} {run.errors[-600:]!r}")
    with open(f"{Folder.path}/log.txt", errors="replace") as log:
        expect("HLT with interrupts off" in log.read(), "it did not halt")


def endings():
    """By one emulator: the ways out, each with its status."""
    wanted = {"a-reboot": (0, "reset"), "b-poweroff": (0, "powered off"),
              "c-late": (3, "timed out")}
    files = {"loader/loader.conf": b"run all\n",
             "vmlinuz": f"{BUILD}/cache/kernel/cloud/vmlinuz",
             "base.cpio": f"{BUILD}/cache/base.cpio",
             "modules.cpio": f"{BUILD}/cache/modules-cloud.cpio"}
    for name in wanted:
        command = {"a-reboot": "reboot", "b-poweroff": "poweroff"}.get(name)
        files[f"{name}.cpio"] = initramfs.session(name,
                                                  command or "sleep 1000")
        files[f"loader/entries/{name}.conf"] = (
            f"title {name}\nlinux /vmlinuz\ninitrd /base.cpio\n"
            f"initrd /modules.cpio\ninitrd /{name}.cpio\nmemory 128M\n"
            f"options {CMDLINE}\ntimeout 25\nrng on\n").encode()
    result = boot(files, memory=320, timeout=400, model=machine.MODEL)
    expect(result.entries == wanted, f"ended: {result.entries}")


def panic_is_a_crash():
    run = Run(RUN="echo c >/proc/sysrq-trigger")
    run.expect_status(2)


def make_run():
    """RUN's text reaches the guest's shell as it was typed, and its output
    and exit status come back."""
    text = r"""echo 'a  b' "$HOME" \$x $$ `echo c` # $(echo d)
echo err >&2; exit 7"""
    result = Ended(["make", "-s", "-C", ROOT, "run", f"RUN={text}",
                    f"LOGS={Folder.path}"], 400)
    expect(re.match(r"^a  b / \$x \d+ c\nerr\n$", result.output),
           f"the guest printed {result.output!r}")
    expect(result.status == 2, f"make said {result.status}, not 2")
    expect("run: exit code 7" in result.errors,
           f"the exit code was not printed: {result.errors[-300:]!r}")
    with open(f"{Folder.path}/status") as status:
        expect(status.read() == "5\n", "the status is not 5")


def killed_runner():
    """However the runner ends, no emulator stays."""
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGKILL):
        runner = subprocess.Popen(
            [RUNNER, f"LOGS={Folder.path}"], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 120
        while not emulators() and time.monotonic() < deadline:
            time.sleep(0.1)
        time.sleep(0.5)
        runner.send_signal(number)
        runner.wait()
        wait_gone()


def memory_beyond_4_gib():
    missing = machine.nested_kvm()
    if missing:
        raise Skip(f"Bochs holds 2 GiB, and no nested KVM: {missing}")
    run = Run(MEMORY="5G", MACHINE="kvm", RUN="head -n 1 /proc/meminfo")
    run.expect_status(0)
