"""The machines Lintel runs on: Bochs, or QEMU with nested KVM (or, to see the
refusal, QEMU without). Each is started in a directory of its own, with the
guest's console on a pseudo-terminal and Lintel's log in a file. Called by
run.py and test/boot. The settings are those that were found to work."""

import os
import pty
import re
import signal
import subprocess
import termios
import time
import tty

import image
from limits import end_with_parent

OVMF = "/usr/share/ovmf/OVMF.fd"
# The same for Bochs, below build/ (firmware.py).
OVMF_BOCHS = "cache/ovmf-bochs.fd"
# Bochs' processors. With AVX-512 2.7's XRSTOR faults on what its XSAVE
# wrote, and kernels lose their programs' registers at task switches ("Bad FPU
# state detected"): guests with programs get a model without it. The other one
# has the most of VMX.
MODEL = "broadwell_ult"
MODEL_AVX512 = "corei7_skylake_x"
# The most that Debian's Bochs is built for.
PROCESSORS = 8
# MiB that Bochs 2.7 holds in its own memory. It can swap more to a file, and
# then loses what was written last (a return address, seen with 5 GiB).
BOCHS_MEMORY = 2048
# From this version on its rfb display ends the machine when the firmware asks
# for 32 bits a pixel; before, it said so and went on.
RFB_ENDS = (3, 1)

# Without a screen: the firmware has no driver for this card. With one: it has
# for Cirrus', whose picture the rfb display shows in its 256 colours after it
# has said that it cannot. Its viewer must be there before the size changes: so
# many seconds it waits for one.
NO_SCREEN = {"rom": "/usr/share/bochs/VGABIOS-lgpl-latest", "card": "pcivga",
             "patience": 0, "panic": ""}
SCREEN = {"rom": "/usr/share/vgabios/vgabios.cirrus.bin", "card": "cirrus",
          "patience": 300, "panic": ", rfb=report"}

BOCHSRC = """\
plugin_ctrl: unmapped=1, biosdev=1, speaker=0, extfpuirq=1, serial=1, e1000=0
cpu: model={model}, count={cpus}, ips={ips}, \
reset_on_triple_fault=0, ignore_bad_msrs=1
memory: guest={memory}, host={memory}
romimage: file={ovmf}
vgaromimage: file={rom}
vga: extension={vga}, update_freq=1
display_library: rfb, options="timeout={patience}"
pci: enabled=1, chipset=i440fx, slot1={card}
ata0: enabled=1, ioaddr1=0x1f0, ioaddr2=0x3f0, irq=14
ata0-master: type=disk, path={image}, mode=flat, \
cylinders={cylinders}, heads={heads}, spt={sectors}
com1: enabled=1, mode=term, dev={console}
com2: enabled=1, mode=file, dev={log}
log: {directory}/bochs.txt
panic: action=report{panic}
error: action=report
info: action=ignore
debug: action=ignore
clock: sync={sync}
"""

# The instructions of a second of Bochs' own time, and what that has to do with
# a real one. Alone it runs through an idle time as fast as it can. Paced, for a
# person at the console, no second of its own is shorter than a real one
# (pace.c): so many instructions that Bochs seldom gets through them in less,
# and not so many that 50 ms of the PIT take more than arch/tsc.c's POLLS_MAX.
# Several processors share what Bochs gets through, idle or not.
ALONE = 50_000_000
PACED = 100_000_000
PACED_LEAST = 25_000_000


def clock(paced, cpus):
    if not paced:
        return {"ips": ALONE, "sync": "none"}
    return {"ips": max(PACED // cpus, PACED_LEAST), "sync": "slowdown"}


def nested_kvm():
    """None if this machine has usable nested KVM, else what it lacks."""
    try:
        with open("/proc/cpuinfo") as cpuinfo:
            if " vmx" not in cpuinfo.read():
                return "the processor shows no VMX"
        with open("/sys/module/kvm_intel/parameters/nested") as nested:
            if nested.read().strip() not in ("Y", "1"):
                return "kvm_intel's nested parameter is off"
    except OSError:
        return "kvm_intel is not loaded"
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return "/dev/kvm is not ours to open (group kvm?)"
    return None


def program():
    return os.environ.get("BOCHS") or "bochs"


def bochs(command):
    """(how that Bochs is started so that it runs at once, its version)."""
    try:
        said = subprocess.run([command, "--help"], capture_output=True,
                              text=True, check=False)
    except OSError as error:
        raise ValueError(f"BOCHS={command}: {error.strerror}") from error
    text = said.stdout + said.stderr
    version = re.search(r"Bochs x86 Emulator (\d+)\.(\d+)", text)
    if not version:
        raise ValueError(f"BOCHS={command}: its --help names no version")
    # One up to 2.8 that has a debugger stops in it first; later ones have it
    # only if asked.
    stops = "  -rc " in text and "  -debugger " not in text
    return ([command, "-q"] + (["-rc", "bochs.rc"] if stops else []),
            (int(version[1]), int(version[2])))


def choose(wanted):
    """MACHINE=... to a machine's name; ValueError says what is wrong."""
    if wanted == "auto":
        return "bochs" if nested_kvm() else "kvm"
    if wanted == "kvm" and nested_kvm():
        raise ValueError(f"MACHINE=kvm: {nested_kvm()}")
    if wanted not in ("bochs", "kvm", "tcg"):
        raise ValueError(f"MACHINE={wanted}: there are auto, kvm and bochs")
    return wanted


def bound_to_parent():
    """In the child: a process group of its own, so that the terminal's keys
    do not reach it, and an end when the runner ends, whatever ends that."""
    os.setpgid(0, 0)
    end_with_parent(signal.SIGKILL)


class Machine:
    """One emulator process. `console` is the pseudo-terminal's our side, `log`
    the file Lintel's log grows in. `screen`: Bochs has one, to be read by
    RFB on the first port from 5900 on that is free. `pace`: the library built
    from pace.c, for a Bochs whose time must not run ahead of the real one.
    `firmware`: OVMF, or what firmware.py made of it for Bochs. `serial`: QEMU's
    options for one port that console and log share, with {log} for its file.
    `resets`: a reset does not end QEMU."""

    def __init__(self, kind, directory, disk, memory_mib, cpus=1,
                 model=MODEL, bochs="", screen=False, pace="",
                 firmware=OVMF, serial=None, resets=False):
        self.kind = kind
        self.program = bochs or program()
        self.model = model
        self.screen = screen
        self.pace = pace
        self.firmware = firmware
        self.serial = serial
        self.resets = resets
        self.directory = directory
        self.log = os.path.join(directory, "log.txt")
        open(self.log, "wb").close()
        self.console, slave = pty.openpty()
        tty.setraw(slave, termios.TCSANOW)
        name = os.ttyname(slave)
        # Some of these processes open the terminal late; until then this
        # end keeps it alive, so that the first read does not fail.
        self.slave = slave
        command = (self.in_bochs if kind == "bochs" else self.in_qemu)(
            disk, memory_mib, cpus, name
        )
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=open(os.path.join(directory, "emulator.txt"), "wb"),
            stderr=subprocess.STDOUT,
            cwd=directory,
            env=self.environment(),
            preexec_fn=bound_to_parent,
        )

    def environment(self):
        if self.kind != "bochs" or not self.pace:
            return None
        return dict(os.environ, LD_PRELOAD=self.pace)

    def in_bochs(self, disk, memory_mib, cpus, console):
        command, version = bochs(self.program)
        with open(os.path.join(self.directory, "bochs.rc"), "w") as out:
            out.write("c\n")
        configuration = os.path.join(self.directory, "bochsrc")
        with open(configuration, "w") as out:
            out.write(
                BOCHSRC.format(
                    model=self.model,
                    cpus=cpus,
                    memory=memory_mib,
                    ovmf=self.firmware,
                    image=disk,
                    cylinders=image.cylinders(disk),
                    heads=image.HEADS,
                    sectors=image.SECTORS,
                    console=console,
                    log=self.log,
                    directory=self.directory,
                    vga=self.extension(version),
                    **clock(self.pace, cpus),
                    **(SCREEN if self.screen else NO_SCREEN),
                )
            )
        return command + ["-f", configuration]

    def extension(self, version):
        if self.screen:
            return "cirrus"
        return "vbe" if version < RFB_ENDS else "none"

    def in_qemu(self, disk, memory_mib, cpus, console):
        command = ["qemu-system-x86_64", *([] if self.resets else
                                           ["-no-reboot"]), "-display", "none",
                   "-m", str(memory_mib), "-smp", str(cpus), "-nic", "none",
                   "-bios", self.firmware,
                   "-drive", f"file={disk},format=raw,if=virtio",
                   *([word.format(log=self.log) for word in self.serial]
                     if self.serial else
                     ["-serial", console, "-serial", f"file:{self.log}"])]
        if self.kind == "kvm":
            return command + ["-machine", "q35,accel=kvm",
                              "-cpu", "host,+vmx"]
        return command + ["-machine", "q35,accel=tcg", "-cpu", "max"]

    def seconds(self):
        return time.monotonic() - self.started

    def ended(self):
        return self.process.poll() is not None

    def type(self, data):
        """Bytes to the guest's console; what does not fit is waited for."""
        while data and not self.ended():
            try:
                data = data[os.write(self.console, data):]
            except BlockingIOError:
                time.sleep(0.01)

    def complaints(self):
        """What the emulator itself had to say, for when it died."""
        words = []
        for name in ("emulator.txt", "bochs.txt"):
            try:
                with open(os.path.join(self.directory, name),
                          errors="replace") as lines:
                    words += [line.rstrip() for line in lines
                              if self.kind != "bochs" or "PANIC" in line
                              or ">>" in line]
            except OSError:
                pass
        return words[-20:]

    def stop(self):
        """Ends the emulator and everything it started."""
        if not self.ended():
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            self.process.wait()
        for end in (self.console, self.slave):
            if end >= 0:
                os.close(end)
        self.console = self.slave = -1
