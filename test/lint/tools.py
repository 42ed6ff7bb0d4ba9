"""What the compiler, clang-format and nm say. CC, CFLAGS, BUILD and OBJECTS
(the product's, below BUILD) come from the environment."""

import concurrent.futures
import os
import re
import subprocess

BUILD = os.environ.get("BUILD", "build")

# What the compiler itself calls.
COMPILER = {"memcpy", "memmove", "memset", "memcmp", "__stack_chk_fail",
            "__stack_chk_guard"}

# What nothing of ours calls: the firmware does, and strlen() is the compiler's
# as the above are.
ENTRIES = COMPILER | {"efi_main", "strlen"}

# What only tests use beside its own file, and why it stays. The invariants,
# whose names end in _valid, are theirs too.
TESTED = {
    "acpi_pm_power_button": "a pin that nothing of the machine drives",
    "apic_bus_nmi": "a pin that nothing of the machine drives",
    "pic_output": "the pin that the bus is told of when it changes",
    "msr_table": "the order of its rows is tested",
    "msr_table_count": "the order of its rows is tested",
    "console_send_held": "what the task does that a test cannot run",
    "virtio_block_resize": "a change that a driver must notice",
    "virtio_console_resize": "a change that a driver must notice",
}


def syntax(name):
    """Where a header does not compile alone; None: it does."""
    result = subprocess.run(
        [os.environ.get("CC", "gcc"), *os.environ.get("CFLAGS", "-I.").split(),
         "-Wno-unused", "-fsyntax-only", "-include", name, "-x", "c",
         "/dev/null"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        check=False,
    )
    if result.returncode:
        return f"{name}: {result.stdout.splitlines()[0]}"
    return None


def headers(tree):
    """Each header compiles alone."""
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        yield from filter(None, pool.map(syntax, tree.product(".h")))


def layout(tree):
    """clang-format has nothing to change."""
    result = subprocess.run(
        ["clang-format", "--dry-run", "--Werror", *tree.select(".c", ".h")],
        stderr=subprocess.PIPE, text=True, check=False,
    )
    seen = set()
    for line in result.stderr.splitlines():
        match = re.match(r"(\S+?:\d+):", line)
        if match and match[1] not in seen:
            seen.add(match[1])
            yield match[1]


def symbols(path):
    """(defined, undefined) global names of an object file."""
    output = subprocess.run(["nm", "--extern-only", path], check=True,
                            capture_output=True, text=True).stdout
    defined, undefined = set(), set()
    for line in output.splitlines():
        *_, kind, name = line.split()
        (undefined if kind == "U" else defined).add(name)
    return defined, undefined


def objects():
    """{object: (defined, undefined)} of the product."""
    return {name: symbols(f"{BUILD}/{name}")
            for name in os.environ.get("OBJECTS", "").split()}


def asked(found, known):
    """What virtio/ needs of others beside `known`."""
    inside = [pair for name, pair in found.items()
              if name.startswith("virtio/")]
    own = set().union(*(defined for defined, _ in inside))
    needs = set().union(*(undefined for _, undefined in inside))
    return sorted(needs - own - known - COMPILER)


def world(tree):
    """virtio/ calls nothing but the env_ functions of its headers."""
    known = {name for header in tree.select(".h", under="virtio/")
             for name in re.findall(r"^\w.*\b(env_\w+)\(",
                                    tree.text(header), re.M)}
    for name in asked(objects(), known):
        yield f"virtio/ needs {name}"


def uncalled(found, tested):
    """(object, name) of what no other object uses, nor a test that may."""
    used = {}
    for name, (_, undefined) in found.items():
        for symbol in undefined:
            used.setdefault(symbol, set()).add(name)
    for name, (defined, _) in sorted(found.items()):
        for symbol in sorted(defined - ENTRIES):
            allowed = symbol in TESTED or symbol.endswith("_valid")
            if not used.get(symbol) and not (allowed and symbol in tested):
                yield name, symbol


def exports(tree):
    """What is exported is used by another file; else it is static, or goes."""
    found = objects()
    tested = set()
    for name in tree.select(".c", ".h", under="test/"):
        tested.update(re.findall(r"\w+", tree.text(name)))
    for name, symbol in uncalled(found, tested):
        yield f"{name} exports {symbol}, which no other file uses"
    defined = set().union(set(), *(pair[0] for pair in found.values()))
    for symbol in sorted(set(TESTED) - defined):
        yield f"tools.py lists {symbol}, which is gone"
